// How a party's lanes are made. Part of the public interface: see lane_link.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "hawser.h"

namespace hawser {

struct LaneOptions {
  // Network devices, one lane each, as `spec` of hawser_devices in hawser.h; empty: the default rule.
  std::string lanes;
  // For all ranks to have met.
  std::chrono::milliseconds connect_timeout{60'000};
  // A lane whose peer acknowledges nothing for so long is lost; zero: the library's default.
  std::chrono::milliseconds silence{0};
  // All lanes lost for so long: the peer is gone; zero: the library's default.
  std::chrono::milliseconds link_timeout{0};
  // Long messages are cut in pieces of this length, and each goes over the lane that is best for it; zero: the
  // library's default.
  uint32_t chunk_bytes = 0;
  // Bytes that may wait until they are received; when they do, senders wait.
  uint64_t mailbox_bytes = uint64_t{1} << 30;
  // Checksums on what the lanes carry.
  bool checksum = true;
  // Who this party is and whom it trusts, as hawser_identity_open of hawser_trust.h made it; the caller may close it
  // once lanes are made. Without one nothing goes to other machines, unless `insecure` says that it may in the clear.
  hawser_identity* identity = nullptr;
  bool insecure = false;
};

}  // namespace hawser
