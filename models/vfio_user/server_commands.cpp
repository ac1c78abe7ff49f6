// SPDX-License-Identifier: MIT
// What each command does.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include <nlohmann/json.hpp>

#include <ahcisim/models/vfio_user/server.hpp>

namespace ahcisim::vfio_user {
namespace {

using nlohmann::json;

/// The configuration space is no larger, and an access to a BAR is one transaction on the bus (PCI Express Base, 2.2.2).
constexpr std::uint32_t most_of_an_access = 4096;

/// A number of the client's capabilities, 0 where it says none.
std::uint64_t capability(const json& offered, const char* name) {
  const auto capabilities = offered.find("capabilities");
  if (capabilities == offered.end() || !capabilities->is_object()) return 0;
  const auto found = capabilities->find(name);
  return found != capabilities->end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

}  // namespace

void Server::version(Message& message) {
  Version asked;
  load(asked, message.payload, message.length);
  const char* text = reinterpret_cast<const char*>(message.payload) + sizeof asked;
  const std::size_t room = message.length - sizeof asked;
  const std::size_t length = ::strnlen(text, room);
  json offered = json::object();
  if (length > 0) offered = json::parse(text, text + length, nullptr, false);
  if (asked.major != 0 || offered.is_discarded() || !offered.is_object()) {
    refuse(message, EINVAL);
    closing_ = true;
    return;
  }
  if (const std::uint64_t most = capability(offered, "max_data_xfer_size"))
    most_data_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(most, max_data));
  greeted_ = true;
  // Clients read the reply into the buffer of their request: it must not be the longer one.
  const json capabilities{{"max_msg_fds", max_fds}, {"max_data_xfer_size", max_data}, {"max_dma_maps", DmaMap::most_ranges}};
  const std::string told = json{{"capabilities", capabilities}}.dump();
  const Version agreed{0, std::min<std::uint16_t>(asked.minor, 1)};
  const bool fits = told.size() + 1 <= room;
  reply(message, &agreed, sizeof agreed, told.c_str(), fits ? told.size() + 1 : 0);
}

void Server::dma_map(Message& message) {
  DmaMapRequest request;
  load(request, message.payload, message.length);
  if (message.descriptors.size() > 1) return refuse(message, EINVAL);
  finish(message, memory_.map(request, message.descriptors.empty() ? Descriptor{} : std::move(message.descriptors.front())));
}

void Server::dma_unmap(Message& message) {
  DmaUnmapRequest request;
  load(request, message.payload, message.length);
  if (const int error = memory_.unmap(request)) return refuse(message, error);
  reply(message, &request, sizeof request);
}

void Server::device_info(Message& message) {
  const DeviceInfo info{sizeof info, DeviceInfo::RESET | DeviceInfo::PCI, region::count, irq::count};
  reply(message, &info, sizeof info);
}

void Server::region_info(Message& message) {
  RegionInfo info;
  load(info, message.payload, message.length);
  if (info.index >= region::count) return refuse(message, EINVAL);
  const std::uint64_t size = device_.region_size(info.index);
  const RegionInfo told{sizeof told, size ? RegionInfo::READ | RegionInfo::WRITE : 0, info.index, 0, size, 0};
  reply(message, &told, sizeof told);
}

void Server::irq_info(Message& message) {
  IrqInfo info;
  load(info, message.payload, message.length);
  if (info.index >= irq::count) return refuse(message, EINVAL);
  const std::uint32_t flags = info.index == irq::intx ? IrqInfo::EVENTFD | IrqInfo::MASKABLE | IrqInfo::AUTOMASKED : IrqInfo::EVENTFD;
  const std::uint32_t count = interrupts_.count(info.index);
  const IrqInfo told{sizeof told, count ? flags : 0, info.index, count};
  reply(message, &told, sizeof told);
}

void Server::set_irqs(Message& message) {
  SetIrqs request;
  load(request, message.payload, message.length);
  const std::uint8_t* data = message.payload + sizeof request;
  finish(message, interrupts_.set(request, data, message.length - static_cast<std::uint32_t>(sizeof request), message.descriptors));
}

bool Server::inside(const RegionAccess& access) const {
  if (access.region >= region::count || access.count == 0 || access.count > most_of_an_access) return false;
  const std::uint64_t size = device_.region_size(access.region);
  return access.offset < size && access.count <= size - access.offset;
}

// What an access carries is kept here, not in the connection's buffer or the server's: it may make the device wait for its DMA,
// and more messages come meanwhile.
void Server::region_read(Message& message) {
  RegionAccess access;
  load(access, message.payload, message.length);
  if (!inside(access)) return refuse(message, EINVAL);
  std::uint8_t data[most_of_an_access];
  std::memset(data, 0, access.count);
  if (within_dma_) device_.peek(access.region, access.offset, data, access.count, waiting_for(access.region));
  else device_.read(access.region, access.offset, data, access.count);
  reply(message, &access, sizeof access, data, access.count);
}

void Server::region_write(Message& message) {
  RegionAccess access;
  load(access, message.payload, message.length);
  if (!inside(access) || message.length - sizeof access < access.count) return refuse(message, EINVAL);
  std::uint8_t data[most_of_an_access];
  std::memcpy(data, message.payload + sizeof access, access.count);
  if (within_dma_) do_later(access.region, access.offset, data, access.count);
  else device_.write(access.region, access.offset, data, access.count);
  reply(message, &access, sizeof access);
}

void Server::device_reset(Message& message) {
  if (within_dma_) {
    do_later(0, 0, nullptr, 0);
  } else {
    device_.reset();
    interrupts_.reset();
  }
  reply(message);
}

}  // namespace ahcisim::vfio_user
