#include "net/plugin/library.h"

#include <dlfcn.h>
#include <link.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <utility>

#include "net/plugin/environment.h"
#include "net/plugin/log.h"
#include "net/plugin/wire.h"
#include "net/signals_kept.h"

namespace hawser {
namespace {

constexpr const char* kVariable = "NCCL_NET_PLUGIN";
constexpr const char* kDefault = "libnccl-net.so";
// From here on a plugin gives every user a context of its own; before, it is started once for the process.
constexpr int kContexts = 11;

// One at a time: plugins are not made to be started twice at once, and the environment is the whole process's.
std::mutex starting;

std::map<std::pair<void*, int>, std::shared_ptr<PluginNet>>& started() {
  static auto* nets = new std::map<std::pair<void*, int>, std::shared_ptr<PluginNet>>;
  return *nets;
}

std::vector<std::string> split_names(std::string names) {
  if (names.empty()) {
    const char* variable = std::getenv(kVariable);
    names = variable == nullptr || *variable == '\0' ? kDefault : variable;
  }
  std::vector<std::string> parts;
  for (size_t from = 0; from <= names.size();) {
    const size_t comma = std::min(names.find(',', from), names.size());
    if (comma > from) parts.push_back(names.substr(from, comma - from));
    from = comma + 1;
  }
  return parts;
}

std::string file_of(const std::string& name) {
  const bool is_file = name.find('/') != std::string::npos || name.find(".so") != std::string::npos;
  return is_file ? name : "libnccl-net-" + name + ".so";
}

std::string path_of(void* library, const std::string& fallback) {
  link_map* map = nullptr;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0 || map == nullptr || map->l_name == nullptr) return fallback;
  return map->l_name;
}

// The newest table of the library; null with its reason in `why`.
std::unique_ptr<PluginNet> newest_net(void* library, const std::string& file, int newest, std::string* why) {
  for (int version = newest; version >= nccl::kOldestVersion; --version) {
    const void* table = dlsym(library, (nccl::kSymbolPrefix + std::to_string(version)).c_str());
    if (table == nullptr) continue;
    auto net = make_plugin_net(version, table);
    if (*net->missing() == '\0') return net;
    *why = file + ": its version " + std::to_string(version) + " has no function " + net->missing();
    return nullptr;
  }
  *why = file + " exports no ncclNetPlugin_v" + std::to_string(nccl::kOldestVersion) + " to _v" +
         std::to_string(newest) + ": it is no network plugin of NCCL, or one for other versions";
  return nullptr;
}

// Whatever it got to know of the plugin is in `out`, after an error too.
Status open_name(const std::string& name, int newest, Plugin* out) {
  const std::lock_guard lock(starting);
  const EnvironmentKept environment;
  const SignalsKept signals;
  const std::string file = file_of(name);
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    return {HAWSER_UNSUPPORTED, std::string("cannot load the network plugin ") + (why == nullptr ? file : why)};
  }
  out->path = path_of(library, file);
  std::string why;
  std::shared_ptr<PluginNet> net = newest_net(library, out->path, newest, &why);
  if (net == nullptr) {
    dlclose(library);
    return {HAWSER_UNSUPPORTED, std::move(why)};
  }
  const std::pair key{library, net->version()};
  if (const auto known = started().find(key); known != started().end()) {
    net = known->second;
  } else {
    out->net = net;
    (void)take_plugin_warning();
    if (const auto result = net->init(plugin_logger()); result != nccl::kSuccess) {
      return net->failure("init", result, HAWSER_UNSUPPORTED);
    }
    if (net->version() < kContexts) started().emplace(key, net);
  }
  out->net = std::move(net);
  return read_plugin_devices(*out->net, &out->devices);
}

}  // namespace

Status read_plugin_devices(PluginNet& net, std::vector<PluginDevice>* out) {
  int count = 0;
  if (const auto result = net.devices(&count); result != nccl::kSuccess) {
    return net.failure("devices", result, HAWSER_UNSUPPORTED);
  }
  for (int i = 0; i < count; ++i) {
    PluginDevice device;
    if (const auto result = net.properties(i, &device); result != nccl::kSuccess) {
      return net.failure("getProperties", result, HAWSER_UNSUPPORTED);
    }
    if (device.max_message < kPluginFrameBytes) {
      return {HAWSER_UNSUPPORTED, std::string("network plugin ") + net.name() + " carries at most " +
                                      std::to_string(device.max_message) + " bytes in a message over device " +
                                      device.name + ": lanes need " + std::to_string(kPluginFrameBytes)};
    }
    out->push_back(std::move(device));
  }
  if (count > 0) return {};
  return {HAWSER_UNSUPPORTED, std::string("network plugin ") + net.name() + " has no device on this machine"};
}

Status open_plugin(const std::string& names, Plugin* out, int newest) {
  std::string tried;
  for (const std::string& name : split_names(names)) {
    if (name == "none") return {HAWSER_UNSUPPORTED, "the network plugin is 'none': name one, or use another network"};
    Plugin plugin;
    const Status status = open_name(name, newest, &plugin);
    if (status.ok()) {
      *out = std::move(plugin);
      return {};
    }
    tried += (tried.empty() ? "" : "; ") + status.text();
  }
  return {HAWSER_UNSUPPORTED, tried.empty() ? "no network plugin of NCCL is named" : tried};
}

std::vector<PluginReport> list_plugins(const std::string& names) {
  std::vector<PluginReport> reports;
  const bool asked = !names.empty() || std::getenv(kVariable) != nullptr;
  for (const std::string& name : split_names(names)) {
    if (name == "none") continue;
    Plugin plugin;
    const Status status = open_name(name, nccl::kNewestVersion, &plugin);
    if (!asked && plugin.path.empty()) continue;
    PluginReport report;
    report.name = name;
    report.path = plugin.path;
    if (plugin.net != nullptr) {
      report.net = plugin.net->name();
      report.version = plugin.net->version();
    }
    report.devices = std::move(plugin.devices);
    report.error = status.text();
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace hawser
