// SPDX-License-Identifier: MIT
// DiskSim's drive descriptions: read as they are, and refused with file, line, column and what was expected.
#include <gtest/gtest.h>
#include <gmock/gmock.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <regex>

#include <ahcisim/models/disk/hdd/diskspecs.hpp>
#include <support/drive_validation.hpp>

namespace {

using namespace ahcisim::disk::hdd;
using ahcisim::kit::ConfigError;
using testing::HasSubstr;

constexpr const char* model_text = R"(dm_disk Small_model {
   Number of data surfaces = 2,
   Number of cylinders = 20,
   Block count = 17,
   Layout Model = dm_layout_g1 {
      LBN-to-PBN mapping scheme = 1,
      Sparing scheme used = 9,
      Rangesize for sparing = 1,
      Zones = [
         dm_layout_g1_zone {  # the only one
            First cylinder number = 0,
            Last cylinder number = 19,
            Blocks per track = 50,
            Offset of first block = 0.0,
            Empty space at zone front = 10,
            Skew for track switch = 5.5,
            Skew for cylinder switch = 8,
            Number of spares = 20,
            slips = [ 7, 8,
                      300 ],
            defects = [ ]
         }
      ]
   },
   Mechanical Model = dm_mech_g1 {
      Access time type = trackSwitchPlusRotation,
      Seek type = extracted,
      Single cylinder seek time = 1.0,
      Full seek curve = small.seek,
      Full strobe seek time = 3.0,
      Add. write settling delay = 0.25,
      Head switch time = 0.5,
      Rotation speed (in rpms) = 6000,
      Percent error in rpms = 0.0
   }
} # end
)";
constexpr const char* seek_text = "Seek distances measured: 2\n1,\t1.0\n19, 3.0\n";
constexpr const char* specs_text = R"(disksim_disk Small {
   Model = source small.model,
   Per-request overhead time = 0.0,
   Time scale for overheads = 2.0,
   Bulk sector transfer time = 0.1,
   Hold bus entire read xfer = 0,
   Hold bus entire write xfer = 0,
   Allow almost read hits = 1,
   Allow sneaky full read hits = 0,
   Allow sneaky partial read hits = 0,
   Allow sneaky intermediate read hits = 0,
   Allow read hits on write data = 1,
   Allow write prebuffering = 0,
   Preseeking level = 0,
   Never disconnect = 0,
   Print stats = 1,
   Avg sectors per cylinder = 100,
   Max queue length = 1,
   Scheduler = disksim_ioqueue { Scheduling policy = 1, Priority scheduling = 0 },
   Number of buffer segments = 3,
   Maximum number of write segments = 2,
   Segment size (in blks) = 64,
   Use separate write segment = 0,
   Low (write) water mark = 0.0,
   High (read) water mark = 0.5,
   Set watermark by reqsize = 1,
   Calc sector by sector = 1,
   Enable caching in buffer = 1,
   Buffer continuous read = 4,
   Minimum read-ahead (blks) = 0,
   Maximum read-ahead (blks) = 64,
   Read-ahead over requested = 1,
   Read-ahead on idle hit = 0,
   Read any free blocks = 0,
   Fast write level = 2,
   Immediate buffer read = 0,
   Immediate buffer write = 0,
   Combine seq writes = 1,
   Stop prefetch in sector = 0,
   Disconnect write if seek = 0,
   Write hit stop prefetch = 1,
   Read directly to buffer = 1,
   Immed transfer partial hit = 1,
   Read hit over. after read = 0.1,
   Read hit over. after write = 0.2,
   Read miss over. after read = 0.3,
   Read miss over. after write = 0.4,
   Write hit over. after read = 0.5,
   Write hit over. after write = 0.6,
   Write miss over. after read = 0.7,
   Write miss over. after write = 0.8,
   Read completion overhead = 0.0,
   Write completion overhead = 0.0
}
)";

class Diskspecs : public testing::Test {
 protected:
  Diskspecs() : folder_{std::filesystem::temp_directory_path() / ("ahcisim-hdd-" + std::to_string(getpid()))} {
    std::filesystem::create_directories(folder_);
    write("small.model", model_text);
    write("small.seek", seek_text);
    write("small.diskspecs", specs_text);
  }
  ~Diskspecs() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) const { std::ofstream{folder_ / name} << text; }
  /// Writes `name` with one passage changed and returns what reading then says.
  std::string error(const std::string& name, std::string text, const std::string& from, const std::string& to) const {
    const std::size_t at = text.find(from);
    if (at == std::string::npos) return "the test looks for '" + from + "'";
    write(name, text.replace(at, from.size(), to));
    try {
      const HddParameters parameters{read_diskspecs(path())};
      make_drive(parameters);
    } catch (const ConfigError& problem) {
      EXPECT_EQ(std::string{problem.what()}.find('\n'), std::string::npos);
      return problem.what();
    }
    return "nothing";
  }
  std::string path() const { return (folder_ / "small.diskspecs").string(); }
  std::filesystem::path folder_;
};

TEST_F(Diskspecs, AreReadAsTheyAre) {
  const HddParameters p{read_diskspecs(path())};
  EXPECT_EQ(p.figures().layout.surfaces, 2u);
  EXPECT_EQ(p.figures().layout.surface_order, SurfaceOrder::turns_in_zone);
  ASSERT_EQ(p.figures().layout.zones.size(), 1u);
  EXPECT_EQ(p.figures().layout.zones[0].slips, (std::vector<std::uint64_t>{7, 8, 300}));
  EXPECT_DOUBLE_EQ(p.figures().layout.zones[0].track_skew, 5.5);
  EXPECT_DOUBLE_EQ(p.read_miss_after_write().ms(), 0.8) << "0.4 ms, scaled by 2";
  EXPECT_DOUBLE_EQ(p.head_switch().ms(), 0.5);
  EXPECT_EQ(p.read_ahead(), "next_track");
  EXPECT_EQ(p.queue_order(), "fifo");
  EXPECT_TRUE(p.hits_at_head());
  EXPECT_DOUBLE_EQ(p.read_watermark().value, 0.5);
  EXPECT_DOUBLE_EQ(p.rotation_speed().value, 6000);
  EXPECT_EQ(p.rotation_speed.source().kind(), ahcisim::kit::Source::Kind::measured);
  const auto drive = make_drive(p);
  EXPECT_EQ(drive->facts().sectors, 2000u - 10 - 20);
  EXPECT_EQ(drive->facts().rotation_rate, 6000);
  EXPECT_NEAR(drive->mechanics().spec().write_seek.time(10).ms(), 2.25, 1e-6);
}

TEST_F(Diskspecs, MistakesNamePlaceAndRemedy) {
  EXPECT_THAT(error("small.diskspecs", specs_text, "Fast write level", "Fast wirte level"),
              testing::AllOf(HasSubstr("small.diskspecs:1:1:"), HasSubstr("lacks 'Fast write level'")));
  EXPECT_THAT(error("small.diskspecs", specs_text, "   Print stats = 1,", "   Print stats = 1,\n   Prnt stats = 1,"),
              testing::AllOf(HasSubstr("small.diskspecs:17:"), HasSubstr("'Prnt stats'"), HasSubstr("did you mean 'Print stats'")));
  EXPECT_THAT(error("small.diskspecs", specs_text, "Fast write level = 2", "Fast write level = 5"),
              HasSubstr("small.diskspecs:35:23: 'Fast write level': expected a whole number from 0 to 2, found 5"));
  EXPECT_THAT(error("small.diskspecs", specs_text, "Preseeking level = 0", "Preseeking level = 1"), HasSubstr("expected 0, found 1"));
  EXPECT_THAT(error("small.diskspecs", specs_text, "Bulk sector transfer time = 0.1,", "Bulk sector transfer time 0.1,"),
              testing::AllOf(HasSubstr(":5:"), HasSubstr("expected '='")));
  EXPECT_THAT(error("small.diskspecs", specs_text, "0.8,\n   Read completion", "0.8\n   Read completion"),
              HasSubstr("expected ',' or '}' behind the value"));
  EXPECT_THAT(error("small.diskspecs", specs_text, "   Print stats = 1,", "   Print stats = 1, Print stats = 0,"), HasSubstr("second time"));
  EXPECT_THAT(error("small.diskspecs", specs_text, "source small.model", "source absent.model"), HasSubstr("absent.model: cannot be read"));
  EXPECT_THAT(error("small.diskspecs", specs_text, "disksim_disk", "disksim_bus"), HasSubstr("expected a block of type disksim_disk, found disksim_bus"));
  write("small.diskspecs", specs_text);
  EXPECT_THAT(error("small.model", model_text, "Blocks per track = 50", "Blocks per track = fifty"),
              HasSubstr("small.model:13:32: 'Blocks per track': expected a number, found a word"));
  EXPECT_THAT(error("small.model", model_text, "slips = [ 7, 8,", "slips = [ 7, -8,"), HasSubstr("expected a sector number, found -8"));
  EXPECT_THAT(error("small.model", model_text, "defects = [ ]", "defects = [ 5 ]"), HasSubstr("an odd number"));
  EXPECT_THAT(error("small.model", model_text, "Seek type = extracted", "Seek type = constant"), HasSubstr("expected extracted"));
  EXPECT_THAT(error("small.model", model_text, "Last cylinder number = 19", "Last cylinder number = 20"), HasSubstr("ends on cylinder 20"));
  EXPECT_THAT(error("small.model", std::string{model_text}.substr(0, 300), "Block", "Block"), HasSubstr("the end of the file"));
  write("small.model", model_text);
  EXPECT_THAT(error("small.seek", seek_text, "19, 3.0\n", ""), HasSubstr("small.seek:2:1: expected 2 seek times, found 1"));
  EXPECT_THAT(error("small.seek", seek_text, "19, 3.0", "1, 3.0"), HasSubstr("small.seek:3:1: expected a distance above 1"));
  EXPECT_THAT(error("small.seek", seek_text, "19, 3.0", "19; 3.0"), HasSubstr("expected 'CYLINDERS, MILLISECONDS'"));
  EXPECT_THAT(error("small.seek", seek_text, "Seek distances", "Distances"), HasSubstr("small.seek:1:1:"));
}

// Cut anywhere, changed anywhere: an error or a drive, never a crash.
TEST_F(Diskspecs, DamagedFilesNeverCrash) {
  const std::string text = model_text;
  for (std::size_t cut = 0; cut < text.rfind('}'); cut += 7) {
    write("small.model", text.substr(0, cut));
    EXPECT_THROW(read_diskspecs(path()), ConfigError) << cut;
  }
  unsigned refused = 0;
  for (std::size_t at = 0; at < text.size(); at += 5) {
    std::string changed = text;
    changed[at] = "{}[],=#9-"[at % 9];
    write("small.model", changed);
    try {
      make_drive(HddParameters{read_diskspecs(path())});
    } catch (const ConfigError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 50u);
}

TEST(HddDiskspecsCorpus, SectorsAsTheZonesHold) {
  const std::string data = ahcisim::support::data_folder();
  if (data.empty()) GTEST_SKIP() << "no measured drives: set AHCISIM_DATA to the folder that holds disks/";
  const auto sectors = [&](const std::string& folder, const std::string& name) {
    return make_drive(HddParameters{read_diskspecs(data + "/disks/" + folder + "/" + name + ".diskspecs")})->facts().sectors;
  };
  EXPECT_EQ(sectors("cheetah9LP", "cheetah9LP"), 17918387u);
  EXPECT_EQ(sectors("ibm18es", "ibm18es"), 18033753u);
  EXPECT_EQ(sectors("atlas10k", "atlas10k"), 17966953u);
  EXPECT_EQ(sectors("hp_c3323a", "hp_c3323a_validate"), 2056008u);
  EXPECT_EQ(sectors("hp_c3323a", "hp_c3323a"), 2056008u);
}

TEST(HddCatalogue, NamesAndErrors) {
  const std::vector<std::string> names = catalogue_names();
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(names.front(), HddParameters{}.figures().name) << "the default";
  for (const std::string& name : names) {
    const DriveFigures figures = catalogue_drive(name);
    EXPECT_EQ(figures.name, name);
    EXPECT_FALSE(figures.description.empty());
    const auto drive = make_drive(name);
    EXPECT_GE(drive->facts().sectors, 2000000u);
    EXPECT_EQ(drive->facts().sectors, figures.layout.capacity);
  }
  EXPECT_EQ(make_drive("ultrastar-dc-hc310")->facts().sectors, 7814037168u);
  try {
    catalogue_drive("deskstar-7k50");
    FAIL();
  } catch (const ConfigError& problem) {
    EXPECT_THAT(problem.what(), HasSubstr("did you mean 'deskstar-7k500'"));
  }
  HddParameters parameters;
  EXPECT_THROW(parameters.set("head_switch", "3"), ConfigError);
  EXPECT_THROW(parameters.set("queue_order", "best"), ConfigError);
  parameters.set("seek_full_stroke_read", "60ms");
  EXPECT_THROW(make_drive(parameters), ConfigError);
}

}  // namespace
