#include "net/transports.h"

#include <cstring>

#include "base/text.h"
#include "net/devices.h"
#include "net/fault/transport.h"
#include "net/ofi/transport.h"
#include "net/plugin/transport.h"
#include "net/plugin/wire.h"
#include "net/socket/wire.h"

namespace hawser {

namespace {

Status choose_sockets(const std::string& lanes, const TransportOptions& options, NetChoice* out) {
  LaneChoice choice;
  if (Status status = choose_lanes_here(lanes, &choice); !status.ok()) return status;
  out->lanes = std::move(choice.lanes);
  out->transport = make_socket_transport(std::move(choice.devices), options);
  return {};
}

Status choose_faults(const std::string& text, const std::string& lanes, const TransportOptions& options,
                     NetChoice* out) {
  FaultSpec spec;
  if (Status status = parse_fault_spec(text, &spec); !status.ok()) return status;
  if (Status status = make_transport(spec.net, lanes, options, out); !status.ok()) return status;
  auto board = std::make_shared<FaultBoard>(std::move(spec.plan), options.identity != nullptr);
  if (!spec.log.empty()) {
    if (Status status = board->open_log(spec.log); !status.ok()) return status;
  }
  out->transport = std::make_unique<FaultTransport>(std::move(out->transport), std::move(board));
  return {};
}

}  // namespace

Status make_transport(const std::string& net, const std::string& lanes, const TransportOptions& options,
                      NetChoice* out) {
  const size_t colon = net.find(':');
  const std::string kind = net.substr(0, colon);
  if (kind.empty() || kind == "socket") {
    if (colon == std::string::npos) return choose_sockets(lanes, options, out);
    return {HAWSER_INVALID_ARGUMENT, "the network 'socket' takes nothing behind it, not '" + net + "'"};
  }
  const std::string which = colon == std::string::npos ? "" : net.substr(colon + 1);
  if (kind == "fault") return choose_faults(which, lanes, options, out);
  if (options.identity != nullptr) {
    return {HAWSER_UNSUPPORTED, "the network '" + kind +
                                    "' does not encrypt, and there is an identity: use the network "
                                    "socket, or, where nobody else is on the wires, leave the identity out"};
  }
  if (kind == "plugin") {
    if (Status status = make_plugin_transport(which, {}, &out->transport); !status.ok()) return status;
    return choose_lanes_of_network(out->transport->devices(), lanes, &out->lanes);
  }
  if (kind == "ofi") {
    if (Status status = make_ofi_transport(which, options.clear, &out->transport); !status.ok()) return status;
    // Its devices have addresses, and loopback is among them: the kernel's rule leaves that out unless it is named.
    LaneChoice choice;
    Status status = choose_lanes(out->transport->devices(), lanes, "", &choice);
    out->lanes = std::move(choice.lanes);
    return status;
  }
  return {HAWSER_INVALID_ARGUMENT, "there is no network '" + net +
                                       "': socket, plugin[:NAME|PATH], ofi[:PROVIDER], "
                                       "fault[:KEY=VALUE,...]"};
}

std::string handle_device(const Handle& handle) {
  PluginHandleWire plugin;
  std::memcpy(&plugin, handle.bytes, sizeof(plugin));
  if (plugin.magic == kPluginHandleMagic) return device_of_handle(plugin);
  const HandleWire socket = read_handle(handle);
  const bool known = socket.magic == kHandleMagic || socket.magic == kOfiHandleMagic;
  return known ? bounded_text(socket.device) : "";
}

}  // namespace hawser
