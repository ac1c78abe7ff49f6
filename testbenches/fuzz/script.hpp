// SPDX-License-Identifier: MIT
// An input of the fuzzer as a row of steps. Any bytes are an input.
//
// Each step begins with a byte that tells its kind (the low three bits). seeds.py writes the same.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace ahcisim::fuzz {

struct Step {
  enum class Kind : std::uint8_t { write, read, poke, run, message, configuration, bytes, bell };
  Kind kind{};
  std::uint8_t region = 0;    ///< write, read: 4 or 5
  std::uint16_t offset = 0;   ///< write, read, poke, configuration
  std::uint8_t width = 4;     ///< write, read, configuration: bytes of the access
  std::uint32_t value = 0;    ///< write, configuration; bell: the port's PxCI
  std::uint16_t command = 0;  ///< message
  std::uint8_t flags = 0;     ///< message: of the header; bit 7: a descriptor comes along
  const std::uint8_t* data = nullptr;  ///< poke, message, bytes
  std::size_t length = 0;
  unsigned slices = 0;        ///< run: of simulated time
};

class Script {
 public:
  Script(const std::uint8_t* data, std::size_t size) : at_{data}, left_{size} {}

  /// False at the end, and for a last step that is cut.
  bool next(Step& step) {
    step = Step{};
    std::uint8_t kind = 0;
    if (!take(kind)) return false;
    step.kind = static_cast<Step::Kind>(kind & 7);
    const std::uint8_t more = kind >> 3;
    switch (step.kind) {
      case Step::Kind::write: return target(step, more) && take(step.value);
      case Step::Kind::read: return target(step, more);
      case Step::Kind::poke: return take(step.offset) && block(step);
      case Step::Kind::run: return step.slices = 1 + more % 8, true;
      case Step::Kind::message: return take(step.command) && take(step.flags) && block(step);
      case Step::Kind::configuration: return step.width = width(more), take(step.offset) && take(step.value);
      case Step::Kind::bytes: return block(step);
      case Step::Kind::bell: return step.offset = more % 8, step.slices = 1, take(step.value);
    }
    return false;
  }

 private:
  static std::uint8_t width(std::uint8_t more) { return static_cast<std::uint8_t>(more & 4 ? 1u << (more >> 3 & 3) : 4); }
  bool target(Step& step, std::uint8_t more) {
    step.region = more & 1 ? 4 : 5;
    step.width = width(more);
    return take(step.offset);
  }
  bool block(Step& step) {
    std::uint8_t length = 0;
    if (!take(length)) return false;
    step.data = at_;
    step.length = std::min<std::size_t>(length, left_);
    at_ += step.length;
    left_ -= step.length;
    return true;
  }
  template <class T> bool take(T& value) {
    if (left_ < sizeof value) return false;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    left_ -= sizeof value;
    return true;
  }
  const std::uint8_t* at_;
  std::size_t left_;
};

}  // namespace ahcisim::fuzz
