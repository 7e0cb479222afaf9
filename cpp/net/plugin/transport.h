// The lanes over any network plugin of NCCL.
#pragma once

#include "net/plugin/library.h"
#include "net/transport.h"

namespace hawser {

struct PluginOptions {
  // Requests under way in one comm of the plugin: what every version allows.
  uint32_t window = nccl::kMaxRequestsV6;
  int newest_version = nccl::kNewestVersion;
};

// `names` as in open_plugin. The devices are the plugin's, all of them up.
Status make_plugin_transport(const std::string& names, const PluginOptions& options, std::unique_ptr<Transport>* out);

}  // namespace hawser
