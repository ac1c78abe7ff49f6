// SPDX-License-Identifier: MIT
// Reads a text file line by line, plain or compressed, in constant memory; knows where it is for error
// messages.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ahcisim::host {

/// Text from a file made fit for a message or a name: control characters and what is not UTF-8 become "?",
/// and more than `longest` bytes end in "…".
std::string printable(std::string_view text, std::size_t longest = 60);

/// The lines of a text file. xz and gzip are recognised by their first bytes, whatever the file is called.
class LineReader {
 public:
  /// What a last line without an end means: traces are written by programs, so there it is a sign of
  /// truncation.
  enum class LastLine { must_end, may_be_open };

  /// Throws kit::ConfigError where the file is missing, unreadable or a truncated archive.
  explicit LineReader(std::string path, LastLine last_line = LastLine::must_end);
  ~LineReader();

  /// The next line without its end (LF or CRLF), valid until the next call; false at the end of the file.
  /// Throws kit::ConfigError for a damaged archive, an over-long line (64 KiB) and a last line that was cut.
  bool next(std::string_view& line);
  void rewind();

  const std::string& path() const { return path_; }
  /// Number of the line that next() gave last, from 1.
  std::uint64_t line_number() const { return line_number_; }
  /// "file:line" of a line, for errors.
  std::string place_of(std::uint64_t line) const { return path_ + ":" + std::to_string(line); }
  /// Part of the file (as it is stored) that is consumed, 0 … 1.
  double progress() const;
  /// Throws kit::ConfigError "file:line:column: message"; column counts bytes from 1, 0 leaves it out.
  [[noreturn]] void fail(std::size_t column, const std::string& message) const;

 private:
  struct Decoder;
  bool refill();

  std::string path_;
  LastLine last_line_;
  std::unique_ptr<Decoder> decoder_;
  std::string buffer_;  // text not yet handed out starts at begin_
  std::size_t begin_ = 0;
  bool at_end_ = false;
  std::uint64_t line_number_ = 0;
};

/// Takes one line of a LineReader apart; every failure names file, line and column, and what was expected
/// there.
class LineFields {
 public:
  LineFields(const LineReader& reader, std::string_view line) : reader_{reader}, line_{line} {}

  /// Skips blanks; true if nothing but blanks is left.
  bool at_end();
  /// The next word (up to a blank). `expected` says in the error what should have stood there.
  std::string_view word(const char* expected);
  /// An unsigned decimal number.
  std::uint64_t number(const char* expected, std::uint64_t highest = INT64_MAX);
  /// A finite decimal number, 0 or above, at most `highest`.
  double real(const char* expected, double highest);
  /// Nothing but blanks may follow.
  void end();
  /// Fails at the word taken last.
  [[noreturn]] void fail_at_word(const std::string& expected) const;
  /// The word taken last.
  std::string_view last() const { return line_.substr(word_, position_ - word_); }

 private:
  const LineReader& reader_;
  std::string_view line_;
  std::size_t position_ = 0, word_ = 0;
};

}  // namespace ahcisim::host
