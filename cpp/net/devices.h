// The machine's network devices and the choice of lanes among them.
#pragma once

#include <string>
#include <vector>

#include "net/transport.h"

namespace hawser {

struct LaneChoice {
  std::vector<DeviceProperties> devices;  // everything the kernel lists
  std::vector<std::string> reasons;       // one a device: why it was or was not chosen
  std::vector<int> lanes;                 // lane i uses devices[lanes[i]]
};

// All devices with their facts, in the kernel's order. Never fails as a whole: what cannot be read is left unknown.
std::vector<DeviceProperties> list_devices();

// Whether a device with these interface flags (IFF_...) is administratively up and has a carrier.
bool flags_tell_up(unsigned flags);

// Chooses lanes among `devices`. `spec` has NCCL's syntax: "eth1,eth2" (prefixes, in this order), "=eth1,eth2" (exact
// names), "^docker,lo" (all but these; "^=eth0" exact), or a number N: N lanes over the devices of the default rule,
// round and round; "lo*4"-like repeats are written lo,lo,lo,lo. Empty: `ifname_variable` (the value of
// NCCL_GPUDIRECTTCPX_SOCKET_IFNAME, "" when unset), else eth1,eth2,eth3,eth4, else every device that is up but
// loopback, else four lanes over loopback. A spec that names devices none of which exists, or more than
// HAWSER_MAX_LANES lanes, is an error that lists what there is.
Status choose_lanes(std::vector<DeviceProperties> devices, const std::string& spec, const std::string& ifname_variable,
                    LaneChoice* out);

// The same among the devices of a network that has its own, by index: "" for all that are up, as many as there may be
// lanes; a number N for N lanes over these, round and round. Loopback is nothing special and no address is needed.
Status choose_lanes_of_network(std::vector<DeviceProperties> devices, const std::string& spec, std::vector<int>* lanes);

// The same among this machine's devices, with the variable of this process.
Status choose_lanes_here(const std::string& spec, LaneChoice* out);

}  // namespace hawser
