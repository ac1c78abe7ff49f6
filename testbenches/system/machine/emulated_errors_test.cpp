// SPDX-License-Identifier: MIT
// An error of the host's drive reaches the guest's program, whatever the interface and the caches on the way.
#include <deque>
#include <string>

#include <gtest/gtest.h>

#include <ahcisim/models/machine/emulated.hpp>

namespace ahcisim {
namespace {

using kit::Duration;
using Op = host::IoRequest::Op;

/// An emulated machine whose guest hands in `requests` one after the other.
struct Guest final : host::DeviceListener, host::RequestOwner {
  Guest(const std::string& interface, const std::string& cache, const std::string& io)
      : parameters{{{"machine.deployment", "emulated", "test"},
                    {"machine.interface", interface, "test"},
                    {"machine.drive", "samsung-850-pro", "test"},
                    {"image.cache", cache, "test"},
                    {"guest.io", io, "test"},
                    {"host.probe.fast_probe", "true", "test"}}},
        machine{context, parameters} {
    machine.device().listen(*this);
  }
  /// The host's drive cannot read this sector of the image any more.
  void break_sector(std::uint64_t sector) {
    const host::HostFileParameters& file = parameters.emulated->file;
    const auto before = static_cast<std::uint64_t>(file.journal_offset().value + file.journal_size().value) / disk::sector_bytes;
    machine.host().drive()->drive.inject_media_error({before + sector, 1});
  }
  void add(Op op, std::uint64_t lba, std::uint32_t sectors) {
    host::Request& request = requests.emplace_back();
    request.op = op, request.lba = lba, request.sectors = sectors, request.owner = this;
  }
  void ready(Duration at) override { next(at); }
  void failed(const std::string& reason, Duration) override { failure = reason; }
  void completed(host::Request&, Duration at) override {
    if (++done < requests.size()) next(at);
    else sc_core::sc_stop();
  }
  void next(Duration at) {
    requests[done].tag.open(done);
    machine.device().submit(requests[done], at);
  }
  void run() {
    sc_core::sc_start(120, sc_core::SC_SEC);
    ASSERT_EQ(done, requests.size()) << failure;
  }

  kit::Context context;
  machine::Parameters parameters;
  machine::Emulated machine;
  std::deque<host::Request> requests;
  std::string failure;
  std::size_t done = 0;
};

struct Row {
  const char *interface, *cache, *io;
};

class DriveErrors : public ::testing::TestWithParam<Row> {};
INSTANTIATE_TEST_SUITE_P(Ways, DriveErrors,
                         ::testing::Values(Row{"ahci", "none", "direct"}, Row{"ide", "none", "direct"}, Row{"virtio_blk", "none", "direct"},
                                           Row{"ahci", "writeback", "direct"}, Row{"ide", "writethrough", "buffered"},
                                           Row{"virtio_blk", "unsafe", "buffered"}),
                         [](const auto& info) { return std::string{info.param.interface} + "_" + info.param.cache + "_" + info.param.io; });

TEST_P(DriveErrors, ReachTheGuestsProgram) {
  Guest guest{GetParam().interface, GetParam().cache, GetParam().io};
  guest.break_sector(100'003);
  guest.add(Op::read, 1'000'000, 8);
  guest.add(Op::read, 100'000, 8);
  guest.add(Op::read, 300'000, 8);
  guest.run();
  EXPECT_EQ(guest.requests[0].status, host::RequestStatus::ok);
  const bool virtio = std::string{GetParam().interface} == "virtio_blk";  // which tells no more than VIRTIO_BLK_S_IOERR
  EXPECT_EQ(guest.requests[1].status, virtio ? host::RequestStatus::device_error : host::RequestStatus::media_error);
  EXPECT_EQ(guest.requests[2].status, host::RequestStatus::ok);
  EXPECT_GT(guest.machine.image().counts().errors.value(), 0u);
  for (const auto& finding : guest.context.diagnostics.findings()) ADD_FAILURE() << finding.place << ": " << finding.rule;
}

}  // namespace
}  // namespace ahcisim
