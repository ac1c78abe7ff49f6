// SPDX-License-Identifier: MIT
// The report's page, from results of every experiment, in a real browser: at a phone's and a desktop's width, light and dark.
#include <cstdio>
#include <set>
#include <string>

#include "program.hpp"

namespace ahcisim {
namespace {

using nlohmann::json;

/// What a shell command printed, both streams, and its status.
std::pair<int, std::string> shell(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  std::string said;
  char part[4096];
  while (const std::size_t got = std::fread(part, 1, sizeof part, pipe)) said.append(part, got);
  return {pclose(pipe), said};
}

class ReportPage : public Program {
 protected:
  /// Results of every experiment, with made-up numbers, and the page of them.
  void make_page() {
    const std::string source = AHCISIM_SOURCE_DIR;
    ASSERT_EQ(shell("python3 " + source + "/testbenches/system/program/synthetic_results.py " + source + "/testbenches/experiments " +
                    (folder() / "r").string() + " communication multiple_requests speed device_access cache_policy qemu_counts qemu"),
              (std::pair<int, std::string>{0, ""}));
    const auto [status, said] = shell(source + "/scripts/report " + (folder() / "r").string() + "/* --output " + (folder() / "page.html").string());
    ASSERT_EQ(status, 0) << said;
    take_page("page.html");
  }
  /// From now on it is that of this file.
  void take_page(const std::string& file) { page_ = text_of(folder() / file); }
  /// What the probe measured in frames of these widths.
  std::vector<json> measured(const std::vector<unsigned>& widths, bool dark) {
    std::string probed = page_;
    const std::string probe = text_of(std::string{AHCISIM_SOURCE_DIR} + "/testbenches/system/program/page_probe.js");
    write("probed.html", probed.insert(probed.rfind("</body>"), "<script>" + probe + "</script>"));
    std::string frames = "<!DOCTYPE html><meta charset=utf-8><link rel=icon href='data:,'><body><script>onmessage = event => { const at = "
                         "document.createElement('pre'); at.textContent = btoa(JSON.stringify(event.data)); document.body.append(at); };</script>";
    for (const unsigned width : widths) frames += "<iframe src=probed.html style='border:0;height:800px;width:" + std::to_string(width) + "px'></iframe>";
    write("frames.html", frames);
    const auto [status, said] = shell("chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
                                      "--disable-component-update --disable-sync --enable-logging=stderr --virtual-time-budget=4000 "
                                      "--window-size=1500,900 --user-data-dir=" + (folder() / "profile").string() +
                                      " --blink-settings=preferredColorScheme=" + (dark ? "0" : "1") + " --dump-dom file://" +
                                      (folder() / "frames.html").string());
    EXPECT_EQ(status, 0);
    EXPECT_EQ(said.find(":CONSOLE"), std::string::npos) << said;
    std::vector<json> seen;
    for (std::size_t at = said.find("<pre>"); at != std::string::npos; at = said.find("<pre>", at + 1))
      seen.push_back(json::parse(decoded(said.substr(at + 5, said.find("</pre>", at) - at - 5))));
    return seen;
  }
  const std::string& page() const { return page_; }

 private:
  static std::string decoded(const std::string& base64) {
    static const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    unsigned bits = 0, value = 0;
    for (const char letter : base64) {
      if (digits.find(letter) == std::string::npos) break;
      value = (value << 6 | static_cast<unsigned>(digits.find(letter))) & 0xffffff;
      bits += 6;
      if (bits >= 8) bytes += static_cast<char>(value >> (bits -= 8) & 0xff);
    }
    return bytes;
  }

  std::string page_;
};

TEST_F(ReportPage, HasEverySectionAndNamesNothingOutside) {
  make_page();
  for (const char* name : {"summary", "communication", "multiple_requests", "speed", "device_access", "cache_policy", "qemu", "guest_support", "why_ahci"})
    EXPECT_NE(page().find("<section id=\"" + std::string{name} + "\""), std::string::npos) << name;
  for (const char* word : {"http://", "https://", "//cdn", "src=", "url(", "@import", "<script"})
    EXPECT_EQ(page().find(word), std::string::npos) << word;
  EXPECT_EQ(page().find("Not on this page"), std::string::npos);
}

/// Numbers of a table's rows that begin with `row`, over the whole page.
std::vector<std::vector<std::string>> rows_of(const std::string& page, const std::string& row) {
  std::vector<std::vector<std::string>> rows;
  const std::string mark = "<th scope=\"row\">" + row + "</th>";
  for (std::size_t at = page.find(mark); at != std::string::npos; at = page.find(mark, at + 1)) {
    rows.emplace_back();
    const std::string cells = page.substr(at, page.find("</tr>", at) - at);
    for (std::size_t cell = cells.find("<td>"); cell != std::string::npos; cell = cells.find("<td>", cell + 1))
      rows.back().push_back(cells.substr(cell + 4, cells.find("</td>", cell) - cell - 4));
  }
  return rows;
}

TEST_F(ReportPage, StagesAddUpToTheLatency) {
  make_page();
  const auto sums = rows_of(page(), "sum of the stages"), latencies = rows_of(page(), "from call to return");
  EXPECT_EQ(sums.size(), 10u);  // two workloads, five places
  EXPECT_EQ(sums, latencies);
  // Of the first table, by hand: made-up IDE PIO on tmpfs takes 20 µs + 62 accesses of 2 µs + 1 µs and 409600 ps on the disk.
  ASSERT_FALSE(sums.empty());
  EXPECT_EQ(sums.front().size(), 5u);
  EXPECT_EQ(sums.front().front(), "145.459600");  // the median of 101 requests that are 1 ns apart
}

// 16 at the depth that all interfaces share, and one and a half times what those take at once that take many.
TEST_F(ReportPage, DrawsOverlappingRequestsAtTheDepthThatEachInterfaceTakes) {
  make_page();
  for (const char* title : {"16 requests through IDE DMA, 8 outstanding", "16 requests through AHCI NCQ, 8 outstanding",
                            "16 requests through virtio-blk, 8 outstanding", "48 requests through AHCI NCQ, 32 outstanding",
                            "192 requests through virtio-blk, 128 outstanding"}) {
    const std::size_t begin = page().find(std::string{">"} + title + "</title>");
    ASSERT_NE(begin, std::string::npos) << title;
    const std::string picture = page().substr(begin, page().find("</svg>", begin) - begin);
    std::set<std::string> places;  // down the page: one for each request
    for (std::size_t at = picture.find("<rect "); at != std::string::npos; at = picture.find("<rect ", at + 1)) {
      const std::size_t y = picture.find(" y=\"", at) + 4;
      places.insert(picture.substr(y, picture.find('"', y) - y));
    }
    EXPECT_EQ(places.size(), std::stoul(title)) << title;
  }
}

// Made-up unsafe: 1 of 3 cuts loses a write, and 1 of 12 others leaves what nobody wrote.
TEST_F(ReportPage, PowerCutsAreCountedByWhatWasWrong) {
  make_page();
  EXPECT_NE(page().find("lost or never written in "), std::string::npos);
  EXPECT_EQ(page().find(">lost in "), std::string::npos);
}

TEST_F(ReportPage, RowsThatDifferFromQemuAreNamedSo) {
  make_page();
  const std::string exact = page().substr(page().find("exact</caption>"));
  EXPECT_NE(exact.find("<td class=\"good\">equal</td>"), std::string::npos);
  EXPECT_NE(exact.find("<td class=\"bad\">different</td>"), std::string::npos) << "made-up IDE makes 26 accesses for 1 MiB, where 31 were counted";
}

/// What a page must be in each frame, whatever its numbers.
void expect_right(const json& seen, int pictures, int tables, bool dark) {
  SCOPED_TRACE(seen.dump());
  EXPECT_TRUE(seen["width"] == 360 || seen["width"] == 1400);
  EXPECT_LE(seen["overflow"], 0);
  EXPECT_GE(seen["pictures"], pictures);
  EXPECT_EQ(seen["empty"], 0) << "pictures without size";
  EXPECT_EQ(seen["unnamed"], 0) << "pictures without title and description";
  EXPECT_GE(seen["tables"], tables);
  EXPECT_EQ(seen["uncaptioned"], 0);
  EXPECT_EQ(seen["deadLinks"], 0);
  EXPECT_EQ(seen["requests"], json::array());
  EXPECT_EQ(seen["errors"], json::array());
  EXPECT_EQ(seen["dark"], dark);
  EXPECT_GE(seen["contrast"], 4.5);
}

bool no_browser() { return shell("command -v chromium").first != 0; }

TEST_F(ReportPage, LooksRightInABrowser) {
  if (no_browser()) GTEST_SKIP() << "chromium is not installed: scripts/install-packages installs it";
  make_page();
  std::vector<std::string> backgrounds;
  for (const bool dark : {false, true}) {
    const std::vector<json> all = measured({360, 1400}, dark);
    ASSERT_EQ(all.size(), 2u) << "the page did not load";
    for (const json& seen : all) {
      expect_right(seen, 52, 20, dark);
      backgrounds.push_back(seen["background"]);
    }
    EXPECT_NE(all[0]["width"], all[1]["width"]);
  }
  EXPECT_EQ(backgrounds[0], backgrounds[1]);
  EXPECT_NE(backgrounds[0], backgrounds[2]);
}

TEST_F(ReportPage, OfRealRunsLooksRightToo) {
  if (no_browser()) GTEST_SKIP() << "chromium is not installed: scripts/install-packages installs it";
  const Outcome outcome = run({"report", "--only", "communication", "--only", "device_access", "--only", "multiple_requests", "--results", "real",
                               "--set", "workload.requests=60"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  take_page("real/report.html");
  const std::vector<json> all = measured({360, 1400}, false);
  ASSERT_EQ(all.size(), 2u) << "the page did not load";
  for (const json& seen : all) expect_right(seen, 30, 10, false);
}

}  // namespace
}  // namespace ahcisim
