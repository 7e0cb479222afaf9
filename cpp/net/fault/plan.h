// Which faults a fault-injecting network brings about, and when: counted in operations, never by the clock, so that a
// seed or a file says it all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace hawser {

enum class FaultKind : uint8_t {
  kReset,    // the lane's connection is reset
  kCut,      // the connection ends once some of what waits has left, in the midst of a message where one is long enough
  kSilence,  // `amount` ms: nothing passes, nobody is told, and the peer's kernel seems to be silent
  kPause,    // `amount` ms: nothing passes, but the peer's kernel would acknowledge
  kSlow,     // `amount` ms: bytes pass in a few short moments only
  kLate,     // `amount` messages are handed over late, so that those of other lanes overtake them
  kCorrupt,  // `amount` messages arrive with a wrong bit
  kSend,     // the next send fails
  kReceive,  // the next receive fails
  kRefuse,   // the connection is reset, and the next `amount` attempts to connect it anew fail
  kMemory,   // the next `amount` registrations of memory fail
  kVanish,   // all lanes of the lane's device are reset, and `amount` attempts on each fail
};

struct Fault {
  uint64_t at = 0;  // the count of sends and receives, over all lanes of one network, from which on it happens
  uint32_t lane = 0;
  FaultKind kind = FaultKind::kReset;
  uint32_t amount = 1;  // see the kinds
};

// One fault a line: "AT LANE KIND AMOUNT", as logs hold them and plans are written.
std::string to_text(const Fault& fault);
Status parse_fault(const std::string& line, Fault* out);

// What follows "fault" in the name of a network.
struct FaultSpec {
  std::vector<Fault> plan;  // in the order of Fault::at
  std::string log;          // a file that takes a line for each fault as it happens, "" for none
  std::string net;          // what lies below: as in hawser_config
};

// [:KEY=VALUE,...] with the keys
//   seed=S     a plan drawn from this number; 1 unless told otherwise
//   faults=N   so many faults; 1000
//   every=K    K operations apart in the mean; 500
//   kinds=A+B  of these kinds; all but memory, which the caller of a registration would see
//   plan=FILE  instead: the faults of a file, "#" begins a comment
//   log=FILE   where to note them
//   net=NAME   what lies below; the last key, as networks' names hold commas and colons too. The default is socket
Status parse_fault_spec(const std::string& text, FaultSpec* out);

}  // namespace hawser
