// SPDX-License-Identifier: MIT
// Running a script's steps.
#include <ahcisim/models/host/script.hpp>

#include <utility>

namespace ahcisim::host {

void Script::add(Step step) {
  if (inside_)
    steps_.insert(steps_.begin() + static_cast<std::ptrdiff_t>(insert_++), std::move(step));
  else
    steps_.push_back(std::move(step));
}

void Script::inside(const std::function<void()>& action) {
  inside_ = true;
  insert_ = 0;
  action();
  inside_ = false;
}

void Script::run(kit::Duration at) {
  const Step step = std::move(steps_.front());
  steps_.pop_front();
  running_ = true;
  step(at);
}

void Script::end_step(kit::Duration at) {
  running_ = false;
  ready_ = kit::max(ready_, at);
  processor_.release(at);
}

void Script::answered(std::uint32_t value, kit::Duration at) {
  ready_ = at;
  const Handler handler = std::move(handler_);
  inside([&] { handler(value); });
  end_step(at);
}

void Script::read(std::uint64_t address, Handler handler, unsigned bytes) {
  add([this, address, handler = std::move(handler), bytes](kit::Duration at) {
    handler_ = handler;
    mmio_.read<&Script::answered>(address, at, this, bytes);
  });
}

void Script::write(std::uint64_t address, std::uint32_t value, unsigned bytes) {
  add([this, address, value, bytes](kit::Duration at) {
    handler_ = [](std::uint32_t) {};
    mmio_.write<&Script::answered>(address, value, at, this, bytes);
  });
}

void Script::string(std::uint64_t address, bool write, std::uint8_t* data, std::uint32_t bytes, std::uint32_t width) {
  add([=](kit::Duration at) {
    handler_ = [](std::uint32_t) {};
    Mmio::Answer answer;
    const auto done = [](void* self, std::uint32_t value, kit::Duration when) { static_cast<Script*>(self)->answered(value, when); };
    if (mmio_.begin({address, write, bytes, 0, data, width}, at, this, done, answer)) answered(0, answer.at);
  });
}

void Script::delay(kit::Duration time) {
  add([this, time](kit::Duration at) {
    ready_ = at + time;
    end_step(at);
  });
}

void Script::call(std::function<void()> action) {
  add([this, action = std::move(action)](kit::Duration at) {
    ready_ = at;
    inside(action);
    end_step(at);
  });
}

void Script::poll(std::uint64_t address, std::uint32_t mask, std::uint32_t wanted, kit::Duration interval,
                  kit::Duration limit, std::function<void(bool)> handler, unsigned bytes) {
  call([=] { poll_until(address, mask, wanted, interval, calendar_.now() + limit, handler, bytes); });
}

void Script::poll_until(std::uint64_t address, std::uint32_t mask, std::uint32_t wanted, kit::Duration interval,
                        kit::Duration deadline, std::function<void(bool)> handler, unsigned bytes) {
  read(address, [=](std::uint32_t value) {
    if ((value & mask) == wanted) {
      handler(true);
    } else if (ready_ >= deadline) {
      handler(false);
    } else {
      delay(interval);
      call([=] { poll_until(address, mask, wanted, interval, deadline, handler, bytes); });
    }
  }, bytes);
}

void Script::suspend(std::function<kit::Duration(kit::Duration)> begin) {
  add([this, begin = std::move(begin)](kit::Duration at) {
    suspended_ = true;
    ready_ = at;
    kit::Duration end;
    inside([&] { end = begin(at); });
    end_step(end);
  });
}

void Script::resume(kit::Duration at) {
  suspended_ = false;
  ready_ = kit::max(ready_, at);
  processor_.poke();
}

}  // namespace ahcisim::host
