// SPDX-License-Identifier: MIT
// What a guest must not do to an exit bus: odd accesses, nobody there, commands thrown away half done.
#include <support/measure/apart.hpp>

#include "bench.hpp"

namespace ahcisim::host {
namespace {

struct Answer {
  tlm::tlm_response_status status;
  std::uint32_t value;
};
Answer access(Bench& bench, tlm::tlm_command command, std::uint64_t address, unsigned bytes, unsigned width, std::uint8_t* data) {
  tlm::tlm_generic_payload payload;
  payload.set_command(command);
  payload.set_address(address);
  payload.set_data_ptr(data);
  payload.set_data_length(bytes);
  payload.set_streaming_width(width);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  sc_core::sc_time delay = bench.context.calendar.annotate(bench.context.calendar.now());
  bench.driver->cpu->b_transport(payload, delay);
  return {payload.get_response_status(), wire::load_le32(data)};
}

TEST(Hostile, AccessesNobodyClaimsReadAllOnes) {
  Bench bench;
  bench.boot();
  std::uint8_t data[8192] = {};
  const auto read = [&](std::uint64_t address, unsigned bytes) { return access(bench, tlm::TLM_READ_COMMAND, address, bytes, bytes, data); };
  EXPECT_EQ(read(0xDFFF0000, 4).value, ~0u);
  EXPECT_EQ(read(bench.bus->io_address(0x1f0), 4).value, ~0u);
  EXPECT_EQ(read(0xE0000000 + (std::uint64_t{7} << 20), 4).value, ~0u);  // a bus that is not there
  EXPECT_EQ(read(bench.bus->configuration_address(2), 4).value, ~0u);    // across a dword
  EXPECT_EQ(read(0xfee00030, 4).value, 0u);                              // the interrupt controller is the kernel's
  EXPECT_EQ(read(0x1000, 4).status, tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(read(0xC0000000, 0).status, tlm::TLM_BURST_ERROR_RESPONSE);
  EXPECT_EQ(read(0xC0000000, 8192).status, tlm::TLM_BURST_ERROR_RESPONSE);
  EXPECT_EQ(access(bench, tlm::TLM_READ_COMMAND, 0xC0000000, 8, 4, data).status, tlm::TLM_BURST_ERROR_RESPONSE);  // strings are for ports
  EXPECT_EQ(access(bench, tlm::TLM_READ_COMMAND, bench.bus->io_address(0x1f0), 9, 2, data).status, tlm::TLM_BURST_ERROR_RESPONSE);
  EXPECT_EQ(access(bench, tlm::TLM_READ_COMMAND, bench.bus->io_address(0x1f0), 12, 3, data).status, tlm::TLM_BURST_ERROR_RESPONSE);
  bench.submit(Op::read, 0, 8);
  bench.run();
  EXPECT_EQ(bench.done.size(), 1u) << "the driver does not notice";
}

/// 4 KiB by words: one exit for a page, or one for each word.
TEST(Hostile, StringsCostAnExitForEachBatch) {
  Bench bench{"kvm-2012"};
  bench.boot();
  std::vector<std::uint8_t> data(10000);
  const std::uint64_t before = bench.bus->statistics().exits_user.value();
  access(bench, tlm::TLM_READ_COMMAND, bench.bus->io_address(0x1f0), 10000, 2, data.data());
  EXPECT_EQ(bench.bus->statistics().exits_user.value() - before, 3u);
  EXPECT_EQ(bench.bus->statistics().string_elements.value(), 5000u);
  EXPECT_EQ(data, std::vector<std::uint8_t>(10000, 0xff));
  bench.costs.string_batch.set(kit::Bytes{0});
  access(bench, tlm::TLM_READ_COMMAND, bench.bus->io_address(0x1f0), 512, 2, data.data());
  EXPECT_EQ(bench.bus->statistics().exits_user.value() - before, 3u + 256u);
}

/// A function that takes no strings is accessed for each element: DATA shows what INDEX names, here CAP, every time.
TEST(Hostile, StringsAtAPortThatTakesNone) {
  Bench bench;
  bench.boot();
  std::uint8_t word[4] = {}, data[12] = {};
  const auto configuration = [&](unsigned offset) {
    return access(bench, tlm::TLM_READ_COMMAND, bench.bus->configuration_address(offset), 4, 4, word).value;
  };
  wire::store_le32(word, configuration(4) | 1);  // I/O Space Enable
  access(bench, tlm::TLM_WRITE_COMMAND, bench.bus->configuration_address(4), 4, 4, word);
  wire::store_le32(word, 0xc000);
  access(bench, tlm::TLM_WRITE_COMMAND, bench.bus->configuration_address(0x20), 4, 4, word);
  const std::uint64_t index = bench.bus->io_address((configuration(0x20) & ~3u) + 0x10);  // AHCI 1.3.1, 10.14
  wire::store_le32(word, 0);
  access(bench, tlm::TLM_WRITE_COMMAND, index, 4, 4, word);
  const std::uint32_t cap = access(bench, tlm::TLM_READ_COMMAND, index + 4, 4, 4, word).value;
  ASSERT_NE(cap, 0u);
  ASSERT_NE(cap, ~0u);
  access(bench, tlm::TLM_READ_COMMAND, index + 4, 12, 4, data);
  for (unsigned i = 0; i < 3; ++i) EXPECT_EQ(wire::load_le32(data + 4 * i), cap) << i;
}

/// Resets the function with commands under way, again and again.
TEST(Hostile, CommandsThatAreThrownAwayLeaveNothingBehind) {
  Bench bench;
  bench.file.time_of_device = kit::Duration::from_us(300);
  bench.boot();
  for (unsigned round = 0; round < 50; ++round) {
    for (unsigned i = 0; i < 8; ++i) bench.submit(i % 2 ? Op::read : Op::write, 8 * i, 8);
    sc_core::sc_start(sc_core::sc_time(20 + 3 * round, sc_core::SC_US));
    bench.hba->reset();
    bench.run();
  }
  EXPECT_EQ(bench.done.size(), 50u * 8);
  EXPECT_EQ(bench.file.outstanding, 0u);
}

struct Outcome {
  std::uint64_t print, events;
  std::int64_t end;
};

TEST(KernelSteps, ChangeNothing) {
  for (const char* table : {"kvm-2012", "tcg"}) {
    const auto run = [table](bool steps) {
      return measure::apart([table, steps] {
        Bench bench{table, "writethrough"};
        bench.context.calendar.set_kernel_steps(steps);
        bench.boot();
        Outcome outcome{14695981039346656037u, 0, 0};
        unsigned submitted = 0;
        bench.again = [&](Request& request, kit::Duration at) {
          if (++submitted < 500) {
            Request& next = bench.requests.emplace_back();
            next.op = request.tag.id % 3 ? Op::read : Op::write;
            next.lba = submitted * 64, next.sectors = 8 + submitted % 5 * 8, next.owner = &bench;
            next.tag.open(submitted);
            bench.driver->submit(next, at);
          }
        };
        for (unsigned i = 0; i < 7; ++i) bench.submit(Op::write, 8 * i, 8);
        bench.run();
        for (const Request* request : bench.done)
          for (const std::int64_t at : request->tag.at) outcome.print = (outcome.print ^ static_cast<std::uint64_t>(at)) * 1099511628211u;
        outcome.events = bench.context.calendar.events();
        outcome.end = bench.done_at.back().ps();
        return outcome;
      });
    };
    const Outcome ahead = run(false), steps = run(true);
    EXPECT_EQ(ahead.print, steps.print) << table;
    EXPECT_EQ(ahead.end, steps.end) << table;
    EXPECT_EQ(ahead.events, steps.events) << table;
  }
}

}  // namespace
}  // namespace ahcisim::host
