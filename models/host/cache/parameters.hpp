// SPDX-License-Identifier: MIT
// The parameters of a page cache: its size, its policy, what its work costs a processor.
#pragma once

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::host {

/// Processor time of the kernel's file layer, on one core of some 3 GHz. A hit takes syscall + call + bytes / copy.
struct CacheCosts : kit::ParameterSet {
  kit::Parameter<kit::Duration> syscall{*this, "syscall", kit::Duration::from_ps(132'000),
      kit::measured("null system call on an AMD EPYC, Linux 6.18"), "entering and leaving the kernel, per request"};
  kit::Parameter<kit::Duration> read_call{*this, "read_call", kit::Duration::from_ps(418'000),
      kit::derived("pread of cached pages on an AMD EPYC, Linux 6.18, fitted: 550 ns + 0.034 ns/B, less the system call"),
      "finding the pages of a read, per request"};
  kit::Parameter<kit::Duration> write_call{*this, "write_call", kit::Duration::from_ps(418'000),
      kit::assumed("as a read: a measured pwrite was disturbed by write-back, and on tmpfs it takes as long as a pread"),
      "finding and dirtying the pages of a write, per request"};
  kit::Parameter<kit::Rate> copy{*this, "copy", kit::Rate{1e9 / 0.034},
      kit::derived("pread of cached pages on an AMD EPYC, Linux 6.18, fitted: 0.034 ns/B"), "copying between page and program"};
  kit::Parameter<kit::Duration> add_page{*this, "add_page", kit::Duration::from_ps(100'000),
      kit::assumed("allocating a page and entering it into the tree, several at a time"), "per page that enters the cache"};
};

struct CacheParameters : kit::ParameterSet {
  kit::Parameter<kit::Bytes> size{*this, "size", kit::Bytes{1 << 30}, kit::choice("1 GiB of a small machine's memory"),
      "memory for pages of 4 KiB", {{kit::Bytes{256 << 10}, kit::Bytes{std::int64_t{1} << 42}}}};
  kit::Parameter<bool> direct{*this, "direct", false, kit::choice("true: O_DIRECT"),
      "whether requests bypass the cache, unless they come through a door that says otherwise"};
  kit::Parameter<kit::Bytes> read_ahead{*this, "read_ahead", kit::Bytes{128 << 10},
      kit::cited("Linux 6.12 include/linux/pagemap.h VM_READAHEAD_PAGES: 128 KiB (read_ahead_kb)"),
      "longest read-ahead window; 0 switches read-ahead off", {{kit::Bytes{0}, kit::Bytes{1 << 30}}}};
  kit::Parameter<kit::Bytes> max_request{*this, "max_request", kit::Bytes{1280 << 10},
      kit::cited("Linux 6.12 block layer, BLK_DEF_MAX_SECTORS 2560"),
      "longest request that the cache makes: neighbouring dirty pages, or the pages of one large read",
      {{kit::Bytes{4096}, kit::Bytes{32 << 20}}}};
  kit::Parameter<std::int64_t> queue{*this, "queue", 64,
      kit::cited("Linux 6.12 block/blk-mq-sched.c: nr_requests is twice the queue's depth of 32"),
      "write-backs outstanding at most", {{1, 65536}}};
  kit::Parameter<kit::Ratio> dirty_background{*this, "dirty_background", kit::Ratio{0.10},
      kit::cited("Linux 6.12 mm/page-writeback.c dirty_background_ratio 10"),
      "part of the cache that may be dirty before write-back begins", {{kit::Ratio{0}, kit::Ratio{1}}}};
  kit::Parameter<kit::Ratio> dirty_limit{*this, "dirty_limit", kit::Ratio{0.20},
      kit::cited("Linux 6.12 mm/page-writeback.c vm_dirty_ratio 20"),
      "part of the cache that may be dirty or in write-back before writers wait", {{kit::Ratio{0}, kit::Ratio{1}}}};
  kit::Parameter<kit::Duration> dirty_expire{*this, "dirty_expire", kit::Duration::from_ms(30'000),
      kit::cited("Linux 6.12 mm/page-writeback.c dirty_expire_interval 30 s"), "age at which dirty pages are written back",
      {{kit::Duration{}, kit::Duration::from_seconds(1e6)}}};
  kit::Parameter<kit::Duration> writeback_interval{*this, "writeback_interval", kit::Duration::from_ms(5'000),
      kit::cited("Linux 6.12 mm/page-writeback.c dirty_writeback_interval 5 s"), "how often expired pages are looked for",
      {{kit::Duration::from_ms(1), kit::Duration::from_seconds(1e6)}}};
  CacheCosts cost;
};

}  // namespace ahcisim::host
