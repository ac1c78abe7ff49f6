// SPDX-License-Identifier: MIT
// What an IDE channel keeps of one of its two devices: the task file as the host sees it, what has yet to become
// visible, and the data that waits for the host.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include <ahcisim/models/ide/pata_timing.hpp>
#include <ahcisim/models/ide/registers.hpp>
#include <ahcisim/models/kit/units.hpp>
#include <ahcisim/tlm/frame.hpp>

namespace ahcisim::ide {

/// What a device's frame does to its registers, at a time.
struct Update {
  kit::Duration when;
  wire::RegisterD2H fis;  ///< Register D2H, or the first fields of a PIO Setup
  wire::RequestTag* tag = nullptr;
  bool block = false;         ///< PIO Setup: a DRQ block
  bool in = false;            ///< … to the host
  std::uint8_t e_status = 0;  ///< … Status after it
  std::uint32_t bytes = 0;    ///< … its length
};

/// Updates in the order of their times. A device waits for the host after each block, so it needs few.
class UpdateQueue {
 public:
  bool empty() const { return count_ == 0; }
  bool full() const { return count_ == entries_.size(); }
  const Update& front() const { return entries_[head_]; }
  const Update& back() const { return entries_[(head_ + count_ - 1) % entries_.size()]; }
  void push(const Update& update) { entries_[(head_ + count_++) % entries_.size()] = update; }
  void pop() {
    head_ = (head_ + 1) % entries_.size();
    --count_;
  }
  void clear() { count_ = 0; }

 private:
  std::array<Update, 4> entries_;
  unsigned head_ = 0, count_ = 0;
};

/// The bytes of a task file that have previous content (ATA/ATAPI-6, 48-bit Address feature set).
struct TaskFile {
  enum Index : unsigned { features, count, lba_low, lba_mid, lba_high, size };
  std::array<std::uint8_t, size> current{}, previous{};
  void push(unsigned index, std::uint8_t value) {
    previous[index] = current[index];
    current[index] = value;
  }
};

struct Drive {
  /// What stands between device and host.
  enum class Flow : std::uint8_t {
    none,
    pio_in,   ///< a DRQ block in `buffer`, for the Data register
    pio_out,  ///< a DRQ block that the Data register fills
    dma_in,   ///< data in `buffer` that the bus master does not take yet
    dma_out,  ///< the device wants data
  };
  bool present = false;
  bool quiet = false;      ///< the result of EXECUTE DEVICE DIAGNOSTIC is device 0's to report
  bool interrupt = false;  ///< pending; INTRQ where selected and nIEN is 0
  ReadBlock r;
  TaskFile task_file;
  TransferModes modes;
  std::uint8_t mode_asked = 0;  ///< Count of a SET FEATURES 03h under way, and whether there is one
  bool sets_mode = false;
  UpdateQueue updates;
  Update setup;  ///< PIO Setup whose Data has yet to come
  bool block_follows = false;
  Flow flow = Flow::none;
  std::uint8_t e_status = 0;
  std::uint32_t size = 0, position = 0;  ///< of what `flow` is about
  wire::RequestTag* tag = nullptr;       ///< of the command under way
  std::unique_ptr<std::uint8_t[]> buffer = std::make_unique<std::uint8_t[]>(wire::max_data_fis_bytes);

  bool busy() const { return r.status.BSY || r.status.DRQ; }
  /// Shows the most recent or the previous content.
  void show(bool high_order) {
    const auto& bytes = high_order ? task_file.previous : task_file.current;
    r.count.set(bytes[TaskFile::count]);
    r.lba_low.set(bytes[TaskFile::lba_low]);
    r.lba_mid.set(bytes[TaskFile::lba_mid]);
    r.lba_high.set(bytes[TaskFile::lba_high]);
  }
  /// A reset begins: nothing is under way, BSY is one.
  void begin_reset() {
    updates.clear();
    block_follows = quiet = sets_mode = interrupt = false;
    flow = Flow::none;
    tag = nullptr;
    r.status.set(wire::status::BSY);
  }
};

}  // namespace ahcisim::ide
