// SPDX-License-Identifier: MIT
// A drive's mechanics and command packets without a device, and a disc whose blocks can be told apart.
#pragma once

#include <initializer_list>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/disk/optical/disc.hpp>
#include <ahcisim/models/disk/optical/mechanism.hpp>
#include <ahcisim/models/disk/optical/packet_commands.hpp>
#include <ahcisim/models/disk/store/sparse_store.hpp>

namespace ahcisim::disk::optical {

using kit::Duration;

inline std::uint8_t disc_byte(std::uint64_t at) { return static_cast<std::uint8_t>(at * 11 + at / 2048 * 3 + at / 524288); }

/// A disc of `blocks`, the first `filled` of which have content.
inline std::unique_ptr<Store> make_disc(std::uint64_t blocks, std::uint32_t filled = 0) {
  auto disc = std::make_unique<SparseStore>(blocks * sectors_per_block);
  std::vector<std::uint8_t> content(std::size_t{filled} * block_bytes);
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = disc_byte(i);
  if (filled != 0) disc->write(0, filled * sectors_per_block, content.data());
  return disc;
}

class Drive : private MechanismClient {
 public:
  explicit Drive(std::unique_ptr<Store> disc = make_disc(100'000), const char* rotation = "cav") : parameters{rotation} {
    mechanism.place(std::move(disc));
    mechanism.power_on(now);
    commands.reset();
  }
  /// Until nothing moves any more.
  void settle() {
    while (mechanism.next_change() != Duration::never()) {
      now = kit::max(now, mechanism.next_change());
      mechanism.advance(now);
    }
  }
  /// Ready, and every unit attention told.
  void make_ready() {
    settle();
    packet({0x00});
    packet({0x00});
  }
  Outcome packet(std::initializer_list<std::uint8_t> bytes) {
    Packet p;
    std::copy(bytes.begin(), bytes.end(), p.bytes.begin());
    last = commands.execute(p, now);
    return last;
  }
  /// The data of the last reply.
  std::vector<std::uint8_t> data() const {
    if (last.kind != Outcome::Kind::reply) return {};
    return {commands.reply(), commands.reply() + last.bytes};
  }
  std::vector<std::uint8_t> reply(std::initializer_list<std::uint8_t> bytes) {
    EXPECT_TRUE(packet(bytes).sense.good());
    return data();
  }
  Sense sense(std::initializer_list<std::uint8_t> bytes) { return packet(bytes).sense; }
  /// What REQUEST SENSE tells.
  Sense requested() {
    const std::vector<std::uint8_t> d = reply({0x03, 0, 0, 0, 18});
    return {d[2], d[12], d[13]};
  }

  struct Parameters : OpticalParameters {
    explicit Parameters(const char* turning) { rotation.set_text(turning); }
  };
  Parameters parameters;
  Mechanism mechanism{parameters, *this};
  PacketCommands commands{parameters, mechanism};
  Duration now;
  Outcome last;
  unsigned moves = 0;

 private:
  void disc_ready() override { commands.disc_ready(); }
  void disc_leaves() override { commands.disc_leaves(); }
  void tray_is_out(Duration) override {}
  void moved(Duration) override { ++moves; }
};

inline std::ostream& operator<<(std::ostream& out, const Sense& s) {
  return out << std::hex << unsigned{s.key} << '/' << unsigned{s.asc} << '/' << unsigned{s.ascq} << std::dec;
}

}  // namespace ahcisim::disk::optical
