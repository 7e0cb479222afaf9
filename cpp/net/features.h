// What this kernel offers to the native half.
#pragma once

#include <string>

namespace hawser {

// One JSON object, each member really tried: {"kernel":"6.18.1","epoll_pwait2":true,...}. May be called by any thread.
std::string features_json();

}  // namespace hawser
