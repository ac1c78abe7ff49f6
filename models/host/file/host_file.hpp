// SPDX-License-Identifier: MIT
// An image file on a journalling file system (ext4 in ordered mode), as a block device: sector n is byte 512 n of the file.
//
// Reads and writes are mapped to the disk and cut where the mapping breaks. A block is allocated at its first write; a part of
// a new block is written as a whole, its rest zeroed, alone. An allocation or a hole is durable when the transaction it joined
// is committed: descriptor and metadata blocks to the journal, then everything dirty written back and the device flushed, then
// the commit block with FUA (jbd2). A flush is fdatasync: where no mapping has changed since the last commit it writes back and
// flushes the device, else it commits. A FUA write is a write with FUA below, or with an fdatasync after it where the mapping
// changed. Every write dirties the inode (mtime), so a transaction is committed every 5 s while there are any.
//
// Two doors to one disk: `data` (the buffered or the direct one of a page cache) and `journal`, which must bypass that cache
// but know of it, as its direct door does: the commit block's flush_first is what writes dirty data back (ordered mode).
//
// Not modelled: delayed allocation, writing metadata home from the journal, other files on the same file system. A hole of
// less than a block is written as zeros; the disk is told of no holes (mounted without `discard`).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include <systemc>

#include <ahcisim/models/host/block_device.hpp>
#include <ahcisim/models/host/file/extent_map.hpp>
#include <ahcisim/models/host/file/operation.hpp>
#include <ahcisim/models/host/file/parameters.hpp>
#include <ahcisim/models/host/file/statistics.hpp>
#include <ahcisim/models/host/listeners.hpp>
#include <ahcisim/models/host/processor_time.hpp>
#include <ahcisim/models/kit/context.hpp>

namespace ahcisim::host {

class HostFile : public sc_core::sc_module, public BlockDevice, private RequestOwner, private DeviceListener {
 public:
  /// A file of `sectors` sectors, a multiple of 8, or, where that is 0, of all the disk behind the journal. Becomes the listener of
  /// `data`. Both doors outlive it, and may be the same driver where there is no page cache.
  HostFile(const sc_core::sc_module_name& name, kit::Context& context, const HostFileParameters& parameters, std::uint64_t sectors,
           BlockDevice& data, BlockDevice& journal);

  /// Scatter lists are handed down, and refused (unsupported) where a hole or the rest of a block would have to be filled.
  void submit(Request& request, kit::Duration at) override;
  std::uint64_t capacity() const override { return map_ ? sectors_ : 0; }
  unsigned max_depth() const override { return data_.max_depth(); }
  bool is_ready() const override { return map_.has_value() && data_.is_ready(); }
  void listen(DeviceListener& listener) override;
  void set_processor(ProcessorTime& processor) { processor_ = &processor; }

  /// Where a sector of the file is on the disk now, and where it would be found after a power cut now (nothing: a hole). Valid
  /// once ready.
  std::optional<std::uint64_t> disk_sector(std::uint64_t lba) const { return map_->place(lba); }
  std::optional<std::uint64_t> committed_sector(std::uint64_t lba) const { return map_->committed_place(lba); }
  /// Remembers commits, for what a power cut at any past instant would have left. Before the simulation starts.
  void remember_commits() {
    remember_commits_ = true;
    if (map_) map_->remember_commits();  // on a disk that was ready at once
  }
  /// The commit block of a transaction: a cut leaves what it says once this block, written from `since` on, is safe on the disk, and
  /// those of all transactions before. Not when its end was told: the block may be safe before, or with a disk that lies, not yet.
  struct Commit {
    kit::Duration since;
    std::uint64_t disk_sector = 0;  ///< its first of 8
  };
  /// Of the transactions 1, 2 …, in their order.
  const std::vector<Commit>& commits() const { return commits_; }
  /// The one place on the disk that a sector of the file had or has, if any, and the transactions by which cuts leave it there and
  /// leave a hole, by turns (ExtentMap::commits_of()).
  std::optional<std::uint64_t> place_ever(std::uint64_t lba) const { return map_->place_ever(lba); }
  std::vector<std::uint64_t> commits_of(std::uint64_t lba) const { return map_->commits_of(lba); }
  const HostFileStatistics& statistics() const { return statistics_; }

 private:
  using Operation = FileOperation;
  using Step = FileOperation::Step;
  using Io = FileIo;
  /// What the journal keeps of the running transaction, or of the one being committed.
  struct Transaction {
    std::uint64_t id = 0;
    bool open = false;   // has anything
    bool maps = false;   // an fdatasync needs it
    kit::Duration begun;
  };

  // In and out, and the mapping (host_file.cpp).
  void ready(kit::Duration at) override;
  void failed(const std::string& reason, kit::Duration at) override;
  void release_early(kit::Duration at);
  void arrive(std::uint64_t operation);
  RequestStatus verdict(const Request& request) const;
  void run(Operation& operation);
  void finish(Operation& operation);
  bool body(Operation& operation);
  RequestStatus read(Operation& operation);
  RequestStatus write(Operation& operation);
  RequestStatus punch(Operation& operation);
  void zero_part(Operation& operation, std::uint64_t sector, std::uint64_t end);
  void body_done(Operation& operation);
  void send(Operation& operation, std::uint64_t sector, std::uint64_t end, Io::Kind kind);
  void slice(Io& io, const Request& request, std::uint64_t offset, std::uint64_t bytes);

  // Journal (journal.cpp).
  void sync(Operation& operation);
  void join(bool maps, kit::Duration at);
  void age(std::uint64_t id);
  void begin_commit(kit::Duration at);
  void write_commit_block(kit::Duration at);
  void end_commit(kit::Duration at);
  void fail_sync(Operation& operation);
  void synced(Operation& operation);
  void write_journal(std::uint64_t blocks, Io::Kind kind, kit::Duration at);
  std::uint64_t metadata_blocks() const;

  // The disk (host_file_io.cpp).
  Io& new_io(Io::Kind kind, Operation* operation);
  void completed(Request& request, kit::Duration at) override;
  void fill(const Request& request, std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) override;
  void inspect(const Request& request, const std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) override;
  void finish_io(std::uint64_t number);

  kit::Context& context_;
  kit::Calendar& calendar_;
  const HostFileParameters& parameters_;
  BlockDevice& data_;
  BlockDevice& journal_;
  ProcessorTime* processor_ = nullptr;
  HostFileStatistics statistics_;
  Listeners listeners_;
  std::optional<ExtentMap> map_;
  const std::uint64_t wanted_;   // sectors of the file; 0: all there are
  std::uint64_t sectors_ = 0;
  bool remember_commits_ = false;
  std::vector<Commit> commits_;

  std::deque<Operation> operations_;
  std::vector<Operation*> free_operations_;
  std::deque<Io> ios_;
  std::vector<Io*> free_ios_;
  std::vector<Operation*> early_;      // until the disk is ready
  std::deque<Operation*> excluded_;    // until the rest of a block is zeroed
  std::vector<Operation*> syncing_;    // for a commit, in the order of their coming
  std::vector<Operation*> woken_;
  bool padding_ = false;

  Transaction running_{1, false, false, {}}, committing_;
  bool commit_wanted_ = false;  // of the running transaction, once the other is committed
  std::uint64_t journal_block_ = 0;
  RequestStatus aborted_ = RequestStatus::ok;  // the journal could not be written
};

}  // namespace ahcisim::host
