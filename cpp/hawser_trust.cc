// The C ABI over identities.
#include "hawser_trust.h"

#include <memory>

#include "base/guarded.h"
#include "trust/identity.h"

using hawser::guarded;
using hawser::Status;

int32_t hawser_identity_open(const hawser_identity_config* config, hawser_identity** out, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    auto made = std::make_unique<hawser_identity>();
    if (Status status = hawser::Identity::open(*config, &made->identity); !status.ok()) return status;
    *out = made.release();
    return {};
  });
}

int32_t hawser_identity_reload(hawser_identity* identity, hawser_error* error) {
  return guarded(error, [&] { return identity->identity->reload(); });
}

void hawser_identity_close(hawser_identity* identity) { delete identity; }
