// SPDX-License-Identifier: MIT
// Calls on the image, one after the other for each command; any number of commands at once.
#include <ahcisim/models/host/vm/image_medium.hpp>

#include <algorithm>

namespace ahcisim::host {

using disk::MediaOp;
using disk::MediaRequest;
using kit::Duration;
using wire::Stage;
using Op = IoRequest::Op;

ImageMedium::ImageMedium(kit::Context& context, Emulator& emulator, const disk::MediumFacts& facts, CacheMode mode, disk::Store& store,
                         BlockDevice& file)
    : calendar_{context.calendar}, emulator_{emulator}, facts_{facts}, no_flush_{mode.no_flush}, write_back_{mode.write_back},
      store_{store}, file_{file} {
  facts_.write_cache = mode.write_back;
}

ImageMedium::Operation& ImageMedium::take(MediaRequest& request) {
  Operation* operation = free_;
  if (operation) free_ = operation->next_free;
  else operation = &pool_.emplace_back(*this);
  operation->guest = &request;
  operation->flush_after = operation->failed = operation->waiting = false;
  operation->trim = 0;
  request.scratch[0] = reinterpret_cast<std::uintptr_t>(operation);
  return *operation;
}

void ImageMedium::give_back(Operation& operation) {
  operation.guest = nullptr;
  operation.waiting = false;
  operation.next_free = free_;
  free_ = &operation;
}

void ImageMedium::submit(MediaRequest& request, Duration now) {
  request.arrived = now;
  Operation& operation = take(request);
  if (request.tag) emulator_.stamp(*request.tag);
  const Duration parsed = emulator_.spend(emulator_.parameters().command_start());
  if (request.tag) stamp_received(*request.tag, parsed);
  switch (request.op) {
    case MediaOp::read: return start(operation, Op::read, request.range);
    case MediaOp::write:
      // Any emulator maps the guest's buffer: it is there when the call is made.
      operation.flush_after = request.fua || !write_back_;
      operation.waiting = true;
      return client_->may_transfer(request, now);
    case MediaOp::flush:
      statistics_.guest_flushes.add();
      return flush(operation);
    case MediaOp::trim:
      if (request.trim_count == 0) return answer(operation, parsed);
      return start(operation, Op::trim, request.trims[0]);
    case MediaOp::verify: return answer(operation, parsed);  // as QEMU: there is nothing to verify
  }
}

/// Device code has read the command at `parsed`. What it finds in the guest's memory with that is no later than that: it maps the
/// buffer. Data that the guest brought by accesses of its own before (IDE, a range list) is what the code read.
void ImageMedium::stamp_received(wire::RequestTag& tag, Duration parsed) {
  const std::int64_t data = tag.when(Stage::transferred);
  if (data > tag.when(Stage::received)) return;
  tag.stamp(Stage::received, parsed.ps());
  if (data >= 0) tag.stamp(Stage::transferred, parsed.ps());
}

void ImageMedium::transferred(MediaRequest& request, Duration) {
  if (wire::RequestTag* const tag = request.tag)
    tag->stamp(Stage::transferred, std::max(tag->when(Stage::transferred), tag->when(Stage::received)));
  start(*reinterpret_cast<Operation*>(static_cast<std::uintptr_t>(request.scratch[0])), Op::write, request.range);
}

void ImageMedium::flush(Operation& operation) {
  if (!no_flush_) return start(operation, Op::flush, {});
  statistics_.ignored_flushes.add();
  answer(operation, emulator_.spend(emulator_.parameters().completion()));
}

void ImageMedium::start(Operation& operation, Op op, disk::LbaRange range) {
  operation.waiting = false;
  operation.next = op;
  operation.range = range;
  emulator_.call(operation);
}

/// The call enters the host's kernel at `at`.
void ImageMedium::begin(Operation& operation, Duration at) {
  Request& call = operation.call;
  call.op = operation.next;
  call.lba = operation.range.lba;
  call.sectors = static_cast<std::uint32_t>(operation.range.count);
  call.fua = call.flush_first = false;
  call.with_data = call.op == Op::write;
  call.owner = this;
  call.context = &operation;
  call.tag.open(operation.guest && operation.guest->tag ? operation.guest->tag->id : 0);
  call.tag.stamp(Stage::submitted, at.ps());
  operation.begun = at;
  (call.op == Op::read ? statistics_.reads : call.op == Op::write ? statistics_.writes : call.op == Op::flush ? statistics_.flushes : statistics_.holes).add();
  file_.submit(call, at);
}

void ImageMedium::fill(const Request& request, std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) {
  store_.read(request.lba + offset / disk::sector_bytes, bytes / static_cast<std::uint32_t>(disk::sector_bytes), data);
}

void ImageMedium::completed(Request& request, Duration at) {
  auto& operation = *static_cast<Operation*>(request.context);
  const auto argument = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&operation));
  if (at > calendar_.now()) calendar_.at<&ImageMedium::returned>(at, this, argument);
  else returned(argument);
}

void ImageMedium::returned(std::uint64_t argument) {
  auto& operation = *reinterpret_cast<Operation*>(static_cast<std::uintptr_t>(argument));
  const Duration now = calendar_.now();
  statistics_.call_time.add(now - operation.begun);
  if (operation.call.status != RequestStatus::ok) operation.failed = true;
  if (operation.guest && operation.guest->tag) {
    wire::RequestTag& tag = *operation.guest->tag;
    if (tag.when(Stage::host_call) < 0) {
      const std::int64_t begun = operation.begun.ps();
      tag.stamp(Stage::host_call, begun);
      // Of several commands for one request the account follows the call that returned first: others may be read after it began.
      if (tag.when(Stage::received) > begun) tag.stamp(Stage::received, begun);
    }
    copy_stages(operation.call.tag, tag);
    tag.stamp(Stage::host_done, now.ps());
  }
  emulator_.post(operation, emulator_.call_returned());
}

/// What the first call that reached the host's disk went through; the host's driver calls the moment it tells its disk "issued".
void ImageMedium::copy_stages(const wire::RequestTag& from, wire::RequestTag& to) {
  if (to.when(Stage::host_sent) >= 0 || to.when(Stage::media) >= 0) return;
  to.stamp(Stage::host_sent, from.when(Stage::issued));
  for (const Stage stage : {Stage::selected, Stage::positioned, Stage::rotated, Stage::media}) to.stamp(stage, from.when(stage));
}

/// The loop knows that a call has returned: the next one, or the guest's answer.
void ImageMedium::told(Operation& operation, Duration now) {
  MediaRequest* const guest = operation.guest;
  if (!guest) return give_back(operation);
  if (operation.failed) {
    // The call says no more than that it failed (pread, pwrite, fdatasync: EIO): no sector of it counts.
    statistics_.errors.add();
    guest->failed = true;
    guest->good_sectors = 0;
  } else if (guest->op == MediaOp::trim && ++operation.trim < guest->trim_count) {
    return start(operation, Op::trim, guest->trims[operation.trim]);
  } else if (guest->op == MediaOp::write && operation.flush_after) {
    operation.flush_after = false;
    if (!no_flush_) return start(operation, Op::flush, {});
    statistics_.ignored_flushes.add();
  }
  if (guest->tag) guest->tag->stamp(Stage::told, now.ps());
  answer(operation, emulator_.spend(emulator_.parameters().completion()));
}

/// Device code has done its part at `at`.
void ImageMedium::answer(Operation& operation, Duration at) {
  MediaRequest& guest = *operation.guest;
  give_back(operation);
  if (guest.op == MediaOp::read) client_->may_transfer(guest, at);
  client_->complete(guest, at);
}

/// Calls that are under way go on; nobody is told of their end.
void ImageMedium::abandon_all(Duration) {
  for (Operation& operation : pool_) {
    if (operation.waiting) give_back(operation);
    operation.guest = nullptr;
  }
}

}  // namespace ahcisim::host
