#include "net/plugin/wire.h"

#include <algorithm>
#include <cstring>

namespace hawser {

bool pack_handle(const unsigned char (&plugin)[nccl::kHandleBytes], const std::string& device, PluginHandleWire* out) {
  *out = {};
  out->magic = kPluginHandleMagic;
  out->version = kPluginWireVersion;
  for (size_t i = 0; i < sizeof(plugin); ++i) {
    if (plugin[i] == 0) continue;
    if (out->used == PluginHandleWire::kCarried) return false;
    out->present[i / 8] |= static_cast<unsigned char>(1u << i % 8);
    out->carried[out->used++] = plugin[i];
  }
  std::memcpy(out->carried + out->used, device.data(), std::min(device.size(), PluginHandleWire::kCarried - out->used));
  return true;
}

bool unpack_handle(const PluginHandleWire& wire, unsigned char (&plugin)[nccl::kHandleBytes]) {
  size_t used = 0;
  for (size_t i = 0; i < sizeof(plugin); ++i) {
    const bool present = (wire.present[i / 8] >> i % 8 & 1) != 0;
    if (present && used == PluginHandleWire::kCarried) return false;
    plugin[i] = present ? wire.carried[used++] : 0;
  }
  return used == wire.used;
}

std::string device_of_handle(const PluginHandleWire& wire) {
  const size_t from = std::min<size_t>(wire.used, PluginHandleWire::kCarried);
  const auto* name = reinterpret_cast<const char*>(wire.carried + from);
  return {name, strnlen(name, PluginHandleWire::kCarried - from)};
}

}  // namespace hawser
