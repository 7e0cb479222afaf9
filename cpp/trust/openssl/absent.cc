// In place of the files beside it where OpenSSL's headers are not.
#include "trust/identity.h"

namespace hawser {

Status Identity::open(const hawser_identity_config&, std::shared_ptr<Identity>*) {
  return {HAWSER_UNSUPPORTED, "this build has no TLS: build it with OpenSSL's headers (Debian: libssl-dev)"};
}

}  // namespace hawser
