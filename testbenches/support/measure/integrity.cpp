// SPDX-License-Identifier: MIT
// The program that makes the requests and checks what comes back.
#include <support/measure/integrity.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>

#include <fmt/format.h>

#include <ahcisim/models/machine/bare_metal.hpp>
#include <ahcisim/models/machine/bare_metal_ide.hpp>
#include <ahcisim/models/machine/emulated.hpp>
#include <ahcisim/models/machine/machine.hpp>

#include <support/measure/apart.hpp>

namespace ahcisim::measure {
namespace {

using host::IoRequest;
using host::Request;
using kit::Duration;

constexpr std::uint64_t sector = 512;
constexpr std::uint32_t largest_sectors = (256u << 10) / sector;
constexpr std::size_t most_pieces = 220;                                        // more than one command's PRDT holds
constexpr std::uint64_t region_bytes = (256u << 10) + 64 * (most_pieces + 1);  // the pieces and the gaps between them
constexpr std::uint8_t canary = 0xa5;

/// Where the program's buffers lie.
host::Memory& memory_of(machine::Machine& machine) {
  if (auto* const emulated = dynamic_cast<machine::Emulated*>(&machine)) return emulated->memory();
  if (auto* const ide = dynamic_cast<machine::BareMetalIde*>(&machine)) return ide->memory;
  return dynamic_cast<machine::BareMetal&>(machine).memory;
}

class Checker final : public host::RequestOwner, public host::DeviceListener {
 public:
  Checker(machine::Machine& machine, kit::Context& context, const IntegrityOptions& options, bool ignores_flushes)
      : machine_{machine}, ignores_flushes_{ignores_flushes}, memory_{memory_of(machine)}, context_{context}, options_{options}, random_{options.seed},
        span_sectors_{options.span / sector}, first_{machine.sectors() - span_sectors_}, copy_(options.span) {
    for (Task& task : tasks_) {
      task.base = memory_.allocate(region_bytes);
      task.request.owner = this;
      task.request.context = &task;
    }
  }
  void ready(Duration at) override {
    for (unsigned i = 0; i < options_.depth && made_ < options_.requests; ++i) make(tasks_[i], at);
  }
  void failed(const std::string& reason, Duration) override { throw_later_ = reason; }
  void completed(Request& request, Duration at) override {
    Task& task = *static_cast<Task*>(request.context);
    check(task);
    task.active = false;
    ++run_.requests;
    if (made_ < options_.requests) return make(task, at);
    if (run_.requests == made_) flush_all(at);
  }
  void fill(const Request& request, std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) override {
    std::memcpy(data, &copy_[(request.lba - first_) * sector + offset], bytes);
  }
  void inspect(const Request& request, const std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) override {
    Task& task = *static_cast<Task*>(request.context);
    if (std::memcmp(data, &copy_[(request.lba - first_) * sector + offset], bytes) == 0) task.inspected += bytes;
  }
  /// The span as the disk's store holds it.
  void check_store() {
    std::vector<std::uint8_t> held(largest_sectors * sector);
    for (std::uint64_t at = 0; at < span_sectors_; at += largest_sectors) {
      machine_.content().read(first_ + at, largest_sectors, held.data());
      if (std::memcmp(held.data(), &copy_[at * sector], held.size()) != 0) complain("the store differs at the end", first_ + at, 0);
    }
    auto* const emulated = dynamic_cast<machine::Emulated*>(&machine_);
    if (emulated && emulated->host().drive() && !ignores_flushes_) check_image(emulated->host());
  }
  IntegrityRun run_;
  std::string throw_later_;

 private:
  struct Task {
    Request request;
    std::uint64_t base = 0;
    std::array<host::Segment, most_pieces> pieces;
    bool active = false;
    std::uint64_t inspected = 0;  // bytes that were right
  };
  class Last final : public host::RequestOwner {
   public:
    explicit Last(Checker& checker) : checker_{checker} {}
    void completed(Request& request, Duration) override {
      if (request.status != host::RequestStatus::ok) checker_.complain("the last flush failed", 0, 0);
      checker_.context_.calendar.stop();
    }

   private:
    Checker& checker_;
  };
  void flush_all(Duration at) {
    last_request_.op = IoRequest::Op::flush;
    last_request_.owner = &last_;
    last_request_.tag.open(++made_);
    machine_.device().submit(last_request_, at);
  }
  /// The span as the file system would find it on the host's drive.
  void check_image(machine::ImageFile& image) {
    std::array<std::uint8_t, sector> held;
    for (std::uint64_t at = 0; at < span_sectors_; ++at) {
      const std::optional<std::uint64_t> place = image.host_file()->disk_sector(first_ + at);
      held.fill(0);
      if (place) image.drive()->content().read(*place, 1, held.data());
      if (std::memcmp(held.data(), &copy_[at * sector], sector) != 0) complain("the host's drive differs at the end", first_ + at, 1);
    }
  }
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  std::uint32_t any_size() {
    const std::uint64_t kind = below(100);
    return static_cast<std::uint32_t>(1 + below(kind < 75 ? 8 : kind < 97 ? 64 : largest_sectors));
  }
  IoRequest::Op any_op() {
    const std::uint64_t kind = below(1000);
    if (kind < 5) return IoRequest::Op::flush;
    if (kind < 15 && options_.trims) return IoRequest::Op::trim;
    return kind < 500 ? IoRequest::Op::write : IoRequest::Op::read;
  }
  /// Whether another request outstanding forbids this one: its outcome would depend on which the disk does first.
  bool collides(const Request& wanted) const {
    for (const Task& other : tasks_) {
      const Request& request = other.request;
      if (!other.active || request.op == IoRequest::Op::flush) continue;
      if (request.op == IoRequest::Op::read && wanted.op == IoRequest::Op::read) continue;
      if (request.lba < wanted.lba + wanted.sectors && wanted.lba < request.lba + request.sectors) return true;
    }
    return false;
  }
  void make(Task& task, Duration at) {
    Request& request = task.request;
    request.op = any_op();
    request.fua = request.op == IoRequest::Op::write && below(100) == 0;
    request.priority = below(10) == 0;
    do {
      request.sectors = request.op == IoRequest::Op::flush ? 0 : any_size();
      request.lba = request.sectors ? first_ + below(span_sectors_ - request.sectors + 1) : 0;
    } while (request.sectors && collides(request));
    request.segments = nullptr, request.segment_count = 0;
    const bool data = request.op == IoRequest::Op::read || request.op == IoRequest::Op::write;
    request.with_data = data && !options_.scattered;
    task.inspected = 0;
    if (data && options_.scattered) lay_out(task);
    std::uint8_t* const there = request.sectors ? &copy_[(request.lba - first_) * sector] : nullptr;
    if (request.op == IoRequest::Op::write) {
      for (std::uint64_t i = 0; i < request.sectors * sector; i += 8) {
        counter_ += 0x9e3779b97f4a7c15u;
        const std::uint64_t word = counter_ ^ counter_ >> 27;
        std::memcpy(there + i, &word, 8);
      }
      std::uint64_t done = 0;
      for (std::size_t i = 0; i < request.segment_count; done += task.pieces[i++].bytes)
        std::memcpy(memory_.at(task.pieces[i].address, task.pieces[i].bytes), there + done, task.pieces[i].bytes);
    } else if (request.op == IoRequest::Op::trim) {
      std::memset(there, 0, request.sectors * sector);
    }
    task.active = true;
    request.tag.open(++made_);
    machine_.device().submit(request, at);
  }
  /// Cuts the buffer into pieces at even places, with gaps, rising or falling in memory, over a region of canaries.
  void lay_out(Task& task) {
    Request& request = task.request;
    const auto bytes = static_cast<std::uint32_t>(request.sectors * sector);
    std::memset(memory_.at(task.base, region_bytes), canary, std::min<std::uint64_t>(bytes + 64 * (most_pieces + 1), region_bytes));
    const std::uint64_t kind = below(100);
    std::size_t count = 1 + below(kind < 40 ? 1 : kind < 98 ? 9 : most_pieces);
    std::array<std::uint32_t, most_pieces + 1> cuts;
    cuts[0] = 0;
    for (std::size_t i = 1; i < count; ++i) cuts[i] = static_cast<std::uint32_t>(2 + 2 * below(bytes / 2 - 1));
    std::sort(cuts.begin(), cuts.begin() + static_cast<std::ptrdiff_t>(count));
    count = static_cast<std::size_t>(std::unique(cuts.begin(), cuts.begin() + static_cast<std::ptrdiff_t>(count)) - cuts.begin());
    cuts[count] = bytes;
    const bool falling = below(2) == 0;
    std::uint64_t address = task.base + 2 * below(32);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t piece = falling ? count - 1 - i : i;
      task.pieces[piece] = {address, cuts[piece + 1] - cuts[piece]};
      address += task.pieces[piece].bytes + 2 * below(32);
    }
    request.segments = task.pieces.data();
    request.segment_count = static_cast<std::uint32_t>(count);
    run_.prds += count;
  }
  void check(const Task& task) {
    const Request& request = task.request;
    bool right = request.status == host::RequestStatus::ok;
    if (!right) complain(host::name_of(request.status), request.lba, request.sectors);
    switch (request.op) {
      case IoRequest::Op::read: ++run_.reads; right = right && data_right(task); break;
      case IoRequest::Op::write: ++run_.writes; break;
      case IoRequest::Op::trim: ++run_.trims; break;
      case IoRequest::Op::flush: ++run_.flushes; break;
    }
    run_.right += right;
  }
  bool data_right(const Task& task) {
    const Request& request = task.request;
    if (!options_.scattered) {
      run_.bytes_compared += request.sectors * sector;
      return task.inspected == request.sectors * sector || complain("wrong data", request.lba, request.sectors);
    }
    const std::uint8_t* expected = &copy_[(request.lba - first_) * sector];
    for (std::size_t i = 0; i < request.segment_count; expected += task.pieces[i++].bytes)
      if (std::memcmp(memory_.at(task.pieces[i].address, task.pieces[i].bytes), expected, task.pieces[i].bytes) != 0)
        return complain("wrong data", request.lba, request.sectors);
    run_.bytes_compared += request.sectors * sector;
    return gaps_right(task);
  }
  bool gaps_right(const Task& task) {
    const Request& request = task.request;
    const bool falling = request.segment_count > 1 && task.pieces[1].address < task.pieces[0].address;
    std::uint64_t at = task.base;
    for (std::size_t i = 0; i <= request.segment_count; ++i) {
      const bool last = i == request.segment_count;
      const host::Segment& piece = task.pieces[last ? 0 : falling ? request.segment_count - 1 - i : i];
      const std::uint64_t end = last ? at + 64 : piece.address;
      const std::uint8_t* const gap = memory_.at(at, end - at);
      if (!std::all_of(gap, gap + std::min(end, task.base + region_bytes) - at, [](std::uint8_t byte) { return byte == canary; }))
        return complain("bytes beside the buffer were written", request.lba, request.sectors);
      at = piece.address + piece.bytes;
    }
    return true;
  }
  bool complain(const char* what, std::uint64_t lba, std::uint32_t sectors) {
    if (!run_.first_wrong[0])
      std::snprintf(run_.first_wrong, sizeof run_.first_wrong, "%s: LBA %llu, %u sectors, after %llu requests (seed %llu)", what,
                    static_cast<unsigned long long>(lba), sectors, static_cast<unsigned long long>(run_.requests),
                    static_cast<unsigned long long>(options_.seed));
    return false;
  }

  machine::Machine& machine_;
  const bool ignores_flushes_;
  host::Memory& memory_;
  kit::Context& context_;
  const IntegrityOptions& options_;
  std::mt19937_64 random_;
  const std::uint64_t span_sectors_, first_;
  std::vector<std::uint8_t> copy_;
  std::array<Task, 32> tasks_;
  std::uint64_t made_ = 0, counter_ = 0;
  Last last_{*this};
  Request last_request_;
};

}  // namespace

IntegrityRun run_integrity(const Settings& settings, const IntegrityOptions& options) {
  std::vector<machine::Setting> all{{"host.probe.fast_probe", "true", "figure"}};
  for (const auto& [key, text] : settings) all.push_back({key, text, "figure"});
  const machine::Parameters parameters{all};
  kit::Context context{options.seed};
  context.calendar.set_run_ahead_limit(Duration::never());
  const std::unique_ptr<machine::Machine> machine = machine::make_machine(context, parameters);
  const bool ignores_flushes = parameters.is_emulated() && host::cache_mode_of(parameters.emulated->image.cache()).no_flush;
  Checker checker{*machine, context, options, ignores_flushes};
  machine->device().listen(checker);
  timespec begin{}, end{};
  clock_gettime(CLOCK_MONOTONIC, &begin);
  sc_core::sc_start();
  clock_gettime(CLOCK_MONOTONIC, &end);
  if (!checker.throw_later_.empty()) throw std::runtime_error{checker.throw_later_};
  if (const std::string failure = machine->failure(); !failure.empty()) throw std::runtime_error{failure};
  checker.check_store();
  IntegrityRun run = checker.run_;
  run.wall_seconds = static_cast<double>(end.tv_sec - begin.tv_sec) + 1e-9 * static_cast<double>(end.tv_nsec - begin.tv_nsec);
  run.diagnostics = context.diagnostics.count();
  return run;
}

IntegrityRun run_integrity_apart(const Settings& settings, const IntegrityOptions& options) {
  return apart([&] { return run_integrity(settings, options); });
}

std::string summary_of(const IntegrityRun& run, const IntegrityOptions& options) {
  return fmt::format("seed {}: {} reads, {} writes, {} trims, {} flushes, {} pieces, {} bytes compared in {:.2f} s", options.seed, run.reads,
                     run.writes, run.trims, run.flushes, run.prds, run.bytes_compared, run.wall_seconds);
}

}  // namespace ahcisim::measure
