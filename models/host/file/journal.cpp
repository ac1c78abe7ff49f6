// SPDX-License-Identifier: MIT
// The journal of a file's file system: transactions, their commits, and who waits for them.
#include <ahcisim/models/host/file/host_file.hpp>

#include <algorithm>

namespace ahcisim::host {
namespace {

/// Extents that fit into the inode itself, and into one block of the extent tree (Linux, Documentation/filesystems/ext4/ifork.rst).
constexpr std::uint64_t inode_extents = 4, leaf_extents = 340;

}  // namespace

/// fdatasync. The running transaction's commit does all that is needed. The one under way holds changes that came before, but
/// may have flushed the device already: it is flushed again afterwards.
void HostFile::sync(Operation& operation) {
  if (!operation.flush_too) {
    statistics_.syncs.add();
    if (running_.maps || committing_.maps) {
      operation.flush_too = !running_.maps;
      operation.awaited = running_.maps ? running_.id : committing_.id;
      syncing_.push_back(&operation);
      if (running_.maps) begin_commit(operation.time);
      return;
    }
  }
  statistics_.flushes.add();
  Io& io = new_io(Io::Kind::flush, &operation);
  io.request.op = IoRequest::Op::flush;
  io.request.lba = 0;
  io.request.sectors = 0;
  io.request.tag.id = operation.request->tag.id;
  data_.submit(io.request, operation.time);
}

/// A change joins the running transaction.
void HostFile::join(bool maps, kit::Duration at) {
  running_.maps = running_.maps || maps;
  if (running_.open) return;
  running_.open = true;
  running_.begun = at;
  calendar_.at<&HostFile::age>(at + parameters_.commit_interval(), this, running_.id);
}

/// The commit thread looks whether the transaction is still there.
void HostFile::age(std::uint64_t id) {
  if (running_.id == id && running_.open) begin_commit(calendar_.now());
}

/// Inode; with changes of the mapping also a block bitmap, a group descriptor, and the leaves of the extent tree.
std::uint64_t HostFile::metadata_blocks() const {
  if (!committing_.maps) return 1;
  const std::uint64_t extents = map_->extents_allocated();
  const std::uint64_t leaves = extents > inode_extents ? std::min<std::uint64_t>(map_->changed(), (extents - 1) / leaf_extents + 1) : 0;
  return 3 + leaves;
}

void HostFile::begin_commit(kit::Duration at) {
  if (committing_.open) {
    commit_wanted_ = true;
    return;
  }
  committing_ = running_;
  committing_.begun = at;
  running_ = {committing_.id + 1, false, false, {}};
  const std::uint64_t blocks = 1 + metadata_blocks();  // with the descriptor
  map_->begin_commit();
  statistics_.commits.add();
  write_journal(blocks, Io::Kind::journal, at);
}

/// The next blocks of the journal, from its beginning again where they do not fit in.
void HostFile::write_journal(std::uint64_t blocks, Io::Kind kind, kit::Duration at) {
  const std::uint64_t size = static_cast<std::uint64_t>(parameters_.journal_size().value) / (block_sectors * sector_bytes);
  blocks = std::min(blocks, size);
  if (journal_block_ + blocks > size) journal_block_ = 0;
  Io& io = new_io(kind, nullptr);
  io.request.op = IoRequest::Op::write;
  io.request.lba = static_cast<std::uint64_t>(parameters_.journal_offset().value) / sector_bytes + journal_block_ * block_sectors;
  io.request.sectors = static_cast<std::uint32_t>(blocks * block_sectors);
  io.request.fua = io.request.flush_first = kind == Io::Kind::commit;
  if (kind == Io::Kind::commit && remember_commits_) commits_.push_back({at, io.request.lba});
  journal_block_ += blocks;
  statistics_.commit_blocks.add(blocks);
  journal_.submit(io.request, at);
}

/// Ordered mode: what the transaction's extents hold is on the disk before it is (jbd2: the commit block's preflush).
void HostFile::write_commit_block(kit::Duration at) { write_journal(1, Io::Kind::commit, at); }

void HostFile::end_commit(kit::Duration at) {
  const bool failed = aborted_ != RequestStatus::ok;
  if (!failed) map_->end_commit(committing_.id);
  statistics_.commit_time.add(at - committing_.begun);
  const std::uint64_t done = committing_.id;
  committing_ = {};
  if (commit_wanted_ && !failed) {
    commit_wanted_ = false;
    if (running_.open) begin_commit(at);
  }
  woken_.clear();
  std::size_t kept = 0;
  for (Operation* operation : syncing_) {
    if (failed || operation->awaited <= done)
      woken_.push_back(operation);
    else
      syncing_[kept++] = operation;
  }
  syncing_.resize(kept);
  for (Operation* operation : woken_) {
    operation->time = kit::max(operation->time, at);
    if (failed)
      fail_sync(*operation);
    else if (operation->flush_too)
      run(*operation);
    else
      synced(*operation);
  }
}

void HostFile::fail_sync(Operation& operation) {
  operation.request->status = aborted_;
  operation.step = Step::done;
  run(operation);
}

/// A flush, or a FUA write with its data, is done now; any other request begins.
void HostFile::synced(Operation& operation) {
  const bool ends = operation.request->op == IoRequest::Op::flush || operation.step == Step::sync_after;
  operation.step = ends ? Step::done : Step::body;
  operation.flush_too = false;
  run(operation);
}

}  // namespace ahcisim::host
