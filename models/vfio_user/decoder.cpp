// SPDX-License-Identifier: MIT
// Where messages begin and end, and whose the descriptors are.
#include <ahcisim/models/vfio_user/decoder.hpp>

#include <algorithm>

namespace ahcisim::vfio_user {
namespace {

bool possible(const Header& header) {
  return header.size >= sizeof header && header.size <= max_message && (header.flags & Header::type_mask) <= Header::is_reply;
}

}  // namespace

Decoder::Room Decoder::room() {
  if (begin_ == end_) begin_ = end_ = 0;
  // A message that does not fit behind what is there moves to the front, and the buffer grows up to the largest message.
  Header header;
  const std::size_t wanted = header_at(begin_, header) ? header.size : sizeof header;
  if (begin_ > 0 && begin_ + wanted > buffer_.size()) {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
  }
  if (wanted > buffer_.size() && !broken_) buffer_.resize(wanted);
  if (end_ == buffer_.size()) buffer_.resize(buffer_.size() + initial_size);
  return {buffer_.data() + end_, buffer_.size() - end_};
}

bool Decoder::header_at(std::size_t at, Header& header) const { return load(header, buffer_.data() + at, end_ - at) && possible(header); }

/// Where in the stream the last message begins of which at least a byte is here.
std::uint64_t Decoder::last_begin() const {
  std::size_t at = begin_;
  Header header;
  while (header_at(at, header) && at + header.size < end_) at += header.size;
  return position_ + (at - begin_);
}

void Decoder::put(std::size_t bytes, std::vector<Descriptor> descriptors) {
  end_ += bytes;
  if (!descriptors.empty()) carried_.push_back({last_begin(), std::move(descriptors)});
}

bool Decoder::next(Message& message) {
  message.descriptors.clear();
  if (broken_ || end_ - begin_ < sizeof(Header)) return false;
  if (!header_at(begin_, message.header)) {
    broken_ = true;
    return false;
  }
  const std::uint32_t size = message.header.size;
  if (end_ - begin_ < size) return false;
  message.payload = buffer_.data() + begin_ + sizeof(Header);
  message.length = size - static_cast<std::uint32_t>(sizeof(Header));
  for (; !carried_.empty() && carried_.front().begin <= position_; carried_.pop_front())
    std::move(carried_.front().descriptors.begin(), carried_.front().descriptors.end(), std::back_inserter(message.descriptors));
  begin_ += size;
  position_ += size;
  return true;
}

}  // namespace ahcisim::vfio_user
