// SPDX-License-Identifier: MIT
// The IDE driver: taking requests, cutting them into commands, issuing them.
#include <ahcisim/models/host/ide_driver.hpp>

#include <algorithm>
#include <cstring>

#include <ahcisim/models/host/ata_commands.hpp>
#include <ahcisim/models/host/scatter.hpp>

namespace ahcisim::host {

using namespace ide_name;

namespace {
constexpr std::uint32_t trim_ranges = 64, trim_range_sectors = 65535;
}  // namespace

IdeDriver::IdeDriver(const sc_core::sc_module_name& name, kit::Context& context, const IdeDriverParameters& parameters,
                     Memory& memory, wire::TagBoard* tags)
    : DriverFront{name, context, parameters, tags, InterruptInlet::Wire::edge}, parameters_{parameters}, memory_{memory},
      buffers_{memory, static_cast<std::uint32_t>(parameters.max_request().value), static_cast<std::uint32_t>(parameters.segment().value)},
      sequence_{mmio_, processor_, statistics_} {
  context.stats.add(this->name(), statistics_);
}

kit::Duration IdeDriver::wanted() {
  if (can_issue()) return kit::Duration{};
  return kit::min(kit::min(script_.wanted(), task_at_), queue_.next());
}

void IdeDriver::run(kit::Duration at) {
  if (script_.wanted() <= at) {
    script_.run(at);
  } else if (task_at_ <= at) {
    first_block_task(at);
  } else if (can_issue()) {
    issue_next(at + queue_.dispatch());
  } else {
    const bool first = queue_.waiting().empty();
    const RequestQueue::Taken taken = queue_.take(at);
    const bool issues = taken.admitted && first && can_issue();
    if (issues && !processor_.divides_steps()) return issue_next(taken.through);
    if (issues) queue_.expect_issue();
    else if (taken.admitted) statistics_.deferred.add();
    processor_.release(taken.through, at);
  }
}

bool IdeDriver::can_issue() const {
  return queue_.state() == State::running && phase_ == Phase::idle && (retry_ || !queue_.waiting().empty());
}

void IdeDriver::issue_next(kit::Duration at) {
  if (retry_) {
    retry_ = false;
    command_.request->tag.reopen();
    statistics_.retries.add();
    return send(at);
  }
  Request& request = queue_.waiting().front();
  if (!cut(request)) {  // a scatter list shorter than the request
    complain("scatter list shorter than the request, or outside memory");
    request.status = RequestStatus::unsupported;
    request.progress.step_issued = true;
    request.unlink();
    queue_.finish(request, at);
    processor_.release(at);
    return;
  }
  ++request.progress.open;
  request.progress.step_issued = !command_.data || request.progress.issued == request.sectors;
  if (request.progress.step_issued) request.unlink();
  send(at + parameters_.cpu.build());
}

/// Whether the bus master, whose PRDs have 32 bits, reaches all of the program's buffer.
bool IdeDriver::reaches(const Request& request) const {
  return std::all_of(request.segments, request.segments + request.segment_count,
                     [](const Segment& s) { return s.address + s.bytes <= std::uint64_t{1} << 32; });
}

std::uint32_t IdeDriver::attach_buffer(Request& request, std::uint32_t limit) {
  command_.bounced = false;
  if (!request.segments) {
    const std::uint32_t bytes = std::min(limit, buffers_.bytes());
    buffers_.use_buffer(bytes);
    return bytes;
  }
  command_.segment = request.progress.segment, command_.segment_offset = request.progress.segment_offset;
  if (command_.phase == Phase::dma && reaches(request)) {
    buffers_.clear_prds();
    return take_segments(request, limit, logical_bytes_, IdeBuffers::prd_rule(),
                         [&](std::uint64_t address, std::uint32_t bytes) { buffers_.add_prd(address, bytes); });
  }
  // Through the driver's buffer: where the bus master does not reach (Linux: swiotlb), and where the processor moves
  // the data.
  command_.bounced = true;
  bool inside = true;
  const PieceRule any{request.segment_count, ~0u};
  const std::uint32_t bytes = take_segments(request, std::min(limit, buffers_.bytes()), logical_bytes_, any,
                                            [&](std::uint64_t address, std::uint32_t piece) { inside &= memory_.at(address, piece) != nullptr; });
  buffers_.use_buffer(bytes);
  return inside ? bytes : 0;
}

/// Between the buffer and the program's scatter list, for the command under way.
void IdeDriver::copy_scattered(bool to_program) {
  const Request& request = *command_.request;
  std::uint32_t offset = command_.segment_offset;
  unsigned i = command_.segment;
  for (std::uint32_t done = 0; done < command_.bytes; ++i, offset = 0) {
    const Segment& segment = request.segments[i];
    const std::uint32_t piece = std::min(segment.bytes - offset, command_.bytes - done);
    std::uint8_t* const program = memory_.at(segment.address + offset, piece);
    std::uint8_t* const buffer = buffers_.data() + done;
    std::memcpy(to_program ? program : buffer, to_program ? buffer : program, piece);
    done += piece;
  }
}

std::uint8_t IdeDriver::pio_opcode(bool write, bool extended) const {
  using namespace ata_command;
  constexpr std::uint8_t codes[2][2][2] = {{{READ_SECTORS, READ_SECTORS_EXT}, {WRITE_SECTORS, WRITE_SECTORS_EXT}},
                                           {{READ_MULTIPLE, READ_MULTIPLE_EXT}, {WRITE_MULTIPLE, WRITE_MULTIPLE_EXT}}};
  return codes[block_sectors_ > 1][write][extended];
}

/// Makes the next command of a request; false where its buffer is too short.
bool IdeDriver::cut(Request& request) {
  command_ = {};
  command_.request = &request;
  command_.offset = std::uint64_t{request.progress.issued} * sector_bytes;
  if (queue_.is_flush(request)) {
    command_.task_file.command = identify_.flush_ext ? ata_command::FLUSH_CACHE_EXT : ata_command::FLUSH_CACHE;
    command_.task_file.device = selects(device_);
    command_.phase = Phase::non_data;
    return true;
  }
  command_.data = true;
  if (request.op == IoRequest::Op::trim) {
    cut_trim(request);
    return true;
  }
  const bool pio = parameters_.mode.index() == 1;
  command_.write = request.op == IoRequest::Op::write;
  command_.phase = !pio ? Phase::dma : command_.write ? Phase::first_block : Phase::pio;
  const std::uint64_t left = std::uint64_t{request.sectors - request.progress.issued} * sector_bytes;
  command_.bytes = attach_buffer(request, static_cast<std::uint32_t>(std::min<std::uint64_t>(left, longest_command_)));
  if (command_.bytes == 0) return false;
  wire::RegisterH2D& fis = command_.task_file;
  make_plain(fis, command_.write, (request.lba + request.progress.issued) >> queue_.disk.lba_shift,
             command_.bytes / logical_bytes_, identify_.lba48, false);
  if (pio) fis.command = pio_opcode(command_.write, ata_command::is_extended(fis.command));
  fis.device = static_cast<std::uint8_t>(fis.device | selects(device_));
  if (command_.write && command_.bounced)
    copy_scattered(false);
  else if (command_.write && request.with_data && !request.segments && request.owner)
    request.owner->fill(request, buffers_.data(), command_.offset, command_.bytes);
  request.progress.issued += command_.bytes / sector_bytes;
  return true;
}

void IdeDriver::cut_trim(Request& request) {
  const unsigned shift = queue_.disk.lba_shift;
  const std::uint32_t take = std::min((request.sectors - request.progress.issued) >> shift, trim_ranges * trim_range_sectors);
  make_trim_ranges(buffers_.data(), (request.lba + request.progress.issued) >> shift, take);
  buffers_.use_buffer(512);
  make_trim(command_.task_file);
  command_.task_file.device = static_cast<std::uint8_t>(command_.task_file.device | selects(device_));
  command_.write = true;
  request.progress.issued += take << shift;
}

/// Device: select, and wait for the device as its status may still be of the other one (ata_dev_select).
void IdeDriver::select_device() {
  wait_idle();
  sequence_.write(port(Device), selects(device_), 1);
  sequence_.read(control_, 1);
  sequence_.pause(parameters_.settle());
  wait_idle();
}

/// The task file but for the command (ata_sff_tf_load): each register of a 48-bit command twice, previous content
/// first.
void IdeDriver::load_task_file(const wire::RegisterH2D& fis) {
  if (command_.phase != Phase::non_data) {
    if (ata_command::is_extended(fis.command)) {
      sequence_.write(port(Features), fis.features_15_8, 1);
      sequence_.write(port(SectorCount), fis.count_15_8, 1);
      sequence_.write(port(LBALow), fis.lba_31_24, 1);
      sequence_.write(port(LBAMid), fis.lba_39_32, 1);
      sequence_.write(port(LBAHigh), fis.lba_47_40, 1);
    }
    sequence_.write(port(Features), fis.features_7_0, 1);
    sequence_.write(port(SectorCount), fis.count_7_0, 1);
    sequence_.write(port(LBALow), fis.lba_7_0, 1);
    sequence_.write(port(LBAMid), fis.lba_15_8, 1);
    sequence_.write(port(LBAHigh), fis.lba_23_16, 1);
  }
  sequence_.write(port(Device), fis.device, 1);
  wait_idle();
}

void IdeDriver::exec_command(std::uint8_t command) {
  sequence_.write(port(Command), command, 1);
  sequence_.read(control_, 1);
  sequence_.pause(parameters_.settle());
}

/// All register accesses of the issue (ata_bmdma_qc_issue, ata_sff_qc_issue); the first leaves at `at`.
void IdeDriver::send(kit::Duration at) {
  Request& request = *command_.request;
  // The account follows the last command of the data; a request's other commands carry no tag.
  const bool last = request.progress.step == Request::Progress::Step::data && request.progress.step_issued;
  wire::RequestTag* const tag = last ? &request.tag : nullptr;
  if (tags_) tags_->at(channel_, device_) = tag;
  statistics_.commands.add();
  command_.moved = 0;
  command_.issued = at;
  sequence_.clear();
  select_device();
  load_task_file(command_.task_file);
  if (command_.phase == Phase::dma) {
    sequence_.write(bus_master(BMIDTPX), buffers_.table_address(), 4);
    const unsigned before = sequence_.read(bus_master(BMICX), 1);
    constexpr std::uint8_t keep = static_cast<std::uint8_t>(~(BMICX_RWCON | BMICX_SSBM));
    sequence_.write_back(bus_master(BMICX), before, keep, command_.write ? 0 : BMICX_RWCON);
    sequence_.stamp_issued(tag);
    exec_command(command_.task_file.command);
    const unsigned ready = sequence_.read(bus_master(BMICX), 1);
    sequence_.write_back(bus_master(BMICX), ready, 0xff, BMICX_SSBM);
  } else {
    sequence_.stamp_issued(tag);
    exec_command(command_.task_file.command);
  }
  phase_ = command_.phase;
  watch_deadline();
  sequence_.run<&IdeDriver::issued>(at, this);
}

void IdeDriver::issued(kit::Duration at) {
  if (phase_ == Phase::first_block) {  // another thread of the kernel sends it (ata_sff_pio_task)
    task_at_ = at + parameters_.cpu.wake();
    task_looks_ = 0;
  }
  processor_.release(at);
}

/// One look at the clock for each time-out's length, not for each request.
void IdeDriver::watch_deadline() {
  if (deadline_watched_) return;
  deadline_watched_ = true;
  calendar_.at<&IdeDriver::check_deadline>(calendar_.now() + parameters_.timeout(), this);
}

void IdeDriver::check_deadline(std::uint64_t) {
  deadline_watched_ = false;
  if (queue_.state() != State::running || phase_ == Phase::idle) return;  // watched again at the next issue
  const kit::Duration deadline = command_.issued + parameters_.timeout();
  if (deadline <= calendar_.now() && !processor_.busy()) {
    statistics_.timeouts.add();
    complain("command not answered in time");
    return begin_recovery(Fault::protocol, 0, true);
  }
  deadline_watched_ = true;
  calendar_.at<&IdeDriver::check_deadline>(kit::max(deadline, calendar_.now() + kit::Duration::from_ms(1)), this);
}

}  // namespace ahcisim::host
