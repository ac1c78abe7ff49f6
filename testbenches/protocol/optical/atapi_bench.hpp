// SPDX-License-Identifier: MIT
// An ATAPI device with a host that has no HBA, and with a disc whose blocks can be told apart.
#pragma once

#include <initializer_list>
#include <memory>
#include <vector>

#include <gmock/gmock.h>

#include <ahcisim/models/disk/optical/atapi_device.hpp>

#include "protocol/disk/fake_host.hpp"
#include "unit/disk/optical_bench.hpp"

namespace ahcisim::disk::optical {

using Bytes = std::vector<std::uint8_t>;
using CommandPacket = std::initializer_list<std::uint8_t>;

struct AtapiBench {
  static constexpr std::uint32_t filled = 1024;
  explicit AtapiBench(std::unique_ptr<Store> disc = make_disc(100'000, filled)) : device{"dvd", context, parameters, std::move(disc)} {
    host.link.bind(device.link);
  }
  kit::Context context;
  OpticalParameters parameters;
  AtapiDevice device;
  FakeHost host{"host", context};

  void run(Duration time = Duration::from_ms(1)) { sc_core::sc_start(kit::Calendar::time(time)); }
  /// Communication and signature.
  void connect() {
    run(Duration{});
    host.phy_ready();
    run(Duration::from_ms(20));
  }
  /// Until the disc is ready, and every unit attention told.
  void start() {
    connect();
    run(parameters.recognition() + parameters.spin_up());
    packet({0x00});
    packet({0x00});
  }
  static wire::RegisterH2D fis(std::uint8_t opcode, std::uint8_t features = 0, std::uint16_t limit = 0, std::uint8_t count = 0) {
    wire::RegisterH2D fis;
    fis.flags = wire::RegisterH2D::C;
    fis.command = opcode;
    fis.features_7_0 = features;
    fis.lba_15_8 = static_cast<std::uint8_t>(limit), fis.lba_23_16 = static_cast<std::uint8_t>(limit >> 8);
    fis.count_7_0 = count;
    fis.device = 0xa0;
    return fis;
  }
  void command(const wire::RegisterH2D& fis, Bytes data = {}, Duration time = Duration::from_ms(5)) {
    host.clear();
    host.buffer[FakeHost::single] = std::move(data);
    host.command(fis);
    run(time);
  }
  static constexpr std::uint8_t dma = 1, dmadir = 4;
  /// A command packet, until it has ended or `most` has passed; what it has returned.
  Bytes packet(CommandPacket cdb, std::uint8_t features = dma, std::uint16_t limit = 0xfffe, Duration most = Duration::from_seconds(3)) {
    Bytes bytes{cdb};
    bytes.resize(12);
    host.clear();
    host.buffer[FakeHost::single] = bytes;
    host.command(fis(0xa0, features, limit));
    const Duration begin = context.calendar.now();
    while (host.registers == 0 && context.calendar.now() - begin < most) run();
    Bytes& all = host.buffer[FakeHost::single];
    return {all.begin() + std::min<std::ptrdiff_t>(12, static_cast<std::ptrdiff_t>(all.size())), all.end()};
  }
  Sense sense() {
    const Bytes d = packet({0x03, 0, 0, 0, 18});
    return d.size() < 18 ? Sense{} : Sense{d[2], d[12], d[13]};
  }
  static Bytes content(std::uint64_t block, std::uint32_t count) {
    Bytes bytes(std::size_t{count} * block_bytes);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = disc_byte(block * block_bytes + i);
    return bytes;
  }
};

}  // namespace ahcisim::disk::optical
