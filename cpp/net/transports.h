// Which network moves the bytes, and which of its devices the lanes use.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/transport.h"

namespace hawser {

struct NetChoice {
  std::unique_ptr<Transport> transport;
  std::vector<int> lanes;  // lane i uses transport->devices()[lanes[i]]
};

// `net` as in hawser_config, `lanes` as `spec` of hawser_devices. Networks that bring devices of their own choose among
// these: by name, or a number of lanes over all that are up, round and round. HAWSER_UNSUPPORTED for a network that
// this library was built without; HAWSER_INVALID_ARGUMENT for one that there is not.
Status make_transport(const std::string& net, const std::string& lanes, const TransportOptions& options,
                      NetChoice* out);

}  // namespace hawser
