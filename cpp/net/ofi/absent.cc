// In place of the network `ofi`, where libfabric's headers are missing.
#include "net/ofi/transport.h"

namespace hawser {

namespace {

Status absent() {
  return {HAWSER_UNSUPPORTED,
          "Hawser was built without libfabric; install its headers (Debian: libfabric-dev) and build it again"};
}

}  // namespace

Status make_ofi_transport(const std::string&, Clear, std::unique_ptr<Transport>*, bool) { return absent(); }

Status list_ofi_providers(std::string*, std::vector<OfiProvider>*) { return absent(); }

}  // namespace hawser
