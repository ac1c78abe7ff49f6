// SPDX-License-Identifier: MIT
// A raw image file (or a block device) as a disk: sector n is at byte 512 n, as QEMU's and dd's raw format has it.
//
// Reads see the file through a mapping, without a copy. Writes go through pwrite(), which can report a full file
// system where a store into a mapping would kill the program. The file is locked, so that two disks do not share it.
#pragma once

#include <string>

#include <ahcisim/models/disk/store/store.hpp>

namespace ahcisim::disk {

class ImageStore final : public Store {
 public:
  enum class Access { read_only, read_write };
  /// Throws kit::ConfigError: no such file, not a file, empty, no multiple of 512 bytes, no permission, in use.
  /// `sync`: flush() waits until the host's disk has the data; without, until every other process sees it.
  ImageStore(std::string path, Access access, bool sync = false);
  ~ImageStore() override;
  ImageStore(const ImageStore&) = delete;
  ImageStore& operator=(const ImageStore&) = delete;

  std::uint64_t sectors() const override { return sectors_; }
  bool read_only() const override { return access_ == Access::read_only; }
  void read(std::uint64_t lba, std::uint32_t sectors, std::uint8_t* to) override;
  /// Throws std::runtime_error where the host refuses the write (file system full, I/O error).
  void write(std::uint64_t lba, std::uint32_t sectors, const std::uint8_t* from) override;
  void trim(std::uint64_t lba, std::uint64_t sectors) override;
  const std::uint8_t* peek(std::uint64_t lba, std::uint32_t sectors) override;
  std::uint8_t* poke(std::uint64_t, std::uint32_t) override { return nullptr; }
  void flush() override;

 private:
  void close();
  void must_be_writable() const;
  std::string path_;
  Access access_;
  bool sync_;
  int file_ = -1;
  const std::uint8_t* bytes_ = nullptr;
  std::uint64_t sectors_ = 0;
};

}  // namespace ahcisim::disk
