#include "net/devices.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include "base/unique_fd.h"

namespace hawser {
namespace {

namespace fs = std::filesystem;

std::optional<int> read_int(const fs::path& path) {
  std::ifstream file(path);
  std::string text;
  if (!(file >> text)) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "0000:3b:00.1"
bool is_pci_address(const std::string& name) {
  constexpr std::string_view kForm = "xxxx:xx:xx.x";
  if (name.size() != kForm.size()) return false;
  for (size_t i = 0; i < kForm.size(); ++i) {
    const bool fits = kForm[i] == 'x' ? std::isxdigit(static_cast<unsigned char>(name[i])) != 0 : name[i] == kForm[i];
    if (!fits) return false;
  }
  return true;
}

// A virtio device hangs below its PCI device: the first PCI address on the way up is the one.
void read_bus(DeviceProperties* device) {
  std::error_code ignored;
  fs::path path = fs::canonical("/sys/class/net/" + device->name + "/device", ignored);
  for (; path.has_relative_path(); path = path.parent_path()) {
    if (device->numa_node < 0) device->numa_node = read_int(path / "numa_node").value_or(-1);
    if (is_pci_address(path.filename())) {
      device->pci = path.filename();
      return;
    }
  }
}

int read_mtu(const std::string& name) {
  const UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  return fd.valid() && ioctl(fd.get(), SIOCGIFMTU, &request) == 0 ? request.ifr_mtu : 0;
}

bool is_link_local(const in6_addr& address) { return IN6_IS_ADDR_LINKLOCAL(&address); }

// The numeric text of an address that a lane can use; "" for others.
std::string usable_address(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address->sa_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text.data(), text.size());
  } else if (address->sa_family == AF_INET6) {
    const in6_addr& six = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    if (!is_link_local(six)) inet_ntop(AF_INET6, &six, text.data(), text.size());
  }
  return text.data();
}

}  // namespace

// Not IFF_RUNNING: that follows the carrier by up to a second.
bool flags_tell_up(unsigned flags) {
  constexpr unsigned kLowerUp = 1u << 16;  // IFF_LOWER_UP of linux/if.h, which cannot stand beside net/if.h
  return (flags & IFF_UP) != 0 && (flags & kLowerUp) != 0;
}

std::vector<DeviceProperties> list_devices() {
  std::vector<DeviceProperties> devices;
  const std::unique_ptr<struct if_nameindex, decltype(&if_freenameindex)> names(if_nameindex(), if_freenameindex);
  for (auto* entry = names.get(); entry != nullptr && entry->if_index != 0; ++entry) {
    DeviceProperties device;
    device.name = entry->if_name;
    device.index = static_cast<int>(entry->if_index);
    device.mtu = read_mtu(device.name);
    device.speed_mbps = read_int("/sys/class/net/" + device.name + "/speed").value_or(-1);
    if (device.speed_mbps <= 0) device.speed_mbps = -1;
    read_bus(&device);
    devices.push_back(std::move(device));
  }

  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return devices;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    const auto device =
        std::find_if(devices.begin(), devices.end(), [&](const auto& d) { return d.name == entry->ifa_name; });
    if (device == devices.end()) continue;
    device->up = flags_tell_up(entry->ifa_flags);
    if (entry->ifa_addr == nullptr) continue;
    const bool has_v4 = !device->address.empty() && device->address.find(':') == std::string::npos;
    const bool better = device->address.empty() || (entry->ifa_addr->sa_family == AF_INET && !has_v4);
    if (better) {
      if (std::string address = usable_address(entry->ifa_addr); !address.empty()) device->address = std::move(address);
    }
  }
  return devices;
}

}  // namespace hawser
