// What the plugin says goes through NCCL's own logger, so that it appears where and when NCCL_DEBUG says.
#pragma once

#include <source_location>
#include <string_view>

#include "base/status.h"
#include "net/nccl_abi.h"

namespace hawser::nccl {

// [any] The logger of the latest init; null is silence.
void set_logger(Logger logger);
void log_warning(std::string_view text, std::source_location where = std::source_location::current());
void log_info(std::string_view text, std::source_location where = std::source_location::current());

// NCCL's name for the kind of failure; kSuccess for HAWSER_OK.
Result result_of(int32_t code);

}  // namespace hawser::nccl
