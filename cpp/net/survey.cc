#include "net/survey.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <vector>

#include "base/json.h"
#include "base/unique_fd.h"
#include "mem/gpus.h"
#include "net/ofi/transport.h"
#include "net/plugin/library.h"

namespace hawser {
namespace {

std::string json_of_problem(const Status& status) { return status.ok() ? "null" : json_string(status.text()); }

template <typename Items, typename Write>
std::string json_list(const Items& items, Write&& write) {
  std::string list;
  for (const auto& item : items) list += (list.empty() ? "" : ",") + write(item);
  return "[" + list + "]";
}

std::string ask_for_gpus() {
  std::string driver;
  std::vector<GpuFacts> gpus;
  const Status status = list_gpus(&driver, &gpus);
  const std::string devices = json_list(gpus, [](const GpuFacts& gpu) {
    return "{\"number\":" + std::to_string(gpu.number) + ",\"name\":" + json_string(gpu.name) +
           ",\"memory_bytes\":" + std::to_string(gpu.bytes) + "}";
  });
  return "{\"driver\":" + (driver.empty() ? "null" : json_string(driver)) + ",\"devices\":" + devices +
         ",\"problem\":" + json_of_problem(status) + "}";
}

std::string ask_for_plugins() {
  const std::string found = json_list(list_plugins(""), [](const PluginReport& plugin) {
    const std::string devices =
        json_list(plugin.devices, [](const PluginDevice& device) { return json_string(device.name); });
    return "{\"name\":" + json_string(plugin.name) + ",\"path\":" + json_string(plugin.path) +
           ",\"net\":" + json_string(plugin.net) + ",\"version\":" + std::to_string(plugin.version) +
           ",\"devices\":" + devices + ",\"problem\":" + (plugin.error.empty() ? "null" : json_string(plugin.error)) +
           "}";
  });
  return "{\"found\":" + found + ",\"problem\":null}";
}

std::string ask_for_libfabric() {
  std::string library;
  std::vector<OfiProvider> providers;
  const Status status = list_ofi_providers(&library, &providers);
  const std::string list = json_list(providers, [](const OfiProvider& provider) {
    return "{\"name\":" + json_string(provider.name) + ",\"devices\":" + json_list(provider.devices, json_string) + "}";
  });
  return "{\"version\":" + (library.empty() ? "null" : json_string(library)) + ",\"providers\":" + list +
         ",\"problem\":" + json_of_problem(status) + "}";
}

// The child's side: no handler of the parent's may run in it, and nothing but the answer reaches the parent.
[[noreturn]] void answer(const std::function<std::string()>& ask, int pipe) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTERM, SIGPIPE}) signal(number, SIG_DFL);
  const std::string json = ask();
  for (size_t written = 0; written < json.size();) {
    const ssize_t count = write(pipe, json.data() + written, json.size() - written);
    if (count < 0 && errno != EINTR) _exit(1);
    if (count > 0) written += static_cast<size_t>(count);
  }
  _exit(0);
}

// Reads to the end of the pipe; false when the deadline comes first.
bool read_all(int pipe, Nanos deadline, std::string* out) {
  for (;;) {
    const Nanos left = deadline - now();
    pollfd ready{pipe, POLLIN, 0};
    if (left <= 0 || poll(&ready, 1, static_cast<int>(left / kMillisecond) + 1) < 0) {
      if (left > 0 && errno == EINTR) continue;
      return false;
    }
    if (ready.revents == 0) continue;
    std::array<char, 4096> part{};
    const ssize_t count = read(pipe, part.data(), part.size());
    if (count == 0) return true;
    if (count > 0) out->append(part.data(), static_cast<size_t>(count));
    if (count < 0 && errno != EINTR) return true;
  }
}

std::string problem(const std::string& text) { return "{\"problem\":" + json_string(text) + "}"; }

}  // namespace

std::string ask_apart(const std::function<std::string()>& ask, Nanos limit) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return problem("no pipe (see ulimit -n)");
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const pid_t child = fork();
  if (child < 0) return problem("no process (see ulimit -u)");
  if (child == 0) answer(ask, ends[1]);
  writing.reset();
  std::string json;
  const bool in_time = read_all(reading.get(), now() + limit, &json);
  if (!in_time) kill(child, SIGKILL);
  int how = 0;
  while (waitpid(child, &how, 0) < 0 && errno == EINTR) continue;
  if (!in_time) return problem("asking took longer than " + std::to_string(limit / kSecond) + " s and was given up");
  if (WIFSIGNALED(how)) {
    return problem(std::string("asking ended in a crash (") + strsignal(WTERMSIG(how)) +
                   "): a driver or plugin is broken");
  }
  return json;
}

std::string survey_json(Nanos limit) {
  return "{\"gpus\":" + ask_apart(ask_for_gpus, limit) + ",\"plugins\":" + ask_apart(ask_for_plugins, limit) +
         ",\"libfabric\":" + ask_apart(ask_for_libfabric, limit) + "}";
}

}  // namespace hawser
