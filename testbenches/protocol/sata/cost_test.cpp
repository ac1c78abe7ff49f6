// SPDX-License-Identifier: MIT
// What a frame without errors may cost the simulation: no event and no allocation.
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "bench.hpp"

namespace {
std::size_t allocations = 0;
}
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc{};
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace ahcisim::sata::testing {
namespace {

struct Sink : sc_core::sc_module {
  explicit Sink(const sc_core::sc_module_name& name) : sc_module{name} { socket.on_nb_transport_fw<&Sink::take>(this); }
  ::tlm::tlm_sync_enum take(wire::Frame&, ::tlm::tlm_phase&, sc_core::sc_time&) {
    ++taken;
    return ::tlm::TLM_COMPLETED;
  }
  wire::FrameTargetSocket socket{"socket"};
  unsigned taken = 0;
};

TEST(SataCost, AFrameNeedsNoEventAndNoAllocation) {
  kit::Context context;
  LinkParameters parameters;
  parameters.set("bit_error_rate", "1e-15x");  // counted, but not met here
  Link link{"link", context, parameters};
  HostEnd host{"host", context};
  Sink device{"device"};
  host.socket.bind(link.host);
  link.device.bind(device.socket);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  host.signal(wire::SATA_RELEASE, 0_ps);
  sc_core::sc_start(1, sc_core::SC_MS);
  ASSERT_EQ(link.generation(), 3u);
  const std::uint64_t events = context.calendar.events();
  std::size_t before = 0;
  Duration when = context.calendar.now();
  for (int i = 0; i < 1000; ++i) {
    if (i == 1) before = allocations;  // the first booking makes room for the others
    wire::Frame frame = frame_of(wire::FisType::register_h2d, 20);
    when = host.send(frame, when);
  }
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(context.calendar.events(), events);
  EXPECT_EQ(context.calendar.pending(), 0u);
  EXPECT_EQ(device.taken, 1001u);  // with SATA_PHYRDY
}

}  // namespace
}  // namespace ahcisim::sata::testing
