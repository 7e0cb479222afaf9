// What network plugins say. NCCL's logger is variadic and has no argument of its own, so that there is one for all.
#pragma once

#include <string>

#include "net/nccl_abi.h"

namespace hawser {

// For PluginNet::init. Prints to standard error what the variable NCCL_DEBUG (WARN, INFO, TRACE) asks for, nothing when
// it is unset, one line a message; and keeps the last warning. [any]
nccl::Logger plugin_logger();

// The last warning since this was asked before, on one line of printable characters; "" when there was none. [any]
std::string take_plugin_warning();

}  // namespace hawser
