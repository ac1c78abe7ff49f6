// SPDX-License-Identifier: MIT
// Reading text files in pieces, through a decompressor where the first bytes ask for one.
#include <fmt/format.h>
#include <sys/stat.h>

#include <ahcisim/models/host/workload/line_reader.hpp>
#include <ahcisim/models/kit/param.hpp>
#include <algorithm>
#include <array>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <new>

namespace ahcisim::host {
namespace {

constexpr std::size_t chunk_bytes = 64 * 1024, longest_line = 64 * 1024;
enum class Packing { none, xz, gzip };

[[noreturn]] void truncated(const std::string& path, const char* what) {
  throw kit::ConfigError{
      fmt::format("{}: the {} archive ends early or is damaged; fetch the file again", path, what)};
}

/// An xz stream ends with the footer magic "YZ", possibly followed by padding in multiples of four zero bytes
/// (The .xz File Format 1.1.0, 2.1.2.4 and 2.2). The decompressor finds a cut too, but only when it gets
/// there: after everything before has been simulated.
bool ends_as_xz(std::ifstream& file, std::int64_t size) {
  for (std::int64_t end = size; end >= 32; end -= 4) {
    std::array<char, 4> tail{};
    file.seekg(end - 4);
    file.read(tail.data(), 4);
    if (std::all_of(tail.begin(), tail.end(), [](char c) { return c == 0; })) continue;
    return tail[2] == 'Y' && tail[3] == 'Z';
  }
  return false;
}

/// Length of the UTF-8 sequence that `text` begins with (RFC 3629, 4), 0 where it is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : 0); };
  const unsigned first = byte(0), second = byte(1);
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool second_fits =
        tail(1) && !(first == 0xe0 && second < 0xa0) && !(first == 0xed && second > 0x9f);
    return second_fits && tail(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool second_fits =
        tail(1) && !(first == 0xf0 && second < 0x90) && !(first == 0xf4 && second > 0x8f);
    return second_fits && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string printable(std::string_view text, std::size_t longest) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const bool control = length == 1 && (static_cast<unsigned char>(text[0]) < 0x20 || text[0] == 0x7f);
    if (result.size() + std::max<std::size_t>(length, 1) > longest) return result + "…";
    result += length == 0 || control ? std::string_view{"?"} : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result;
}

struct LineReader::Decoder {
  explicit Decoder(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
      throw kit::ConfigError{fmt::format(
          "{}: {}; check the path (relative paths start at the current folder)", path, std::strerror(errno))};
    if (!S_ISREG(status.st_mode))
      throw kit::ConfigError{fmt::format("{}: is not a regular file; give the file of a trace or job", path)};
    size = status.st_size;
    file.open(path, std::ios::binary);
    if (!file)
      throw kit::ConfigError{
          fmt::format("{}: cannot be opened: {}; check its permissions", path, std::strerror(errno))};
    std::array<char, 6> magic{};
    file.read(magic.data(), magic.size());
    file.clear();
    if (std::memcmp(magic.data(),
                    "\xFD"
                    "7zXZ\0",
                    6) == 0)
      packing = Packing::xz;
    else if (std::memcmp(magic.data(), "\x1f\x8b", 2) == 0)
      packing = Packing::gzip;
    if (packing == Packing::xz && !ends_as_xz(file, size)) truncated(path, "xz");
    file.clear();
    start();
  }

  void start() {
    file.clear();
    file.seekg(0);
    stream = std::make_unique<boost::iostreams::filtering_streambuf<boost::iostreams::input>>();
    if (packing == Packing::xz) stream->push(boost::iostreams::lzma_decompressor{}, chunk_bytes);
    if (packing == Packing::gzip) stream->push(boost::iostreams::gzip_decompressor{}, chunk_bytes);
    stream->push(file, chunk_bytes);
  }

  std::ifstream file;
  std::int64_t size = 0;
  Packing packing = Packing::none;
  std::unique_ptr<boost::iostreams::filtering_streambuf<boost::iostreams::input>> stream;
};

LineReader::LineReader(std::string path, LastLine last_line)
    : path_{std::move(path)}, last_line_{last_line}, decoder_{std::make_unique<Decoder>(path_)} {}
LineReader::~LineReader() = default;

void LineReader::rewind() {
  decoder_->start();
  buffer_.clear();
  begin_ = 0;
  at_end_ = false;
  line_number_ = 0;
}

double LineReader::progress() const {
  if (decoder_->size == 0) return 1;
  const std::int64_t position =
      decoder_->file.eof() ? decoder_->size : static_cast<std::int64_t>(decoder_->file.tellg());
  return std::clamp(static_cast<double>(position) / static_cast<double>(decoder_->size), 0.0, 1.0);
}

bool LineReader::refill() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  const std::size_t kept = buffer_.size();
  buffer_.resize(kept + chunk_bytes);
  std::streamsize got = 0;
  const char* what = decoder_->packing == Packing::gzip ? "gzip" : "xz";
  try {
    got = decoder_->stream->sgetn(buffer_.data() + kept, chunk_bytes);
  } catch (const std::ios_base::failure&) {  // lzma_error and gzip_error are both
    truncated(path_, what);
  } catch (const std::bad_alloc&) {  // a damaged header may ask for an absurd dictionary
    truncated(path_, what);
  }
  buffer_.resize(kept + static_cast<std::size_t>(std::max<std::streamsize>(got, 0)));
  if (decoder_->file.bad())
    throw kit::ConfigError{fmt::format("{}: cannot be read any further; check the disk", path_)};
  if (got <= 0) at_end_ = true;
  return !at_end_;
}

bool LineReader::next(std::string_view& line) {
  std::size_t searched = 0;
  for (;;) {
    const void* found =
        begin_ + searched < buffer_.size()
            ? std::memchr(buffer_.data() + begin_ + searched, '\n', buffer_.size() - begin_ - searched)
            : nullptr;
    if (found) {
      const auto end = static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data());
      line = std::string_view{buffer_}.substr(begin_, end - begin_);
      begin_ = end + 1;
      break;
    }
    searched = buffer_.size() - begin_;
    if (searched > longest_line) {
      ++line_number_;
      fail(0, "a line of more than 64 KiB; this is not a text file of a known format");
    }
    if (at_end_ || !refill()) {
      if (begin_ == buffer_.size()) return false;
      ++line_number_;
      if (last_line_ == LastLine::must_end)
        fail(0,
             "the last line has no end, so the file is probably cut; fetch it again, or end the line if it "
             "is complete");
      line = std::string_view{buffer_}.substr(begin_);
      begin_ = buffer_.size();
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      return true;
    }
  }
  ++line_number_;
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return true;
}

void LineReader::fail(std::size_t column, const std::string& message) const {
  if (column == 0) throw kit::ConfigError{fmt::format("{}:{}: {}", path_, line_number_, message)};
  throw kit::ConfigError{fmt::format("{}:{}:{}: {}", path_, line_number_, column, message)};
}

bool LineFields::at_end() {
  while (position_ < line_.size() && (line_[position_] == ' ' || line_[position_] == '\t')) ++position_;
  return position_ == line_.size();
}

std::string_view LineFields::word(const char* expected) {
  const bool nothing = at_end();
  word_ = position_;
  if (nothing) fail_at_word(expected);
  while (position_ < line_.size() && line_[position_] != ' ' && line_[position_] != '\t') ++position_;
  return last();
}

std::uint64_t LineFields::number(const char* expected, std::uint64_t highest) {
  const std::string_view text = word(expected);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) fail_at_word(expected);
  if (error != std::errc{} || value > highest)
    fail_at_word(fmt::format("{} of at most {}", expected, highest));
  return value;
}

double LineFields::real(const char* expected, double highest) {
  const std::string_view text = word(expected);
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    fail_at_word(expected);
  if (!(value >= 0 && value <= highest)) fail_at_word(fmt::format("{} from 0 to {:.0f}", expected, highest));
  return value;
}

void LineFields::end() {
  if (at_end()) return;
  word("the end of the line");
  fail_at_word("the end of the line");
}

void LineFields::fail_at_word(const std::string& expected) const {
  const std::string_view found = last();
  reader_.fail(word_ + 1, found.empty()
                              ? fmt::format("expected {}, found the end of the line", expected)
                              : fmt::format("expected {}, found \"{}\"", expected, printable(found, 40)));
}

}  // namespace ahcisim::host
