// SPDX-License-Identifier: MIT
// Layout g1: every logical sector has one place, no two share one, and a run is what its sectors are one by one.
#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include <ahcisim/models/disk/hdd/geometry.hpp>
#include <ahcisim/models/kit/param.hpp>

namespace {

using namespace ahcisim::disk::hdd;

LayoutSpec small(Sparing sparing, SurfaceOrder order) {
  LayoutSpec layout;
  layout.surfaces = 3;
  layout.cylinders = 12;
  layout.sparing = sparing;
  layout.surface_order = order;
  layout.range_cylinders = 2;
  ZoneSpec outer{0, 5, 20, 0, 0, 3, 5, 2, {}, {}};
  ZoneSpec inner{7, 10, 13, 2.5, 4, 2, 4, 2, {}, {}};  // cylinders 6 and 11 belong to no zone
  if (sparing == Sparing::tracks_per_zone) outer.slips = {4};
  else if (sparing == Sparing::sectors_per_range) outer.slips = {7, 8, 190, 191};  // two to a range of 120
  else if (sparing == Sparing::sectors_per_zone) outer.slips = {7, 8};
  else if (sparing != Sparing::none) outer.slips = {7, 8, 65, 190, 191};
  layout.zones = {outer, inner};
  return layout;
}

TEST(HddGeometry, EverySectorHasItsPlaceUnderEverySparing) {
  for (int sparing = 0; sparing <= 10; ++sparing) {
    for (int order = 0; order <= 2; ++order) {
      SCOPED_TRACE(testing::Message() << "sparing " << sparing << ", surface order " << order);
      const LayoutSpec layout = small(static_cast<Sparing>(sparing), static_cast<SurfaceOrder>(order));
      const Geometry geometry{layout};
      ASSERT_GT(geometry.sectors(), 390u);
      std::set<std::tuple<unsigned, unsigned, unsigned>> used;
      for (std::uint64_t lba = 0; lba < geometry.sectors(); ++lba) {
        const Place place = geometry.place(lba);
        ASSERT_LT(place.head, layout.surfaces);
        ASSERT_LT(place.sector, geometry.sectors_per_track(place.zone));
        ASSERT_GE(place.cylinder, layout.zones[place.zone].first_cylinder);
        ASSERT_LE(place.cylinder, layout.zones[place.zone].last_cylinder);
        ASSERT_TRUE(used.insert({place.cylinder, place.head, place.sector}).second) << "sector " << lba << " shares its place";
      }
      if (sparing == 0 || sparing == 1) continue;
      for (const unsigned slip : {7u, 8u})  // on the first track of zone 0, cylinder 0
        EXPECT_EQ(used.count({0u, 0u, slip}), 0u) << "slipped sector " << slip << " is used";
    }
  }
}

TEST(HddGeometry, ARunIsItsSectors) {
  for (int sparing = 0; sparing <= 10; ++sparing) {
    SCOPED_TRACE(testing::Message() << "sparing " << sparing);
    const Geometry geometry{small(static_cast<Sparing>(sparing), SurfaceOrder::turns_in_zone)};
    for (std::uint64_t lba = 0; lba < geometry.sectors();) {
      const auto run = geometry.run(lba, 1000);
      ASSERT_GE(run.count, 1u);
      ASSERT_GE(run.passed, run.count);
      for (std::uint32_t i = 0; i < run.count; ++i) {
        const Place place = geometry.place(lba + i);
        ASSERT_EQ(place.cylinder, run.place.cylinder);
        ASSERT_EQ(place.head, run.place.head);
        ASSERT_GE(place.sector, run.place.sector + i);
        ASSERT_LT(place.sector, run.place.sector + run.passed);
      }
      const auto [first, last] = geometry.track_of(lba + run.count / 2);
      EXPECT_LE(first, lba);
      const std::uint64_t middle = lba + run.count / 2;
      EXPECT_EQ(geometry.track_start(middle, geometry.place(middle)), first);
      EXPECT_EQ(geometry.place(first).cylinder, run.place.cylinder);
      EXPECT_EQ(geometry.place(first).head, run.place.head);
      EXPECT_EQ(last, lba + run.count);
      EXPECT_EQ(geometry.run(lba, 2).count, run.count > 1 ? 2u : 1u);
      lba += run.count;
    }
  }
}

TEST(HddGeometry, CapacityLessSpares) {
  EXPECT_EQ(Geometry{small(Sparing::none, SurfaceOrder::ascending)}.sectors(), 360u + 156 - 4);
  EXPECT_EQ(Geometry{small(Sparing::tracks_per_zone, SurfaceOrder::ascending)}.sectors(), 360u - 40 + 156 - 4 - 26);
  EXPECT_EQ(Geometry{small(Sparing::slip_to_zone_end, SurfaceOrder::ascending)}.sectors(), 360u - 5 + 156 - 4);
  EXPECT_EQ(Geometry{small(Sparing::sectors_per_zone, SurfaceOrder::ascending)}.sectors(), 360u - 2 + 156 - 4 - 2);
  LayoutSpec less = small(Sparing::none, SurfaceOrder::ascending);
  less.capacity = 400;
  EXPECT_EQ(Geometry{less}.sectors(), 400u);
}

TEST(HddGeometry, SkewTurnsTheTracks) {
  const Geometry geometry{small(Sparing::none, SurfaceOrder::ascending)};
  const double turn = 18446744073709551616.0;
  const auto sectors = [&](std::uint64_t lba, double per_track) { return static_cast<double>(geometry.place(lba).angle) / turn * per_track; };
  EXPECT_NEAR(sectors(0, 20), 0, 1e-9);
  EXPECT_NEAR(sectors(1, 20), 1, 1e-9);
  EXPECT_NEAR(sectors(20, 20), 3, 1e-9);        // next surface: track skew
  EXPECT_NEAR(sectors(60, 20), 3 + 3 + 5, 1e-9);  // next cylinder: two track switches and a cylinder switch
  EXPECT_NEAR(sectors(360, 13), 2.5 + 4, 1e-9);   // next zone: its offset, and four sectors are empty
}

TEST(HddGeometry, DefectsAreRemapped) {
  LayoutSpec layout = small(Sparing::sectors_per_zone, SurfaceOrder::ascending);
  layout.zones[0].slips.clear();
  layout.zones[0].spares = 20;
  layout.zones[0].defects = {{30, 345}};
  const Geometry geometry{layout};
  EXPECT_EQ(geometry.place(29).sector, 9u);
  EXPECT_EQ(geometry.place(30).cylinder, 5u);  // 345 = cylinder 5, surface 2, sector 5
  EXPECT_EQ(geometry.place(30).head, 2u);
  EXPECT_EQ(geometry.place(30).sector, 5u);
  EXPECT_EQ(geometry.place(31).sector, 11u);
  EXPECT_EQ(geometry.run(20, 100).count, 10u) << "a run ends in front of a remapped sector";
  EXPECT_EQ(geometry.run(30, 100).count, 1u);
  EXPECT_EQ(geometry.run(31, 100).count, 9u);
}

TEST(HddGeometry, ContradictionsAreRefused) {
  using ahcisim::kit::ConfigError;
  LayoutSpec overlap = small(Sparing::none, SurfaceOrder::ascending);
  overlap.zones[1].first_cylinder = 5;
  EXPECT_THROW(Geometry{overlap}, ConfigError);
  LayoutSpec beyond = small(Sparing::none, SurfaceOrder::ascending);
  beyond.zones[1].last_cylinder = 12;
  EXPECT_THROW(Geometry{beyond}, ConfigError);
  LayoutSpec spares = small(Sparing::sectors_per_cylinder, SurfaceOrder::ascending);
  spares.zones[0].spares = 60;
  EXPECT_THROW(Geometry{spares}, ConfigError);
  LayoutSpec capacity = small(Sparing::none, SurfaceOrder::ascending);
  capacity.capacity = 100000;
  EXPECT_THROW(Geometry{capacity}, ConfigError);
  EXPECT_THROW(Geometry{LayoutSpec{}}, ConfigError);
}

}  // namespace
