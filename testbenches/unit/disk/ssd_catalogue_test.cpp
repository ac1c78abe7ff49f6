// SPDX-License-Identifier: MIT
// The catalogue of solid state drives: names, what is refused, and where every number comes from.
#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ahcisim/models/disk/ssd/drive.hpp>

namespace ahcisim::disk::ssd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string error_of(const std::function<void()>& what) {
  try {
    what();
  } catch (const kit::ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(SsdCatalogue, NamesTheNearestDrive) {
  SsdParameters parameters;
  EXPECT_EQ(error_of([&] { apply_drive(parameters, "samsung-850pro"); }),
            "unknown solid state drive \"samsung-850pro\"; did you mean \"samsung-850-pro\"?");
  EXPECT_THAT(error_of([&] { apply_drive(parameters, "floppy") ; }), HasSubstr("known are samsung-850-pro, intel-s4500"));
}

TEST(SsdCatalogue, RefusesWhatCannotBe) {
  SsdParameters parameters;
  parameters.set("capacity", "100000001B");
  EXPECT_THAT(error_of([&] { Drive{parameters}; }), HasSubstr("no multiple of 512 bytes"));
  SsdParameters crooked;
  crooked.set("page", "5000B");
  EXPECT_THAT(error_of([&] { Drive{crooked}; }), HasSubstr("no multiple of 4 KiB"));
}

TEST(SsdCatalogue, EveryDriveCanBeBuiltAndEveryNumberHasASource) {
  for (const std::string& name : known_drives()) {
    SsdParameters parameters;
    apply_drive(parameters, name);
    for (const kit::ParameterBase* parameter : parameters.all()) {
      EXPECT_FALSE(parameter->source().text().empty()) << parameter->name();
      EXPECT_FALSE(parameter->meaning().empty()) << parameter->name();
    }
    EXPECT_EQ(Drive{parameters}.facts().sectors * 512, static_cast<std::uint64_t>(parameters.capacity().value));
  }
}

TEST(SsdCatalogue, ADriveBringsTheSourcesOfItsOwnNumbers) {
  SsdParameters parameters;
  EXPECT_THAT(parameters.write_rate.source().text(), HasSubstr("850 PRO"));
  apply_drive(parameters, "intel-s4500");
  for (const kit::ParameterBase* parameter : parameters.all())
    EXPECT_THAT(parameter->source().text(), Not(HasSubstr("850 PRO"))) << parameter->name();
  EXPECT_EQ(parameters.write_rate.source().kind(), kit::Source::Kind::cited);
  EXPECT_EQ(parameters.write_rate.default_text(), parameters.write_rate.text()) << "the drive's own default";
}

}  // namespace
}  // namespace ahcisim::disk::ssd
