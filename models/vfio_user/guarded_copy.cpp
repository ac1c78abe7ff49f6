// SPDX-License-Identifier: MIT
// SIGBUS within a copy leads out of it.
#include <ahcisim/models/vfio_user/guarded_copy.hpp>

#include <atomic>
#include <csetjmp>
#include <csignal>
#include <cstring>

#include <signal.h>

namespace ahcisim::vfio_user {
namespace {

// The signal is raised by the access itself, in the thread that makes it.
thread_local sigjmp_buf way_out;
thread_local volatile std::sig_atomic_t copying = 0;

extern "C" void on_bus_error(int) {
  if (copying) siglongjmp(way_out, 1);
  ::signal(SIGBUS, SIG_DFL);  // not ours: raised again when this returns, by the same access
}

bool take_over() {
  struct sigaction action{};
  action.sa_handler = on_bus_error;
  action.sa_flags = SA_NODEFER;  // the jump leaves the signal as it was
  return ::sigaction(SIGBUS, &action, nullptr) == 0;
}

}  // namespace

bool guarded_copy(void* to, const void* from, std::size_t bytes) {
  [[maybe_unused]] static const bool taken = take_over();
  if (sigsetjmp(way_out, 0) != 0) {
    copying = 0;
    return false;
  }
  copying = 1;
  std::memcpy(to, from, bytes);
  // The guest's processors look at the same memory: as on the bus, no read passes a write made before (PCI Express Base, 2.4.1). Without
  // it a virtqueue's used index may still be on its way when the driver's wish for an interrupt is read, and neither side wakes the other.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  copying = 0;
  return true;
}

}  // namespace ahcisim::vfio_user
