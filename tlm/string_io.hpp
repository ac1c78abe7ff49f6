// SPDX-License-Identifier: MIT
// A generic-payload extension for string instructions at one I/O port (REP INS, REP OUTS): a payload whose streaming
// width is smaller than its length is that many accesses of the same port. Ignorable.
#pragma once

#include <cstdint>

#include <tlm>

namespace ahcisim::wire {

struct StringIo : ::tlm::tlm_extension<StringIo> {
  std::int64_t element_ps =
      0;  ///< the requester cannot begin one element sooner than this after the one before; 0 = no limit
  ::tlm::tlm_extension_base* clone() const override { return new StringIo{*this}; }
  void copy_from(const ::tlm::tlm_extension_base& other) override {
    element_ps = static_cast<const StringIo&>(other).element_ps;
  }
};

}  // namespace ahcisim::wire
