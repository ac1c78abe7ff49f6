// SPDX-License-Identifier: MIT
// Servers and their loop in this thread, clients of a test in another.
#pragma once

#include <exception>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/vfio_user/kernel.hpp>
#include <ahcisim/models/vfio_user/loop.hpp>
#include <support/vfio_user_client.hpp>

namespace ahcisim::test {

class VfioUserBench {
 public:
  explicit VfioUserBench(vfio_user::Kernel::Time time = vfio_user::Kernel::Time::free) : kernel{context.calendar, time}, loop{kernel} {
    char name[] = "/tmp/ahcisim-vfio-XXXXXX";
    folder = ::mkdtemp(name);
  }
  ~VfioUserBench() { std::filesystem::remove_all(folder); }
  std::string path(const char* name = "s") const { return (folder / name).string(); }

  /// Serves until `clients` has returned, which runs in a thread of its own.
  void serve(const std::function<void()>& clients) {
    std::thread thread{[&] {
      try {
        clients();
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
      }
      boost::asio::post(loop.io(), [this] { loop.stop(); });
    }};
    loop.run();
    thread.join();
  }

  kit::Context context;
  vfio_user::Kernel kernel;
  vfio_user::Loop loop;
  std::filesystem::path folder;
};

}  // namespace ahcisim::test
