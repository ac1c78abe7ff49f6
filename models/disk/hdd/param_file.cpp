// SPDX-License-Identifier: MIT
// Reading DiskSim's parameter file syntax.
#include <ahcisim/models/disk/hdd/param_file.hpp>

#include <cctype>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <fmt/core.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::disk::hdd {

void refuse(const FilePlace& place, const std::string& what) {
  throw kit::ConfigError{fmt::format("{}:{}:{}: {}", place.file, place.line, place.column, what)};
}

const char* ParamValue::kind_name() const {
  constexpr const char* names[] = {"number", "word", "list", "block", "source file"};
  return names[static_cast<std::size_t>(kind)];
}

namespace {

constexpr int deepest = 16;

class Parser {
 public:
  explicit Parser(const std::string& path) {
    place_.file = path;
    std::ifstream in{path, std::ios::binary};
    if (!in) throw kit::ConfigError{fmt::format("{}: cannot be read; check the name and the permissions", path)};
    text_.assign(std::istreambuf_iterator<char>{in}, {});
  }

  ParamValue file(const std::string& type) {
    skip();
    const FilePlace at = place_;
    const std::string found = bare_word("the type of a block");
    if (found != type) refuse(at, fmt::format("expected a block of type {}, found {}", type, found));
    skip();
    bare_word("the name of the block");
    ParamValue value = block(type, at, 0);
    skip();
    if (more()) refuse(place_, fmt::format("expected the end of the file, found {}", here()));
    return value;
  }

 private:
  bool more() const { return at_ < text_.size(); }
  char peek() const { return text_[at_]; }
  void step() {
    if (text_[at_++] == '\n') {
      ++place_.line;
      place_.column = 1;
    } else {
      ++place_.column;
    }
  }
  void skip() {
    while (more()) {
      if (peek() == '#') {
        while (more() && peek() != '\n') step();
      } else if (std::isspace(static_cast<unsigned char>(peek()))) {
        step();
      } else {
        return;
      }
    }
  }
  std::string here() const {
    if (!more()) return "the end of the file";
    std::size_t end = at_;
    while (end < text_.size() && end - at_ < 20 && text_[end] != '\n') ++end;
    return "'" + text_.substr(at_, end - at_) + "'";
  }
  void expect(char wanted, const char* why) {
    skip();
    if (!more() || peek() != wanted) refuse(place_, fmt::format("expected '{}' {}, found {}", wanted, why, here()));
    step();
  }
  static bool ends_word(char c) {
    return std::isspace(static_cast<unsigned char>(c)) || c == ',' || c == '{' || c == '}' || c == '[' || c == ']' ||
           c == '=' || c == '#';
  }
  std::string bare_word(const char* what) {
    std::string word;
    while (more() && !ends_word(peek())) {
      word += peek();
      step();
    }
    if (word.empty()) refuse(place_, fmt::format("expected {}, found {}", what, here()));
    return word;
  }
  std::string key() {
    const FilePlace at = place_;
    std::string key;
    while (more() && peek() != '=' && peek() != '{' && peek() != '}' && peek() != ',') {
      key += std::isspace(static_cast<unsigned char>(peek())) ? ' ' : peek();
      step();
    }
    while (!key.empty() && key.back() == ' ') key.pop_back();
    if (key.empty()) refuse(at, fmt::format("expected a parameter's name, found {}", here()));
    return key;
  }
  ParamValue block(const std::string& type, const FilePlace& at, int depth) {
    ParamValue value;
    value.kind = ParamValue::Kind::block;
    value.place = at;
    value.word = type;
    expect('{', "to open the block");
    for (;;) {
      skip();
      if (more() && peek() == '}') break;
      if (!more()) refuse(place_, "expected '}' to close the block, found the end of the file");
      std::string name = key();
      expect('=', "behind the parameter's name");
      value.fields.emplace_back(std::move(name), parse_value(depth + 1));
      skip();
      if (more() && peek() == ',') step();
      else if (more() && peek() != '}') refuse(place_, fmt::format("expected ',' or '}}' behind the value, found {}", here()));
    }
    step();
    return value;
  }
  ParamValue list(const FilePlace& at, int depth) {
    ParamValue value;
    value.kind = ParamValue::Kind::list;
    value.place = at;
    step();
    for (;;) {
      skip();
      if (more() && peek() == ']') break;
      if (!more()) refuse(place_, "expected ']' to close the list, found the end of the file");
      value.items.push_back(parse_value(depth + 1));
      skip();
      if (more() && peek() == ',') step();
      else if (more() && peek() != ']') refuse(place_, fmt::format("expected ',' or ']' behind the value, found {}", here()));
    }
    step();
    return value;
  }
  ParamValue parse_value(int depth) {
    skip();
    const FilePlace at = place_;
    if (depth > deepest) refuse(at, fmt::format("blocks nest deeper than {}", deepest));
    if (more() && peek() == '[') return list(at, depth);
    const std::string word = bare_word("a value");
    ParamValue value;
    value.place = at;
    value.word = word;
    char* end = nullptr;
    const double number = std::strtod(word.c_str(), &end);
    if (*end == '\0' && std::isfinite(number)) {
      value.number = number;
      return value;
    }
    skip();
    if (word == "source") {
      value.kind = ParamValue::Kind::source;
      value.word = bare_word("the name of a file");
      return value;
    }
    if (more() && peek() == '{') return block(word, at, depth);
    value.kind = ParamValue::Kind::word;
    return value;
  }

  std::string text_;
  std::size_t at_ = 0;
  FilePlace place_;
};

}  // namespace

ParamValue read_param_file(const std::string& path, const std::string& type) { return Parser{path}.file(type); }

FieldReader::FieldReader(const ParamValue& block) : block_{block}, taken_(block.fields.size()) {}

const ParamValue* FieldReader::find(const std::string& key) {
  known_.push_back(key);
  const ParamValue* found = nullptr;
  for (std::size_t i = 0; i < taken_.size(); ++i) {
    if (block_.fields[i].first != key) continue;
    if (found) refuse(block_.fields[i].second.place, fmt::format("'{}' stands here a second time; remove one", key));
    taken_[i] = true;
    found = &block_.fields[i].second;
  }
  return found;
}

const ParamValue& FieldReader::need(const std::string& key) {
  const ParamValue* found = find(key);
  if (!found) refuse(block_.place, fmt::format("{} lacks '{}'", block_.word, key));
  return *found;
}

const ParamValue& FieldReader::value(const std::string& key, ParamValue::Kind kind) {
  const ParamValue& found = need(key);
  ParamValue wanted;
  wanted.kind = kind;
  if (found.kind != kind) refuse(found.place, fmt::format("'{}': expected a {}, found a {}", key, wanted.kind_name(), found.kind_name()));
  return found;
}

double FieldReader::number(const std::string& key) { return value(key, ParamValue::Kind::number).number; }

std::int64_t FieldReader::integer(const std::string& key, std::int64_t low, std::int64_t high) {
  const ParamValue& found = value(key, ParamValue::Kind::number);
  if (found.number != std::floor(found.number) || found.number < static_cast<double>(low) || found.number > static_cast<double>(high))
    refuse(found.place, fmt::format("'{}': expected a whole number from {} to {}, found {}", key, low, high, found.word));
  return static_cast<std::int64_t>(found.number);
}

const std::string& FieldReader::word(const std::string& key) { return value(key, ParamValue::Kind::word).word; }

void FieldReader::ignore(const std::string& key) { find(key); }

void FieldReader::only(const std::string& key, double accepted, const std::string& why) {
  const ParamValue* found = find(key);
  if (!found || (found->kind == ParamValue::Kind::number && found->number == accepted)) return;
  refuse(found->place, fmt::format("'{}': expected {:g}, found {}: {}", key, accepted,
                                   found->kind == ParamValue::Kind::number ? found->word : found->kind_name(), why));
}

void FieldReader::finish() {
  for (std::size_t i = 0; i < taken_.size(); ++i) {
    if (taken_[i]) continue;
    const std::string near = kit::nearest(block_.fields[i].first, known_);
    refuse(block_.fields[i].second.place,
           fmt::format("{} has no parameter '{}'{}", block_.word, block_.fields[i].first,
                       near.empty() ? std::string{"; remove it"} : "; did you mean '" + near + "'?"));
  }
}

}  // namespace ahcisim::disk::hdd
