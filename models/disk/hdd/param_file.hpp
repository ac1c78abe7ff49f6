// SPDX-License-Identifier: MIT
// DiskSim's parameter file syntax (DiskSim 4.0 manual, "The libparam parameter-file interface"): typed, named blocks of
// `key = value,` with numbers, words, lists, nested blocks, `source FILE` and # comments.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ahcisim::disk::hdd {

/// Where something stands, for messages: FILE:LINE:COLUMN, both counted from 1.
struct FilePlace {
  std::string file;
  int line = 1, column = 1;
};

/// "FILE:LINE:COLUMN: WHAT" as kit::ConfigError.
[[noreturn]] void refuse(const FilePlace& place, const std::string& what);

struct ParamValue {
  enum class Kind : std::uint8_t { number, word, list, block, source };
  Kind kind = Kind::number;
  FilePlace place;
  double number = 0;
  std::string word;                                        ///< word, file name, or type of a block
  std::vector<ParamValue> items;                           ///< list
  std::vector<std::pair<std::string, ParamValue>> fields;  ///< block

  /// "number", "list" … for messages.
  const char* kind_name() const;
};

/// Reads a file of one block, `TYPE NAME { … }`, whose type must be `type`. Throws kit::ConfigError with file, line,
/// column and what was expected.
ParamValue read_param_file(const std::string& path, const std::string& type);

/// Takes the fields of a block one by one; what nobody has taken in the end is an error that names the nearest key known.
class FieldReader {
 public:
  explicit FieldReader(const ParamValue& block);
  /// The number of a key; its absence is an error.
  double number(const std::string& key);
  /// A whole number in [low, high].
  std::int64_t integer(const std::string& key, std::int64_t low, std::int64_t high);
  bool flag(const std::string& key) { return integer(key, 0, 1) != 0; }
  const std::string& word(const std::string& key);
  /// A value of one kind.
  const ParamValue& value(const std::string& key, ParamValue::Kind kind);
  /// A key that has no bearing on this model.
  void ignore(const std::string& key);
  /// A key that may stand there with one value only, since others are not modelled. `why` completes "…: ".
  void only(const std::string& key, double accepted, const std::string& why);
  /// Every field has been taken.
  void finish();

 private:
  const ParamValue* find(const std::string& key);
  const ParamValue& need(const std::string& key);
  const ParamValue& block_;
  std::vector<bool> taken_;
  std::vector<std::string> known_;
};

}  // namespace ahcisim::disk::hdd
