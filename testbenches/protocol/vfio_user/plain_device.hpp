// SPDX-License-Identifier: MIT
// A device of plain bytes behind a server, for tests of the server alone.
#pragma once

#include <cstring>
#include <map>

#include <gtest/gtest.h>

#include <ahcisim/models/vfio_user/server.hpp>
#include <support/vfio_user_bench.hpp>

namespace ahcisim::test {

using namespace vfio_user;
using Bytes = VfioUserClient::Bytes;

/// Plain bytes behind every region; a write to the last dword of BAR 0 makes it copy memory at the address written.
class PlainDevice final : public Device {
 public:
  void attach(Client& client) override { client_ = &client; }
  std::uint64_t region_size(std::uint32_t index) const override { return index == 0 ? 256 : index == region::configuration ? 4096 : 0; }
  std::array<std::uint32_t, 3> vectors() const override { return {1, 4, 8}; }
  void read(std::uint32_t region, std::uint64_t offset, std::uint8_t* to, std::uint32_t bytes) override {
    std::memcpy(to, &content[region][offset], bytes);
  }
  void write(std::uint32_t region, std::uint64_t offset, const std::uint8_t* from, std::uint32_t bytes) override {
    EXPECT_FALSE(within) << "written while it is in the middle of its DMA";
    std::memcpy(&content[region][offset], from, bytes);
    if (region != 0 || offset != dma_register) return;
    std::uint32_t address;
    std::memcpy(&address, from, sizeof address);
    within = true;
    copied = client_->dma(false, address, &content[0][0], 64);
    if (copied) copied = client_->dma(true, address + 64, &content[0][0], 64);
    within = false;
  }
  void peek(std::uint32_t region, std::uint64_t offset, std::uint8_t* to, std::uint32_t bytes,
            const std::vector<kit::PendingWrite>& waiting) override {
    ++peeks;
    writes_seen_waiting = waiting.size();
    read(region, offset, to, bytes);
  }
  void reset() override {
    EXPECT_FALSE(within);
    ++resets;
  }
  static constexpr std::uint64_t dma_register = 252;
  std::map<std::uint32_t, Bytes> content{{0, Bytes(256)}, {region::configuration, Bytes(4096)}};
  bool within = false, copied = false;
  unsigned peeks = 0, resets = 0;
  std::size_t writes_seen_waiting = 0;  ///< by the last peek()

 private:
  Client* client_ = nullptr;
};

struct Rig : VfioUserBench {
  PlainDevice device;
  Server server{loop, path(), device};
};

}  // namespace ahcisim::test
