// SPDX-License-Identifier: MIT
// A raw image file as a disk.
#include <ahcisim/models/disk/store/image_store.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::disk {
namespace {

std::string opening_fault(const std::string& path, bool writing, int error) {
  if (error == ENOENT) return fmt::format("image \"{}\": no such file; make one with: truncate -s 1G \"{}\"", path, path);
  if (writing && (error == EACCES || error == EROFS || error == EPERM))
    return fmt::format("image \"{}\": cannot be written; make it writable, open it read-only, or put an overlay over it", path);
  if (error == EISDIR) return fmt::format("image \"{}\": is a directory; name a raw image file", path);
  return fmt::format("image \"{}\": {}; check the path and its permissions", path, std::strerror(error));
}

}  // namespace

ImageStore::ImageStore(std::string path, Access access, bool sync) : path_{std::move(path)}, access_{access}, sync_{sync} {
  const bool writing = access == Access::read_write;
  file_ = ::open(path_.c_str(), (writing ? O_RDWR : O_RDONLY) | O_CLOEXEC);
  if (file_ < 0) throw kit::ConfigError{opening_fault(path_, writing, errno)};
  std::string fault;
  struct stat status {};
  const off_t size = ::lseek(file_, 0, SEEK_END);  // also the size of a block device, whose st_size is 0
  if (::fstat(file_, &status) != 0 || !(S_ISREG(status.st_mode) || S_ISBLK(status.st_mode)))
    fault = "is neither a file nor a block device; name a raw image file";
  else if (size <= 0)
    fault = fmt::format("is empty; give it a size with: truncate -s 1G \"{}\"", path_);
  else if (size % static_cast<off_t>(sector_bytes) != 0)
    fault = fmt::format("its {} bytes are no multiple of 512; pad it with: truncate -s %512 \"{}\"",
                        static_cast<long long>(size), path_);
  else if (::flock(file_, (writing ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    fault = "is in use by another disk or program; give each disk its own image, or an overlay each over a read-only one";
  if (fault.empty()) {
    void* mapped = ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_SHARED, file_, 0);
    if (mapped == MAP_FAILED)
      fault = fmt::format("cannot be mapped ({}); use a smaller image", std::strerror(errno));
    else
      bytes_ = static_cast<const std::uint8_t*>(mapped);
  }
  if (!fault.empty()) {
    close();
    throw kit::ConfigError{fmt::format("image \"{}\": {}", path_, fault)};
  }
  sectors_ = static_cast<std::uint64_t>(size) / sector_bytes;
}

ImageStore::~ImageStore() { close(); }

void ImageStore::close() {
  if (bytes_) ::munmap(const_cast<std::uint8_t*>(bytes_), sectors_ * sector_bytes);
  if (file_ >= 0) ::close(file_);
  bytes_ = nullptr, file_ = -1;
}

void ImageStore::must_be_writable() const {
  if (read_only()) throw std::logic_error{"write to the read-only image \"" + path_ + "\""};
}

void ImageStore::read(std::uint64_t lba, std::uint32_t sectors, std::uint8_t* to) {
  check_run(lba, sectors, sectors_);
  std::memcpy(to, bytes_ + lba * sector_bytes, std::size_t{sectors} * sector_bytes);
}

const std::uint8_t* ImageStore::peek(std::uint64_t lba, std::uint32_t sectors) {
  check_run(lba, sectors, sectors_);
  return bytes_ + lba * sector_bytes;
}

void ImageStore::write(std::uint64_t lba, std::uint32_t sectors, const std::uint8_t* from) {
  must_be_writable();
  check_run(lba, sectors, sectors_);
  std::size_t left = std::size_t{sectors} * sector_bytes;
  for (auto at = static_cast<off_t>(lba * sector_bytes); left != 0;) {
    const ssize_t done = ::pwrite(file_, from, left, at);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0)
      throw std::runtime_error{fmt::format("image \"{}\": write failed ({}); make room on its file system", path_,
                                           std::strerror(done < 0 ? errno : ENOSPC))};
    from += done, at += done, left -= static_cast<std::size_t>(done);
  }
}

void ImageStore::trim(std::uint64_t lba, std::uint64_t sectors) {
  must_be_writable();
  check_run(lba, sectors, sectors_);
  if (sectors == 0) return;
  if (::fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(lba * sector_bytes),
                  static_cast<off_t>(sectors * sector_bytes)) == 0)
    return;
  for (; sectors != 0;) {  // a file system without holes
    const auto run = static_cast<std::uint32_t>(std::min<std::uint64_t>(sectors, zero_page_sectors));
    write(lba, run, zero_page());
    lba += run, sectors -= run;
  }
}

void ImageStore::flush() {
  if (sync_ && !read_only() && ::fdatasync(file_) != 0)
    throw std::runtime_error{fmt::format("image \"{}\": flush failed ({})", path_, std::strerror(errno))};
}

}  // namespace ahcisim::disk
