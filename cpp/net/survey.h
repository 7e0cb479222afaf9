// What of GPUs, NCCL's network plugins and libfabric is on this machine, as `hawser doctor` tells.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"

namespace hawser {

// One JSON object: {"gpus":{...},"plugins":{...},"libfabric":{...}}, each with a "problem" that is null or says why
// not. Drivers and plugins are strangers' code: each is asked in a process of its own, which may crash or hang as it
// likes and is ended after `limit`.
std::string survey_json(Nanos limit);

// Runs `ask` in a process of its own and gives what it returned, or {"problem":"..."} when that process died or took
// longer than `limit`.
std::string ask_apart(const std::function<std::string()>& ask, Nanos limit);

}  // namespace hawser
