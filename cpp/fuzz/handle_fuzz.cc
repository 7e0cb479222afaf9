// The handles that a listener gives to a connector, of every network: who goes where, by what name of a device.
#include "fuzz/target.h"
#include "lane/channel_manager.h"
#include "net/plugin/wire.h"
#include "net/socket/wire.h"

namespace hawser::fuzz {
namespace {

void read_plugin_handle(const Handle& handle) {
  PluginHandleWire wire;
  std::memcpy(&wire, handle.bytes, sizeof(wire));
  const std::string device = device_of_handle(wire);
  unsigned char plugin[nccl::kHandleBytes];
  if (!unpack_handle(wire, plugin)) return;
  PluginHandleWire again;
  require(pack_handle(plugin, device, &again), "what was carried once can be carried again");
  unsigned char same[nccl::kHandleBytes];
  require(unpack_handle(again, same) && std::memcmp(plugin, same, sizeof(plugin)) == 0,
          "a handle survives its journey");
}

void run(const uint8_t* data, size_t size) {
  Input input(data, size);
  std::vector<Handle> handles;
  do {
    Handle handle{};
    input.fill(handle.bytes, sizeof(handle.bytes));
    require(handle_device(handle).size() <= sizeof(handle.bytes), "a device's name lies inside its handle");
    read_plugin_handle(handle);
    handles.push_back(handle);
  } while (!input.empty() && handles.size() < HAWSER_MAX_LANES);
  const std::vector<int> pairing = pair_lanes({"eth0", handle_device(handles.back())}, handles);
  for (const int handle : pairing) {
    require(handle >= 0 && static_cast<size_t>(handle) < handles.size(), "every lane goes to a handle that there is");
  }
}

std::vector<uint8_t> socket_handle(uint32_t magic) {
  HandleWire wire{};
  wire.magic = magic;
  wire.version = kSocketWireVersion;
  wire.family = 4;
  wire.sockets = 2;
  std::memcpy(wire.device, "eth0", 5);
  return Script().put(wire).bytes();
}

std::vector<Seed> seeds() {
  unsigned char plugin[nccl::kHandleBytes] = {1, 2, 0, 3};
  PluginHandleWire wire;
  pack_handle(plugin, "mlx5_0", &wire);
  return {{"socket", socket_handle(kHandleMagic)},
          {"ofi", socket_handle(kOfiHandleMagic)},
          {"plugin", Script().put(wire).bytes()},
          {"two", Script().put(wire).put(wire).bytes()}};
}

const Registered registered({"handle", run, seeds});

}  // namespace
}  // namespace hawser::fuzz
