// SPDX-License-Identifier: MIT
// Writing of blkparse text.
#include <ahcisim/models/host/workload/blkparse_writer.hpp>

#include <cerrno>
#include <cstring>
#include <iterator>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::host {
namespace {
constexpr std::size_t write_out_at = 64 * 1024;
constexpr std::size_t longest_line = 128;

const char* letters_of(IoRequest::Op op) {
  constexpr const char* letters[] = {"R", "W", "FF", "D"};
  return letters[static_cast<unsigned>(op)];
}
}  // namespace

BlkparseWriter::BlkparseWriter(std::string path) : path_{std::move(path)} {
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ < 0)
    throw kit::ConfigError{
        fmt::format("{}: cannot be written ({}); give a file in a folder that is there and yours", path_, std::strerror(errno))};
  pending_.reserve(write_out_at + longest_line);
}

BlkparseWriter::~BlkparseWriter() {
  if (file_ < 0) return;
  write_out();
  ::close(file_);
}

void BlkparseWriter::line(char action, const IoRequest& request, kit::Duration at) {
  const std::int64_t ns = at.ps() / 1000;
  fmt::format_to(std::back_inserter(pending_), "8,0 0 {} {}.{:09} 0 {} {}{}{} {} + {} [guest]\n", ++lines_, ns / 1'000'000'000,
                 ns % 1'000'000'000, action, request.flush_first ? "F" : "", letters_of(request.op), request.fua ? "F" : "", request.lba,
                 request.sectors);
  if (pending_.size() >= write_out_at) write_out();
}

void BlkparseWriter::write_out() {
  const char* from = pending_.data();
  for (std::size_t left = pending_.size(); left != 0 && error_ == 0;) {
    const ssize_t written = ::write(file_, from, left);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) error_ = errno;
    if (written < 0) break;
    from += written;
    left -= static_cast<std::size_t>(written);
  }
  pending_.clear();
}

void BlkparseWriter::close() {
  if (file_ < 0) return;
  write_out();
  if (::close(file_) != 0 && error_ == 0) error_ = errno;
  file_ = -1;
  if (error_ != 0)
    throw kit::ConfigError{fmt::format("{}: holds only a part of the trace ({}); make room, or record into another file", path_,
                                       std::strerror(error_))};
}

}  // namespace ahcisim::host
