// SPDX-License-Identifier: MIT
// Parameters: every number a model uses, with its unit, its source and its meaning, settable by name from outside.
//
// A block declares a struct of them:
//
//     struct PhyParameters : kit::ParameterSet {
//       kit::Parameter<kit::Duration> comreset{*this, "comreset", 320_ns, kit::cited("Serial ATA 3.x, 7.2.2.7.3"),
//                                              "gap between COMRESET bursts"};
//     };
//
// One without a source does not compile; one whose source is an assumption says why and is listed by the test run.
// Read it with `parameters.comreset()`. Sets are not copied: a machine owns them and blocks keep a reference or the
// values they need.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::kit {

/// Where a number comes from.
class Source {
 public:
  enum class Kind { cited, measured, derived, assumed, choice };
  Kind kind() const { return kind_; }
  /// The document, measurement, derivation or reason.
  const std::string& text() const { return text_; }

 private:
  Source(Kind kind, std::string text) : kind_{kind}, text_{std::move(text)} {}
  friend Source cited(std::string);
  friend Source measured(std::string);
  friend Source derived(std::string);
  friend Source assumed(std::string);
  friend Source choice(std::string);
  Kind kind_;
  std::string text_;
};
/// A document, with its section.
inline Source cited(std::string document) { return {Source::Kind::cited, std::move(document)}; }
/// A measurement, with where it is recorded.
inline Source measured(std::string where) { return {Source::Kind::measured, std::move(where)}; }
/// Computed from other known numbers; give the formula.
inline Source derived(std::string formula) { return {Source::Kind::derived, std::move(formula)}; }
/// Nobody published it; say why this value.
inline Source assumed(std::string why) { return {Source::Kind::assumed, std::move(why)}; }
/// Not a physical quantity but a configuration the user chooses (a queue depth, a file name).
inline Source choice(std::string what) { return {Source::Kind::choice, std::move(what)}; }

/// A mistake in what the user gave. what() is one line: where, what, remedy.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The type-independent face of a parameter.
class ParameterBase {
 public:
  ParameterBase(const ParameterBase&) = delete;
  ParameterBase& operator=(const ParameterBase&) = delete;
  const std::string& name() const { return name_; }
  const Source& source() const { return source_; }
  const std::string& meaning() const { return meaning_; }
  /// The unit family in words: "time", "size", "rate", "count", "choice of a|b|c" …
  virtual std::string kind() const = 0;
  virtual std::string text() const = 0;
  virtual std::string default_text() const = 0;
  /// Takes a text with a unit. Throws ConfigError naming the key, the fault and the accepted form.
  virtual void set_text(std::string_view text) = 0;

 protected:
  ParameterBase(std::string name, Source source, std::string meaning)
      : name_{std::move(name)}, source_{std::move(source)}, meaning_{std::move(meaning)} {}
  ~ParameterBase() = default;
  void set_source(Source source) { source_ = std::move(source); }

 private:
  std::string name_;
  Source source_;
  std::string meaning_;
};

/// The parameters of one block, by name, in the order of declaration.
class ParameterSet {
 public:
  ParameterSet() = default;
  ParameterSet(const ParameterSet&) = delete;
  ParameterSet& operator=(const ParameterSet&) = delete;
  const std::vector<ParameterBase*>& all() const { return all_; }
  /// nullptr where there is none of that name.
  ParameterBase* find(std::string_view name) const;
  /// Sets one by name. Throws ConfigError: an unknown name is answered with the nearest known one.
  void set(std::string_view name, std::string_view text);

 private:
  template <class T> friend class Parameter;
  friend class Choice;
  std::vector<ParameterBase*> all_;
};

/// The nearest of `known` to `word` by edit distance, or an empty text where nothing is close.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

/// Text to value and back for each type a parameter may have; throws ConfigError with the accepted form.
template <class T> struct TextOf;
template <> struct TextOf<Duration> {
  static Duration parse(std::string_view text);
  static std::string print(Duration v) { return to_text(v); }
  static constexpr const char* kind = "time";
};
template <> struct TextOf<Bytes> {
  static Bytes parse(std::string_view text);
  static std::string print(Bytes v) { return to_text(v); }
  static constexpr const char* kind = "size";
};
template <> struct TextOf<Rate> {
  static Rate parse(std::string_view text);
  static std::string print(Rate v) { return to_text(v); }
  static constexpr const char* kind = "rate";
};
template <> struct TextOf<Rpm> {
  static Rpm parse(std::string_view text);
  static std::string print(Rpm v) { return to_text(v); }
  static constexpr const char* kind = "rotation speed";
};
template <> struct TextOf<Ratio> {
  static Ratio parse(std::string_view text);
  static std::string print(Ratio v) { return to_text(v); }
  static constexpr const char* kind = "ratio";
};
template <> struct TextOf<std::int64_t> {  // a count: no unit
  static std::int64_t parse(std::string_view text);
  static std::string print(std::int64_t v) { return std::to_string(v); }
  static constexpr const char* kind = "count";
};
template <> struct TextOf<bool> {
  static bool parse(std::string_view text);
  static std::string print(bool v) { return v ? "true" : "false"; }
  static constexpr const char* kind = "true|false";
};
template <> struct TextOf<std::string> {
  static std::string parse(std::string_view text) { return std::string{text}; }
  static std::string print(const std::string& v) { return v; }
  static constexpr const char* kind = "text";
};

/// One parameter of type Duration, Bytes, Rate, Rpm, Ratio, std::int64_t (a count), bool or std::string.
template <class T> class Parameter final : public ParameterBase {
 public:
  /// The inclusive range of valid values; a value outside is refused from outside.
  struct Range {
    T low, high;
  };
  Parameter(ParameterSet& owner, std::string name, T value, Source source, std::string meaning,
            std::optional<Range> range = {})
      : ParameterBase{std::move(name), std::move(source), std::move(meaning)},
        value_{value}, default_{value}, range_{std::move(range)} {
    owner.all_.push_back(this);
  }
  const T& operator()() const { return value_; }
  /// Sets from inside what the user chose otherwise (a seed, a profile); the source stays.
  void set(T value) { value_ = std::move(value); }
  /// Gives another default from inside (a drive of the catalogue), with where that value comes from.
  void set(T value, Source source) {
    value_ = value;
    default_ = std::move(value);
    set_source(std::move(source));
  }
  std::string kind() const override { return TextOf<T>::kind; }
  std::string text() const override { return TextOf<T>::print(value_); }
  std::string default_text() const override { return TextOf<T>::print(default_); }
  void set_text(std::string_view text) override {
    T parsed;
    try {
      parsed = TextOf<T>::parse(text);
    } catch (const ConfigError& error) {
      throw ConfigError{name() + " = \"" + std::string{text} + "\": " + error.what()};
    }
    if (range_ && (parsed < range_->low || range_->high < parsed))
      throw ConfigError{name() + " = \"" + std::string{text} + "\": outside " + TextOf<T>::print(range_->low) +
                        " … " + TextOf<T>::print(range_->high)};
    value_ = std::move(parsed);
  }

 private:
  T value_, default_;
  std::optional<Range> range_;
};

/// A parameter whose value is one of a few words.
class Choice : public ParameterBase {
 public:
  Choice(ParameterSet& owner, std::string name, std::string value, std::vector<std::string> words, Source source,
         std::string meaning);
  const std::string& operator()() const { return value_; }
  /// Position of the value in the list of words.
  std::size_t index() const;
  std::string kind() const override;
  std::string text() const override { return value_; }
  std::string default_text() const override { return default_; }
  void set_text(std::string_view text) override;

 private:
  std::string value_, default_;
  std::vector<std::string> words_;
};

}  // namespace ahcisim::kit
