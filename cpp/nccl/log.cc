#include "nccl/log.h"

#include <atomic>

namespace hawser::nccl {

namespace {

std::atomic<Logger> logger_of_process{nullptr};

void log(LogLevel level, std::string_view text, const std::source_location& where) {
  // Acquire: with the function comes whatever the host prepared for it.
  const Logger logger = logger_of_process.load(std::memory_order_acquire);
  if (logger == nullptr) return;
  logger(level, kLogNet, level == kLogWarn ? where.file_name() : where.function_name(), static_cast<int>(where.line()),
         "NET/Hawser : %.*s", static_cast<int>(text.size()), text.data());
}

}  // namespace

void set_logger(Logger logger) { logger_of_process.store(logger, std::memory_order_release); }

void log_warning(std::string_view text, std::source_location where) { log(kLogWarn, text, where); }

void log_info(std::string_view text, std::source_location where) { log(kLogInfo, text, where); }

Result result_of(int32_t code) {
  switch (code) {
    case HAWSER_OK:
      return kSuccess;
    case HAWSER_INVALID_ARGUMENT:
      return kInvalidArgument;
    case HAWSER_TRUNCATED:
    case HAWSER_UNSUPPORTED:
      return kInvalidUsage;
    case HAWSER_TIMEOUT:
    case HAWSER_LANE_LOST:
    case HAWSER_LINK_FAILED:
    case HAWSER_REFUSED:
    case HAWSER_VERSION_MISMATCH:
    case HAWSER_CLOSED:
    case HAWSER_CANCELLED:
      return kRemoteError;
    case HAWSER_IO:
    case HAWSER_OUT_OF_MEMORY:
      return kSystemError;
    default:
      return kInternalError;
  }
}

}  // namespace hawser::nccl
