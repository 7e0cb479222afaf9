// Finds and loads NCCL's network plugins, as NCCL does: by the names in NCCL_NET_PLUGIN, at the newest version that the
// library exports.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/plugin/net.h"

namespace hawser {

struct Plugin {
  std::string path;                // of the library's file
  std::shared_ptr<PluginNet> net;  // ready for use; the library stays loaded for good, as it may have threads
  std::vector<PluginDevice> devices;
};

// What can be told of one name.
struct PluginReport {
  std::string name;  // as it was asked for
  std::string path;  // "" when nothing was loaded
  std::string net;   // the plugin's own name
  int version = 0;   // of the interface
  std::vector<PluginDevice> devices;
  std::string error;  // "" when lanes can use it
};

// All devices of a plugin that was started. HAWSER_UNSUPPORTED when it has none, does not tell, or one is of no use to
// lanes.
Status read_plugin_devices(PluginNet& net, std::vector<PluginDevice>* out);

// `names` has the syntax of NCCL_NET_PLUGIN, which stands in for "": a list, separated by commas, of paths, of file
// names (libX.so) or of X for libnccl-net-X.so; "none" for no plugin. Without the variable: libnccl-net.so.

// [any] The first plugin of the list that can be loaded and has a device. `newest` bounds the version.
Status open_plugin(const std::string& names, Plugin* out, int newest = nccl::kNewestVersion);

// [any] One report a name; none without a name, where libnccl-net.so is not there either.
std::vector<PluginReport> list_plugins(const std::string& names);

}  // namespace hawser
