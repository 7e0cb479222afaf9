// The network `ofi`: lanes over libfabric's RDM endpoints, by whatever provider is there (tcp, shm, verbs, efa, cxi).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/transport.h"

namespace hawser {

// `provider` as libfabric calls it, "" for the first that reaches other machines. Its devices are the NICs (libfabric's
// domains) of that provider. Nothing of it is encrypted: `clear` says how far it may go. `always_register` as
// OfiDomain's, for tests.
Status make_ofi_transport(const std::string& provider, Clear clear, std::unique_ptr<Transport>* out,
                          bool always_register = false);

struct OfiProvider {
  std::string name;
  std::vector<std::string> devices;
};

// What libfabric has here for lanes, and its name and version. Loads its providers, which probe the hardware: that
// takes as long as it takes.
Status list_ofi_providers(std::string* library, std::vector<OfiProvider>* out);

}  // namespace hawser
