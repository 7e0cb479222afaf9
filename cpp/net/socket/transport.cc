#include "net/transport.h"

#include <algorithm>

#include "net/socket/connect.h"
#include "net/socket/listen.h"
#include "net/socket/wire.h"

namespace hawser {
namespace {

class SocketTransport : public Transport {
 public:
  SocketTransport(std::vector<DeviceProperties> devices, const TransportOptions& options)
      : devices_(std::move(devices)), options_(options) {
    options_.sockets_per_lane = std::clamp<uint32_t>(options_.sockets_per_lane, 1, kMaxSocketsPerLane);
  }

  const char* name() const override { return "socket"; }
  const std::vector<DeviceProperties>& devices() const override { return devices_; }

  Status listen(int device, Handle* handle, std::unique_ptr<ListenComm>* out) override {
    if (Status known = check(device); !known.ok()) return known;
    auto listener = std::make_unique<SocketListener>(devices_[static_cast<size_t>(device)], options_);
    Status opened = listener->open(handle);
    if (opened.ok()) *out = std::move(listener);
    return opened;
  }

  Status connect(int device, const Handle& handle, std::unique_ptr<Connector>* out) override {
    if (Status known = check(device); !known.ok()) return known;
    const HandleWire wire = read_handle(handle);
    if (wire.magic != kHandleMagic) return {HAWSER_INVALID_ARGUMENT, "the handle is not one of the socket transport"};
    if (wire.version != kSocketWireVersion) {
      return {HAWSER_VERSION_MISMATCH, "the listener speaks version " + std::to_string(wire.version) +
                                           " of the socket transport, this end version " +
                                           std::to_string(kSocketWireVersion) + ": use one version on both ends"};
    }
    const bool sound =
        (wire.family == 4 || wire.family == 6) && wire.sockets >= 1 && wire.sockets <= kMaxSocketsPerLane;
    if (!sound) return {HAWSER_INVALID_ARGUMENT, "the handle is damaged"};
    auto connector = std::make_unique<SocketConnector>(devices_[static_cast<size_t>(device)], wire, options_);
    Status opened = connector->open();
    if (opened.ok()) *out = std::move(connector);
    return opened;
  }

 private:
  Status check(int device) const {
    if (device >= 0 && static_cast<size_t>(device) < devices_.size()) return {};
    return {HAWSER_INVALID_ARGUMENT, "there is no device number " + std::to_string(device) + ": the transport has " +
                                         std::to_string(devices_.size())};
  }

  std::vector<DeviceProperties> devices_;
  TransportOptions options_;
};

}  // namespace

std::unique_ptr<Transport> make_socket_transport(std::vector<DeviceProperties> devices,
                                                 const TransportOptions& options) {
  return std::make_unique<SocketTransport>(std::move(devices), options);
}

}  // namespace hawser
