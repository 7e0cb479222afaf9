#include "net/plugin/transport.h"

#include <cstring>

#include "net/plugin/meeting.h"

namespace hawser {
namespace {

// Plugins over libfabric, say, exchange several messages of their own first, and move them only when they are asked.
constexpr Nanos kAttemptLimit = 2 * kSecond;

class PluginTransport : public Transport {
 public:
  PluginTransport(Plugin plugin, const PluginOptions& options) : plugin_(std::move(plugin)), options_(options) {
    for (size_t i = 0; i < plugin_.devices.size(); ++i) devices_.push_back(properties(static_cast<int>(i)));
  }

  const char* name() const override { return "plugin"; }
  const std::vector<DeviceProperties>& devices() const override { return devices_; }
  Nanos attempt_limit() const override { return kAttemptLimit; }

  Status listen(int device, Handle* handle, std::unique_ptr<ListenComm>* out) override {
    if (Status known = check(device); !known.ok()) return known;
    return PluginListener::open(end(device), handle, out);
  }

  Status connect(int device, const Handle& handle, std::unique_ptr<Connector>* out) override {
    if (Status known = check(device); !known.ok()) return known;
    PluginHandleWire wire;
    std::memcpy(&wire, handle.bytes, sizeof(wire));
    if (wire.magic != kPluginHandleMagic) {
      return {HAWSER_INVALID_ARGUMENT,
              "the listener's handle is not one of a network plugin: use one network on both "
              "ends"};
    }
    if (wire.version != kPluginWireVersion) {
      return {HAWSER_VERSION_MISMATCH, "the listener speaks version " + std::to_string(wire.version) +
                                           " of the plugin transport, this end version " +
                                           std::to_string(kPluginWireVersion) + ": use one version on both ends"};
    }
    *out = std::make_unique<PluginConnector>(end(device), handle);
    return {};
  }

 private:
  Status check(int device) const {
    if (device >= 0 && static_cast<size_t>(device) < devices_.size()) return {};
    return {HAWSER_INVALID_ARGUMENT, "there is no device number " + std::to_string(device) +
                                         ": the network plugin has " + std::to_string(devices_.size())};
  }

  PluginEnd end(int device) const {
    return {plugin_.net, device, plugin_.devices[static_cast<size_t>(device)], options_.window};
  }

  DeviceProperties properties(int index) const {
    const PluginDevice& device = plugin_.devices[static_cast<size_t>(index)];
    DeviceProperties properties;
    properties.name = device.name;
    properties.index = index;
    properties.speed_mbps = device.speed_mbps;
    properties.pci = device.pci_path;
    properties.up = true;
    return properties;
  }

  Plugin plugin_;
  PluginOptions options_;
  std::vector<DeviceProperties> devices_;
};

}  // namespace

Status make_plugin_transport(const std::string& names, const PluginOptions& options, std::unique_ptr<Transport>* out) {
  Plugin plugin;
  if (Status status = open_plugin(names, &plugin, options.newest_version); !status.ok()) return status;
  *out = std::make_unique<PluginTransport>(std::move(plugin), options);
  return {};
}

}  // namespace hawser
