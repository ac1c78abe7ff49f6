// SPDX-License-Identifier: MIT
// Writing of requests.csv.
#include "requests_csv.hpp"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::program {
namespace {

std::string csv_quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char letter : text) quoted += letter == '"' ? std::string{"\"\""} : std::string{letter};
  return quoted + '"';
}

}  // namespace

RequestsCsv::RequestsCsv(const std::string& file, const std::string& workload, const std::string& point)
    : name_{file}, prefix_{csv_quoted(workload) + ',' + csv_quoted(point)}, buffer_(1 << 16), file_{std::fopen(file.c_str(), "w"), std::fclose} {
  if (!file_) throw kit::ConfigError{file + ": cannot be written; choose another folder with --results"};
  std::setvbuf(file_.get(), buffer_.data(), _IOFBF, buffer_.size());
  std::string header = "workload,point,request,op,lba,sectors,status,submitted_ps,latency_ps";
  for (std::size_t i = 1; i < wire::account_count; ++i) header += fmt::format(",{}_ps", wire::name_of(static_cast<wire::Stage>(i)));
  fmt::print(file_.get(), "{}\n", header);
}

void RequestsCsv::completed(const host::Request& request, const wire::RequestTag& tag) {
  fmt::memory_buffer row;
  const std::int64_t begin = tag.when(wire::Stage::submitted);
  fmt::format_to(std::back_inserter(row), "{},{},{},{},{},{},{},{}", prefix_, tag.id, name_of(request.op), request.lba, request.sectors,
                 name_of(request.status), begin, tag.when(wire::Stage::completed) - begin);
  // Each stage is the time since the points before were passed; a point that was not passed is left empty.
  std::array<std::int64_t, wire::account_count> stages;
  stages.fill(-1);
  tag.account([&](wire::Stage stage, std::int64_t ps) { stages[static_cast<std::size_t>(stage)] = ps; });
  for (std::size_t i = 1; i < wire::account_count; ++i) {
    if (stages[i] < 0) row.push_back(',');
    else fmt::format_to(std::back_inserter(row), ",{}", stages[i]);
  }
  row.push_back('\n');
  std::fwrite(row.data(), 1, row.size(), file_.get());
}

void RequestsCsv::close() {
  if (std::fflush(file_.get()) != 0 || std::ferror(file_.get()))
    throw kit::ConfigError{fmt::format("{}: cannot be written ({}); make room, or choose another folder with --results", name_,
                                       std::strerror(errno))};
}

}  // namespace ahcisim::program
