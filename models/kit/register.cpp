// SPDX-License-Identifier: MIT
// Construction checks of registers and the accesses that do not match one whole register.
#include <ahcisim/models/kit/register.hpp>

#include <stdexcept>

#include <fmt/format.h>

namespace ahcisim::kit {

const char* name_of(Access access) {
  constexpr const char* names[] = {"RO", "HwInit", "RW", "RW1C", "RW1S", "R/WO", "WO"};
  return names[static_cast<unsigned>(access)];
}

Field::Field(Register& owner, const char* name, Bits bits, Access access, std::uint32_t reset, const char* meaning)
    : value_{&owner.value_}, reset_{reset}, name_{name}, meaning_{meaning},
      low_{static_cast<std::uint8_t>(bits.low)}, high_{static_cast<std::uint8_t>(bits.high)}, access_{access} {
  if (bits.low > bits.high || bits.high >= owner.bytes_ * 8u)
    throw std::logic_error{fmt::format("field {}.{}: bits {}:{} are not in the register", owner.name_, name, bits.high, bits.low)};
  const unsigned width = bits.high - bits.low + 1;
  mask_ = (width == 32 ? ~std::uint32_t{0} : (std::uint32_t{1} << width) - 1) << bits.low;
  if ((reset << bits.low & mask_) >> bits.low != reset)
    throw std::logic_error{fmt::format("field {}.{}: reset value {:#x} does not fit", owner.name_, name, reset)};
  for (const Field* other : owner.fields_)
    if (other->mask_ & mask_)
      throw std::logic_error{fmt::format("field {}.{} overlaps {}", owner.name_, name, other->name_)};
  owner.fields_.push_back(this);
  switch (access) {
    case Access::RO: case Access::HwInit: break;
    case Access::RW: owner.writable_ |= mask_; break;
    case Access::RW1C: owner.clear_on_1_ |= mask_; break;
    case Access::RW1S: owner.set_on_1_ |= mask_; break;
    case Access::RWO: owner.once_ |= mask_; break;
    case Access::WO: owner.write_only_ |= mask_; break;
  }
  *this = reset;
}

void Field::configure(std::uint32_t reset) {
  reset_ = reset;
  *this = reset;
}

Register::Register(RegisterBank& bank, unsigned offset, unsigned bytes, const char* name, const char* meaning,
                   const char* section)
    : offset_{static_cast<std::uint16_t>(offset)}, bytes_{static_cast<std::uint8_t>(bytes)}, name_{name},
      meaning_{meaning}, section_{section} {
  if ((bytes != 1 && bytes != 2 && bytes != 4) || offset % bytes != 0)
    throw std::logic_error{fmt::format("register {}: {} bytes at offset {:#x}", name, bytes, offset)};
  bank.add(*this);
}

void Register::reset() {
  for (const Field* field : fields_) value_ = (value_ & ~field->mask()) | (field->reset_value() << field->low());
  locked_ = 0;
}

RegisterBank::RegisterBank(std::string name, unsigned size)
    : name_{std::move(name)}, size_{size}, by_byte_(size), whole_dword_(size / 4 + 1) {
  if (size > 65536) throw std::logic_error{fmt::format("register bank {}: larger than 64 KiB", name_)};
}

void RegisterBank::add(Register& added) {
  if (!inside(added.offset(), added.bytes()))
    throw std::logic_error{fmt::format("{}: register {} lies outside the window", name_, added.name())};
  for (unsigned i = 0; i < added.bytes(); ++i) {
    Register*& owner = by_byte_[added.offset() + i];
    if (owner)
      throw std::logic_error{fmt::format("{}: register {} overlaps {}", name_, added.name(), owner->name())};
    owner = &added;
  }
  if (added.bytes() == 4) whole_dword_[added.offset() / 4] = &added;
}

bool RegisterBank::read_slow(unsigned offset, std::uint8_t* to, unsigned bytes) {
  if (!inside(offset, bytes)) return false;
  for (unsigned i = 0; i < bytes;) {
    Register* target = by_byte_[offset + i];
    if (!target) {
      to[i++] = 0;
      continue;
    }
    const std::uint32_t value = target->guest_read();
    for (; i < bytes && by_byte_[offset + i] == target; ++i)
      to[i] = static_cast<std::uint8_t>(value >> (8 * (offset + i - target->offset())));
  }
  return true;
}

bool RegisterBank::write_slow(unsigned offset, const std::uint8_t* from, unsigned bytes) {
  if (!inside(offset, bytes)) return false;
  for (unsigned i = 0; i < bytes;) {
    Register* target = by_byte_[offset + i];
    if (!target) {
      ++i;
      continue;
    }
    std::uint32_t data = 0, lanes = 0;
    for (; i < bytes && by_byte_[offset + i] == target; ++i) {
      const unsigned shift = 8 * (offset + i - target->offset());
      data |= static_cast<std::uint32_t>(from[i]) << shift;
      lanes |= std::uint32_t{0xff} << shift;
    }
    target->guest_write(data, lanes);
  }
  return true;
}

namespace {
/// The value of a register after what `pending` writes to it.
std::uint32_t foreseen(const Register& target, const std::vector<PendingWrite>& pending) {
  std::uint32_t value = target.value();
  for (const PendingWrite& write : pending) {
    std::uint32_t data = 0, lanes = 0;
    for (unsigned i = 0; i < target.bytes(); ++i) {
      const std::uint64_t at = target.offset() + i;
      if (at < write.offset || at - write.offset >= write.bytes) continue;
      data |= std::uint32_t{write.from[at - write.offset]} << 8 * i;
      lanes |= std::uint32_t{0xff} << 8 * i;
    }
    value = target.after_write(value, data, lanes);
  }
  return value;
}
}  // namespace

bool RegisterBank::peek(unsigned offset, std::uint8_t* to, unsigned bytes, const std::vector<PendingWrite>& pending) const {
  if (!inside(offset, bytes)) return false;
  for (unsigned i = 0; i < bytes; ++i) {
    const Register* target = by_byte_[offset + i];
    to[i] = target ? static_cast<std::uint8_t>(foreseen(*target, pending) >> (8 * (offset + i - target->offset()))) : 0;
  }
  return true;
}

void RegisterBank::reset() {
  for (const Register* target : registers()) const_cast<Register*>(target)->reset();
}

std::vector<const Register*> RegisterBank::registers() const {
  std::vector<const Register*> all;
  for (const Register* target : by_byte_)
    if (target && (all.empty() || all.back() != target)) all.push_back(target);
  return all;
}

Register* RegisterBank::find(unsigned offset) const {
  Register* target = offset < size_ ? by_byte_[offset] : nullptr;
  return target && target->offset() == offset ? target : nullptr;
}

}  // namespace ahcisim::kit
