// SPDX-License-Identifier: MIT
// A host's layers one above the other, a file on a page cache on a drive, and each of them sabotaged: what one layer forgets the
// judge finds, and where nothing is forgotten it finds nothing.
#include <functional>

#include <ahcisim/models/host/cache/cached_device.hpp>
#include <ahcisim/models/host/file/host_file.hpp>
#include <ahcisim/models/machine/bare_metal.hpp>
#include <ahcisim/models/machine/image_file.hpp>
#include <support/power_cut_run.hpp>

namespace ahcisim {
namespace {

using host::BlockDevice;
using host::IoRequest;
using host::PowerCutVerdict;
using host::Request;
using kit::Duration;

/// Changes requests on their way down, or answers them at once (true).
class Saboteur final : public BlockDevice {
 public:
  using Deed = std::function<bool(Request&)>;
  Saboteur(BlockDevice& below, Deed deed) : below_{below}, deed_{std::move(deed)} {}
  void submit(Request& request, Duration at) override {
    if (!deed_ || !deed_(request)) return below_.submit(request, at);
    request.status = host::RequestStatus::ok;
    request.owner->completed(request, at);
  }
  std::uint64_t capacity() const override { return below_.capacity(); }
  unsigned max_depth() const override { return below_.max_depth(); }
  bool is_ready() const override { return below_.is_ready(); }
  void listen(host::DeviceListener& listener) override { below_.listen(listener); }

 private:
  BlockDevice& below_;
  const Deed deed_;
};

struct Sabotage {
  const char* name;
  Saboteur::Deed above_cache, journal, above_disk;  ///< file to cache, file's journal to cache, cache to disk
  bool sparse = false;
  bool direct = false;
  bool survives = false;                            ///< nothing is forgotten that was promised
};

bool is_flush(const Request& request) { return request.op == IoRequest::Op::flush; }
bool no_preflush(Request& request) { return request.flush_first = false; }
bool no_fua(Request& request) { return request.fua = false; }
/// Every third of what `forgets` does.
Saboteur::Deed now_and_then(bool (*forgets)(Request&)) {
  return [forgets, count = 0](Request& request) mutable { return (is_flush(request) || request.flush_first) && ++count % 3 == 0 && forgets(request); };
}
bool drops(Request& request) {
  request.flush_first = false;
  return is_flush(request);
}

const Sabotage sabotages[] = {
    {"nothing", {}, {}, {}, false, false, true},
    {"nothing_direct", {}, {}, {}, false, true, true},
    {"nothing_sparse", {}, {}, {}, true, false, true},
    {"nothing_sparse_direct", {}, {}, {}, true, true, true},
    {"cache_forgets_flushes", {}, {}, drops},
    {"cache_forgets_some_flushes", {}, {}, now_and_then(drops)},
    {"file_forgets_flushes", drops, {}, {}},
    {"file_forgets_flushes_direct", drops, {}, {}, false, true},
    {"journal_without_preflush", {}, no_preflush, {}, true},
    {"journal_without_preflush_direct", {}, no_preflush, {}, true, true},
    {"journal_without_fua", {}, no_fua, {}, true},
    {"journal_answers_only", {}, [](Request&) { return true; }, {}, true},
    {"disk_takes_fua_as_ordinary", {}, {}, no_fua, true},
};

class PowerCutLayers : public testing::TestWithParam<Sabotage> {};
INSTANTIATE_TEST_SUITE_P(All, PowerCutLayers, testing::ValuesIn(sabotages), [](const auto& info) { return std::string{info.param.name}; });

TEST_P(PowerCutLayers, AreFoundOutByWhatTheyForget) {
  const Sabotage& sabotage = GetParam();
  kit::Context context{501};
  context.calendar.set_run_ahead_limit(Duration::never());
  const machine::Parameters parameters{{{"host.probe.fast_probe", "true", "test"}, {"machine.drive", "ultrastar-dc-hc310", "test"},
                                        {"host.driver.fua", "true", "test"}}};
  machine::BareMetal machine{context, parameters};
  Saboteur above_disk{machine.driver, sabotage.above_disk};
  host::CacheParameters cache_parameters;
  cache_parameters.size.set(kit::Bytes{4 << 20});
  host::CachedDevice cache{"page_cache", context, cache_parameters, above_disk};
  Saboteur data{sabotage.direct ? cache.direct() : cache.buffered(), sabotage.above_cache};
  Saboteur journal{cache.direct(), sabotage.journal};
  host::HostFileParameters file_parameters;
  file_parameters.layout.set_text(sabotage.sparse ? "sparse" : "contiguous");
  host::HostFile file{"file", context, file_parameters, 1 << 21, data, journal};
  file.remember_commits();
  host::StampingOptions options;
  options.seed = 501;
  options.first_lba = 100'001;
  options.region_sectors = 6'000;
  options.writes = 1'500;
  options.flush_every = 25;
  options.fua_percent = 2;
  machine::PowerCutCheck check{context, file, *machine.medium(), machine.content(), options};
  sc_core::sc_start();
  const PowerCutVerdict verdict = test::judged(check, context, 10'000, machine::map_of(file));
  EXPECT_EQ(verdict.cuts_with_foreign, 0u) << "bytes are lost, not made up";
  EXPECT_GT(verdict.cuts_losing_acknowledged, verdict.cuts / 2) << "what no flush has covered is lost in any case";
  if (sabotage.survives) {
    EXPECT_TRUE(verdict.holds()) << verdict.first_breach;
  } else {
    EXPECT_GT(verdict.cuts_losing_stable, 0u);
    EXPECT_NE(verdict.first_breach, "");
  }
}

}  // namespace
}  // namespace ahcisim
