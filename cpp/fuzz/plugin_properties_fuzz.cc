// What a network plugin tells of itself: the properties of a device, in the layout of each version. Input: a byte of
// the version, the length of the name, the name, then the properties, whose addresses are made to point to it.
#include <cstddef>

#include "fuzz/target.h"
#include "net/nccl_tables.h"
#include "net/plugin/library.h"
#include "net/plugin/wire.h"

namespace hawser::fuzz {
namespace {

// What the plugin says when it is asked; a plugin's functions have no place for more.
struct Told {
  std::vector<uint8_t> properties;
  std::string name;
  int result = 0;
} told;

template <typename Properties>
nccl::Result get_properties(int, Properties* out) {
  const size_t bytes = std::min(sizeof(*out), told.properties.size());
  if (bytes != 0) std::memcpy(static_cast<void*>(out), told.properties.data(), bytes);
  // A plugin that lies about addresses is beyond help, one that gives none is not.
  if (out->name != nullptr) out->name = told.name.data();
  if (out->pci_path != nullptr) out->pci_path = told.name.data();
  return static_cast<nccl::Result>(told.result);
}

nccl::Result one_device(int* count) {
  *count = 1;
  return nccl::kSuccess;
}

// Its functions but for these are missing.
std::unique_ptr<PluginNet> net_of(int version) {
  return nccl::with_version(version, [&](auto known) {
    constexpr int kVersion = decltype(known)::value;
    static const nccl::NetOf<kVersion> net = [] {
      nccl::NetOf<kVersion> made{};
      made.name = "script";
      made.devices = one_device;
      made.get_properties = get_properties<nccl::PropertiesOf<kVersion>>;
      return made;
    }();
    return make_plugin_net(kVersion, &net);
  });
}

void run(const uint8_t* data, size_t size) {
  Input input(data, size);
  const int version = nccl::kOldestVersion + input.get<uint8_t>() % (nccl::kNewestVersion - nccl::kOldestVersion + 1);
  told.result = input.get<uint8_t>() % 8 == 7 ? nccl::kSystemError : nccl::kSuccess;
  const auto name = input.block(input.get<uint8_t>());
  told.name.assign(name.begin(), name.end());
  told.properties = input.block(input.left());
  const std::unique_ptr<PluginNet> net = net_of(version);
  require(*net->missing() != '\0', "a plugin without functions is told from a whole one");
  std::vector<PluginDevice> devices;
  if (!read_plugin_devices(*net, &devices).ok()) return;
  require(devices.size() == 1, "every device is read");
  const PluginDevice& device = devices.front();
  require(device.name.size() <= told.name.size(), "a name is what the plugin gave");
  require(device.speed_mbps == -1 || device.speed_mbps > 0, "a speed is a speed, or unknown");
  require(device.max_message >= kPluginFrameBytes, "a frame fits into a message");
  PluginHandleWire wire;
  const unsigned char handle[nccl::kHandleBytes] = {1};
  if (!pack_handle(handle, device.name, &wire)) return;
  require(device_of_handle(wire).size() <= sizeof(wire), "a name fits into a handle, or is cut");
}

template <typename Properties>
std::vector<uint8_t> script(uint8_t version, Properties properties) {
  static char present;
  properties.name = &present;
  properties.speed = 10'000;
  properties.pointer_kinds = nccl::kPointerHost;
  Script script;
  script.put(static_cast<uint8_t>(version - nccl::kOldestVersion)).put(uint8_t{0}).put(uint8_t{6});
  script.put_bytes("mlx5_0", 6).put(properties);
  std::vector<uint8_t> bytes = script.bytes();
  // Addresses differ from run to run: any that is not null will do.
  std::memset(bytes.data() + 9 + offsetof(Properties, name), 1, sizeof(char*));
  return bytes;
}

std::vector<Seed> seeds() {
  nccl::v9::Properties small{};
  small.max_p2p_bytes = 1;
  nccl::v7::Properties unpacking{};
  unpacking.net_device_type = nccl::kNetDeviceUnpack;
  unpacking.net_device_version = nccl::kNetDeviceUnpackVersion;
  return {{"v6", script(6, nccl::v6::Properties{})},
          {"v7-unpacking", script(7, unpacking)},
          {"v8", script(8, nccl::v8::Properties{})},
          {"v9-one-byte", script(9, small)},
          {"v12", script(12, nccl::v12::Properties{})}};
}

const Registered registered({"plugin_properties", run, seeds});

}  // namespace
}  // namespace hawser::fuzz
