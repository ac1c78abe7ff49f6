// SPDX-License-Identifier: MIT
// What the workload tests share: temporary files, archives, draining a source, the text of an error.
#pragma once

#include <unistd.h>

#include <ahcisim/models/host/workload/request.hpp>
#include <ahcisim/models/kit/param.hpp>
#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

namespace ahcisim::host {

/// A file with the given content, gone at the end of its scope.
class TextFile {
 public:
  explicit TextFile(const std::string& content, const std::string& suffix = ".txt") {
    static int serial = 0;
    path_ = (std::filesystem::temp_directory_path() /
             ("ahcisim-wl-" + std::to_string(::getpid()) + "-" + std::to_string(serial++) + suffix))
                .string();
    std::ofstream{path_, std::ios::binary} << content;
  }
  ~TextFile() { std::filesystem::remove(path_); }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

template <class Filter>
std::string packed(const std::string& text) {
  std::istringstream from{text};
  std::ostringstream to;
  boost::iostreams::filtering_ostream out;
  out.push(Filter{});
  out.push(to);
  boost::iostreams::copy(from, out);
  return to.str();
}
inline std::string packed_xz(const std::string& text) {
  return packed<boost::iostreams::lzma_compressor>(text);
}
inline std::string packed_gzip(const std::string& text) {
  return packed<boost::iostreams::gzip_compressor>(text);
}

/// Takes everything a source has (at most `limit`), and returns how many that was.
inline std::uint64_t drain(RequestSource& source, std::uint64_t limit = UINT64_MAX) {
  IoRequest request;
  std::uint64_t count = 0;
  while (count < limit && source.next(request)) ++count;
  return count;
}

/// The text of the ConfigError that `action` throws, "" where it throws none.
template <class Action>
std::string error_of(Action&& action) {
  try {
    std::forward<Action>(action)();
  } catch (const kit::ConfigError& error) {
    return error.what();
  }
  return "";
}

/// The folder of the reference data.
inline std::filesystem::path data_folder() {
  if (const char* folder = std::getenv("AHCISIM_DATA")) return folder;
  return std::filesystem::path{AHCISIM_SOURCE_DIR} / "../shared/data";
}

}  // namespace ahcisim::host
