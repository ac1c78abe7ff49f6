// SPDX-License-Identifier: MIT
// Copies and another processor that looks at the same memory, as a guest's driver does at its virtqueue.
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/vfio_user/guarded_copy.hpp>

namespace ahcisim::vfio_user {
namespace {

/// A word in a cache line of its own.
struct alignas(64) Word {
  std::atomic<std::uint16_t> value{0};
};

// Both sides write their word and then read the other's, as an index and the wish for an interrupt are: one of them must see the
// other's write, or each leaves the waking to the other. They go through many such words side by side, a little apart each time.
TEST(GuardedCopy, NoReadPassesAWrite) {
  constexpr unsigned rounds = 400, words = 1000;
  std::vector<Word> index(words), wish(words);
  std::vector<std::uint16_t> driver_saw(words), device_saw(words);
  std::atomic<unsigned> begun{0}, ended{0};
  std::thread driver{[&] {
    for (unsigned round = 1; round <= rounds; ++round) {
      while (begun.load() != round) continue;
      for (unsigned i = 0; i < words; ++i) {
        wish[i].value.store(1, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_seq_cst);
        driver_saw[i] = index[i].value.load(std::memory_order_relaxed);
      }
      ended.store(round);
    }
  }};
  unsigned both_missed = 0;
  for (unsigned round = 1; round <= rounds; ++round) {
    for (Word& word : index) word.value = 0;
    for (Word& word : wish) word.value = 0;
    begun.store(round);
    for (unsigned i = 0; i < words; ++i) {
      const std::uint16_t one = 1;
      guarded_copy(&index[i].value, &one, sizeof one);
      guarded_copy(&device_saw[i], &wish[i].value, sizeof device_saw[i]);
    }
    while (ended.load() != round) continue;
    for (unsigned i = 0; i < words; ++i) both_missed += device_saw[i] == 0 && driver_saw[i] == 0;
  }
  driver.join();
  EXPECT_EQ(both_missed, 0u) << "of " << rounds * words;
}

}  // namespace
}  // namespace ahcisim::vfio_user
