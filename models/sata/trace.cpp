// SPDX-License-Identifier: MIT
// Shows a frame to an observer dword by dword, each at the time it leaves its sender.
#include <ahcisim/models/sata/link.hpp>

namespace ahcisim::sata {

/// `hold` is what the receiver's HOLD took. HOLD of either side is shown before the last dword of the FIS.
void Link::trace(Direction direction, const wire::Frame& frame, const Booked& booked, kit::Duration hold, wire::Verdict verdict) {
  kit::Duration origin = booked.begin;
  const auto put = [&](Direction from, std::int64_t dwords, std::uint32_t dword, bool primitive) {
    const std::uint64_t line = encode_dword(dword, primitive, disparity_[static_cast<unsigned>(from)]);
    observer_->dword(from, origin + timing_.dwords(dwords), {dword, primitive}, line);
  };
  const auto primitive = [&](Direction from, std::int64_t dwords, Primitive which) {
    put(from, dwords, static_cast<std::uint32_t>(which), true);
  };
  const Direction answer = opposite(direction);
  const std::int64_t pass = parameters_.pipeline(), ready = pass + parameters_.ready_delay();
  primitive(direction, 0, Primitive::x_rdy);
  primitive(answer, ready, Primitive::r_rdy);
  std::int64_t at = ready + pass;
  // Two ALIGN after every align_period - 2 other dwords; the times of the others are stretched by them already.
  const std::int64_t between = parameters_.align_period() - 2;
  std::int64_t since = 0;
  const std::vector<LineDword> image = image_of(frame);
  for (std::size_t i = 0; i < image.size(); ++i) {
    if (since == between) {
      primitive(direction, at, Primitive::align);
      primitive(direction, at, Primitive::align);
      since = 0;
    }
    if (i + 3 == image.size() && booked.stall > kit::Duration{}) {
      primitive(direction, at, Primitive::hold);
      primitive(answer, at + pass, Primitive::holda);
      origin += booked.stall;
    }
    if (i + 3 == image.size() && hold > kit::Duration{}) {
      primitive(answer, at - pass, Primitive::hold);
      primitive(direction, at, Primitive::holda);
      origin += hold;
      primitive(answer, at - pass, Primitive::r_ip);
    }
    put(direction, at++, image[i].dword, image[i].primitive);
    ++since;
  }
  primitive(direction, at, Primitive::wtrm);
  const std::int64_t checked = at + pass + parameters_.check_delay();
  primitive(answer, checked, verdict == wire::Verdict::r_ok    ? Primitive::r_ok
                             : verdict == wire::Verdict::r_err ? Primitive::r_err
                                                               : Primitive::sync);
  primitive(direction, checked + pass, Primitive::sync);
}

}  // namespace ahcisim::sata
