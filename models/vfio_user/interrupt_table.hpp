// SPDX-License-Identifier: MIT
// The client's interrupts: an eventfd for INTx, MSI and MSI-X vectors, and what SET_IRQS does with them. Plain C++.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <ahcisim/models/vfio_user/descriptor.hpp>
#include <ahcisim/models/vfio_user/messages.hpp>

namespace ahcisim::vfio_user {

/// INTx is a level: its eventfd is written once when it rises, then it counts as masked until the client unmasks it, and is
/// written again where it is still high. Where it falls before the client has read the eventfd, that is taken back: the client would
/// raise a line that nobody asserts any more, and leave it so until its guest's next access, which a guest with nothing to do does
/// not make. A message that comes before its eventfd waits for it. What is to be written is gathered until flush(): several messages
/// of one vector in between are one.
class InterruptTable {
 public:
  /// `counts`: vectors of INTx, MSI and MSI-X.
  explicit InterruptTable(const std::array<std::uint32_t, 3>& counts);

  /// SET_IRQS, with what follows it in the message. Returns 0 or an errno: EINVAL for what does not fit together, ENOTSUP
  /// for masks and unmasks by eventfd.
  int set(const SetIrqs& request, const std::uint8_t* data, std::uint32_t length, std::vector<Descriptor>& descriptors);
  /// The model's INTx level.
  void level(bool high);
  /// A message; a vector beyond the last is dropped.
  void message(std::uint32_t index, std::uint32_t vector);
  /// Writes the eventfds that are due.
  void flush();
  /// Whether flush() has something to write.
  bool due() const { return due_; }
  /// The function was reset: nothing waits and the level is low; eventfds and masks stay.
  void reset();
  /// The client is gone, and its eventfds with it.
  void clear();
  std::uint32_t count(std::uint32_t index) const { return index < vectors_.size() ? static_cast<std::uint32_t>(vectors_[index].size()) : 0; }

 private:
  struct Vector {
    Descriptor event;
    bool pending = false;
  };
  int attach(std::vector<Vector>& vectors, const SetIrqs& request, std::vector<Descriptor>& descriptors);
  int trigger(const SetIrqs& request, const std::uint8_t* data, std::uint32_t length, std::vector<Descriptor>& descriptors);
  void disable(std::uint32_t index);
  void raise(Vector& vector);
  void update_level();

  std::array<std::vector<Vector>, 3> vectors_;
  bool high_ = false;
  bool told_ = false;    // the eventfd was written, or will be in flush(): until the client unmasks or it is taken back
  bool masked_ = false;  // by the client
  bool due_ = false;
};

}  // namespace ahcisim::vfio_user
