#include "net/plugin/log.h"

#include <strings.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <utility>

namespace hawser {
namespace {

constexpr size_t kLine = 240;

std::mutex mutex;
std::string last_warning;

// NCCL_DEBUG as NCCL reads it.
int printed_level() {
  const char* asked = std::getenv("NCCL_DEBUG");
  if (asked == nullptr) return nccl::kLogNone;
  constexpr std::array<std::pair<const char*, int>, 4> kLevels{
      {{"VERSION", nccl::kLogVersion}, {"WARN", nccl::kLogWarn}, {"INFO", nccl::kLogInfo}, {"TRACE", nccl::kLogTrace}}};
  for (const auto& [name, level] : kLevels) {
    if (strcasecmp(asked, name) == 0) return level;
  }
  return nccl::kLogNone;
}

__attribute__((format(printf, 5, 6))) void log(nccl::LogLevel level, unsigned long, const char*, int,
                                               const char* format, ...) {
  static const int printed = printed_level();
  if (level != nccl::kLogWarn && level > printed) return;
  char line[kLine];
  va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(line, sizeof(line), format, arguments);
  va_end(arguments);
  if (length <= 0) return;
  for (char* at = line; *at != '\0'; ++at) {
    if (*at < ' ' || *at > '~') *at = ' ';
  }
  if (level <= printed) std::fprintf(stderr, "hawser: network plugin: %s\n", line);
  if (level != nccl::kLogWarn) return;
  const std::lock_guard lock(mutex);
  last_warning = line;
}

}  // namespace

nccl::Logger plugin_logger() { return log; }

std::string take_plugin_warning() {
  const std::lock_guard lock(mutex);
  return std::exchange(last_warning, {});
}

}  // namespace hawser
