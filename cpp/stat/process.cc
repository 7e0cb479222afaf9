#include "stat/process.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "base/boot_id.h"
#include "base/unique_fd.h"

namespace hawser::stats {

namespace {

// The field of /proc/PID/stat that tells when a process began, counted from 1.
constexpr int kStartField = 22;

// The start of a small file of /proc; "" when it cannot be read.
std::string read_start(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return {};
  std::array<char, 1024> text;
  const ssize_t bytes = read(fd.get(), text.data(), text.size());
  return bytes <= 0 ? std::string() : std::string(text.data(), static_cast<size_t>(bytes));
}

// 0: there is no such process.
uint64_t start_of(int32_t pid) {
  const std::string text = read_start("/proc/" + std::to_string(pid) + "/stat");
  // The second field is a name in parentheses, which may hold anything.
  size_t at = text.rfind(')');
  for (int field = 2; field < kStartField && at != std::string::npos; ++field) at = text.find(' ', at + 1);
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at, nullptr, 10);
}

}  // namespace

ProcessName this_process() {
  ProcessName me;
  me.pid = getpid();
  me.start = start_of(me.pid);
  me.boot = boot_id();
  struct ::stat about {};
  if (::stat("/proc/self/ns/pid", &about) == 0) me.pid_namespace = about.st_ino;
  return me;
}

std::string program_of_this_process() {
  std::array<char, 4096> path;
  const ssize_t bytes = readlink("/proc/self/exe", path.data(), path.size());
  const std::string text(path.data(), bytes < 0 ? 0 : static_cast<size_t>(bytes));
  return text.substr(text.rfind('/') + 1);
}

bool has_ended(const ProcessName& process, const ProcessName& me) {
  if (process.boot != me.boot) return true;
  if (process.pid_namespace != me.pid_namespace) return false;
  return start_of(process.pid) != process.start;
}

}  // namespace hawser::stats
