// SPDX-License-Identifier: MIT
// Registers that read like the specification: one struct for each register, one row for each field. No SystemC here.
//
//     struct GHC : kit::Register {
//       GHC(kit::RegisterBank& bank, unsigned offset)
//           : Register{bank, offset, 4, "GHC", "Global HBA Control", "AHCI 1.3.1, 3.1.2"} {}
//       kit::Field AE{*this, "AE", {31, 31}, Access::RW, 0, "AHCI Enable"};
//       kit::Field IE{*this, "IE", {1, 1}, Access::RW, 0, "Interrupt Enable"};
//       kit::Field HR{*this, "HR", {0, 0}, Access::RW1S, 0, "HBA Reset"};
//     };
//
// Guest accesses go through RegisterBank::read() and write() and obey the access rules; the model's own assignments
// (`ghc.HR = 0`) bypass them. Bits without a field are reserved and read 0. Overlaps are refused at construction.
// Side effects are attached with on_write() and on_read(), all in one block at the end of the owner's constructor.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ahcisim::kit {

/// What a guest access does to a field.
enum class Access : std::uint8_t {
  RO,      ///< read only
  HwInit,  ///< read only, set by the model's configuration
  RW,      ///< read and write
  RW1C,    ///< writing 1 clears (RWC in AHCI)
  RW1S,    ///< writing 1 sets, writing 0 has no effect (RW1 in AHCI)
  RWO,     ///< the first write after a reset stays (R/WO)
  WO,      ///< written, reads 0; the written value is seen by on_write()
};
const char* name_of(Access access);

class Register;

/// Bits of a field, both included, as the specification writes them: {31, 24}.
struct Bits {
  unsigned high, low;
};

/// One field of a register of up to 32 bits.
class Field {
 public:
  Field(Register& owner, const char* name, Bits bits, Access access, std::uint32_t reset, const char* meaning);
  Field(const Field&) = delete;
  Field& operator=(const Field&) = delete;
  operator std::uint32_t() const { return (*value_ & mask_) >> low_; }
  /// The model's own assignment: no access rule; the value is cut to the field's width.
  Field& operator=(std::uint32_t value) {
    *value_ = (*value_ & ~mask_) | ((value << low_) & mask_);
    return *this;
  }
  /// The field's bits in place in the register.
  std::uint32_t mask() const { return mask_; }
  unsigned low() const { return low_; }
  unsigned high() const { return high_; }
  /// This field's value out of a register value.
  std::uint32_t of(std::uint32_t register_value) const { return (register_value & mask_) >> low_; }
  const char* name() const { return name_; }
  const char* meaning() const { return meaning_; }
  Access access() const { return access_; }
  std::uint32_t reset_value() const { return reset_; }
  /// Gives another reset value (HwInit from the configuration) and takes it at once.
  void configure(std::uint32_t reset);

 private:
  std::uint32_t* value_;
  std::uint32_t mask_, reset_;
  const char* name_;
  const char* meaning_;
  std::uint8_t low_, high_;
  Access access_;
};

/// A guest's write, as a side effect sees it.
struct Written {
  std::uint32_t before;  ///< the register's value before
  std::uint32_t data;    ///< what the guest wrote, on the lanes it wrote; 0 on others
  std::uint32_t lanes;   ///< bits of the lanes written
};

/// A guest's write that is still to be made; `from` holds `bytes` bytes.
struct PendingWrite {
  std::uint64_t offset;
  const std::uint8_t* from;
  std::uint32_t bytes;
};

class RegisterBank;

/// A register of 1, 2 or 4 bytes at an offset that is a multiple of its size.
class Register {
 public:
  Register(RegisterBank& bank, unsigned offset, unsigned bytes, const char* name, const char* meaning,
           const char* section);
  Register(const Register&) = delete;
  Register& operator=(const Register&) = delete;

  std::uint32_t value() const { return value_; }
  /// The model's own assignment of the whole register.
  void set(std::uint32_t value) { value_ = value; }
  void set_bits(std::uint32_t bits) { value_ |= bits; }
  void clear_bits(std::uint32_t bits) { value_ &= ~bits; }
  /// Every field to its reset value; write-once fields may be written again.
  void reset();
  unsigned offset() const { return offset_; }
  unsigned bytes() const { return bytes_; }
  const char* name() const { return name_; }
  const char* meaning() const { return meaning_; }
  const char* section() const { return section_; }
  const std::vector<const Field*>& fields() const { return fields_; }

  /// After a guest's write was applied: object->Method(Written).
  template <auto Method, class T> void on_write(T* object) {
    write_object_ = object;
    write_call_ = [](void* target, const Written& written) { (static_cast<T*>(target)->*Method)(written); };
  }
  /// Before a guest's read is answered: object->Method(), to bring value() up to date or react to the access.
  template <auto Method, class T> void on_read(T* object) {
    read_object_ = object;
    read_call_ = [](void* target) { (static_cast<T*>(target)->*Method)(); };
  }
  /// A guest's access; lanes are bits within the register. Used by the bank.
  std::uint32_t guest_read() {
    if (read_call_) read_call_(read_object_);
    return value_ & ~write_only_;
  }
  /// What the access rules make of `value` in such a write.
  std::uint32_t after_write(std::uint32_t value, std::uint32_t data, std::uint32_t lanes) const {
    const std::uint32_t plain = (writable_ | (once_ & ~locked_)) & lanes;
    value = (value & ~plain) | (data & plain);
    return (value & ~(clear_on_1_ & data & lanes)) | (set_on_1_ & data & lanes);
  }
  void guest_write(std::uint32_t data, std::uint32_t lanes) {
    const Written written{value_, data & lanes, lanes};
    value_ = after_write(value_, data, lanes);
    locked_ |= once_ & lanes;
    if (write_call_) write_call_(write_object_, written);
  }

 private:
  friend class Field;
  std::uint32_t value_ = 0;
  std::uint32_t writable_ = 0, clear_on_1_ = 0, set_on_1_ = 0, once_ = 0, locked_ = 0, write_only_ = 0;
  void (*write_call_)(void*, const Written&) = nullptr;
  void* write_object_ = nullptr;
  void (*read_call_)(void*) = nullptr;
  void* read_object_ = nullptr;
  std::uint16_t offset_;
  std::uint8_t bytes_;
  const char* name_;
  const char* meaning_;
  const char* section_;
  std::vector<const Field*> fields_;
};

/// A window of registers. An access may have any size and alignment within the window: it is divided among the registers
/// it touches, lowest offset first; bytes without a register read 0 and ignore writes.
class RegisterBank {
 public:
  /// `size` in bytes, at most 64 KiB.
  RegisterBank(std::string name, unsigned size);
  RegisterBank(const RegisterBank&) = delete;
  RegisterBank& operator=(const RegisterBank&) = delete;

  /// False where the access leaves the window (nothing is done then).
  bool read(unsigned offset, std::uint8_t* to, unsigned bytes) {
    if (bytes == 4 && offset % 4 == 0 && offset < size_) {
      if (Register* target = whole_dword_[offset / 4]) {
        store_le(to, target->guest_read());
        return true;
      }
    }
    if (bytes == 1 && offset < size_) {
      Register* const target = by_byte_[offset];
      *to = target ? static_cast<std::uint8_t>(target->guest_read() >> 8 * (offset - target->offset())) : std::uint8_t{0};
      return true;
    }
    return read_slow(offset, to, bytes);
  }
  bool write(unsigned offset, const std::uint8_t* from, unsigned bytes) {
    if (bytes == 4 && offset % 4 == 0 && offset < size_) {
      if (Register* target = whole_dword_[offset / 4]) {
        target->guest_write(load_le(from), ~std::uint32_t{0});
        return true;
      }
    }
    if (bytes == 1 && offset < size_) {
      if (Register* const target = by_byte_[offset]) {
        const unsigned shift = 8 * (offset - target->offset());
        target->guest_write(std::uint32_t{*from} << shift, std::uint32_t{0xff} << shift);
      }
      return true;
    }
    return write_slow(offset, from, bytes);
  }
  /// Reads without side effects (debug transport). `pending` are writes, in their order, that the read is to see; their own side
  /// effects are not foreseen.
  bool peek(unsigned offset, std::uint8_t* to, unsigned bytes, const std::vector<PendingWrite>& pending = {}) const;
  void reset();
  const std::string& name() const { return name_; }
  unsigned size() const { return size_; }
  /// In the order of offset.
  std::vector<const Register*> registers() const;
  /// The register at exactly this offset, or nullptr.
  Register* find(unsigned offset) const;

 private:
  friend class Register;
  void add(Register& added);
  bool read_slow(unsigned offset, std::uint8_t* to, unsigned bytes);
  bool write_slow(unsigned offset, const std::uint8_t* from, unsigned bytes);
  bool inside(unsigned offset, unsigned bytes) const { return offset <= size_ && bytes <= size_ - offset; }
  static void store_le(std::uint8_t* to, std::uint32_t value) {
    for (unsigned i = 0; i < 4; ++i) to[i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
  static std::uint32_t load_le(const std::uint8_t* from) {
    return from[0] | from[1] << 8 | from[2] << 16 | static_cast<std::uint32_t>(from[3]) << 24;
  }

  std::string name_;
  unsigned size_;
  std::vector<Register*> by_byte_;
  std::vector<Register*> whole_dword_;  // 4-byte registers only
};

}  // namespace ahcisim::kit
