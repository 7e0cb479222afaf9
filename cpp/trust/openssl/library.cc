#include "trust/openssl/library.h"

#include <dlfcn.h>

#include "base/look_up.h"

namespace hawser {

namespace {

constexpr const char* kFiles[] = {"libssl.so.3", "libssl.so.1.1"};
constexpr unsigned long kOldest = 0x10101000L;  // TLS 1.3
// Where OpenSSL keeps private keys: locked, not dumped. Each key takes up to 2 KiB.
constexpr size_t kSecureHeap = 256 * 1024;
constexpr size_t kSecureLeast = 32;

struct Loaded {
  OpenSsl library;
  Status status;
};

}  // namespace

Status OpenSsl::get(const OpenSsl** out) {
  // Not freed: OpenSSL's own may be in use to the end of the process.
  static Loaded& loaded = *[] {
    auto* once = new Loaded;
    once->status = once->library.load();
    return once;
  }();
  if (loaded.status.ok()) *out = &loaded.library;
  return loaded.status;
}

Status OpenSsl::load() {
  void* library = nullptr;
  for (const char* file : kFiles) {
    if (library == nullptr) library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  }
  if (library == nullptr) {
    return {HAWSER_UNSUPPORTED,
            "TLS needs OpenSSL, and neither libssl.so.3 nor libssl.so.1.1 can be loaded: install it "
            "(Debian: libssl3)"};
  }
#define HAWSER_TEXT(name) #name
#define HAWSER_OPENSSL_LOOK_UP(name)                                                                    \
  if (!look_up(library, HAWSER_TEXT(name), &name)) {                                                    \
    return {HAWSER_UNSUPPORTED, "OpenSSL lacks " HAWSER_TEXT(name) ": install OpenSSL 1.1.1 or newer"}; \
  }
  HAWSER_OPENSSL_FUNCTIONS(HAWSER_OPENSSL_LOOK_UP)
#undef HAWSER_OPENSSL_LOOK_UP
#undef HAWSER_TEXT
  const bool known = look_up(library, "SSL_get1_peer_certificate", &get_peer_certificate) ||
                     look_up(library, "SSL_get_peer_certificate", &get_peer_certificate);
  if (!known || OpenSSL_version_num() < kOldest) {
    return {HAWSER_UNSUPPORTED, "TLS needs OpenSSL 1.1.1 or newer: install it (Debian: libssl3)"};
  }
  // Others in the process may have made it before; where no memory can be locked it is there all the same.
  if (CRYPTO_secure_malloc_initialized() == 0) (void)CRYPTO_secure_malloc_init(kSecureHeap, kSecureLeast);
  return {};
}

std::string OpenSsl::reason() const {
  const unsigned long last = ERR_peek_last_error();
  ERR_clear_error();
  const char* text = last == 0 ? nullptr : ERR_reason_error_string(last);
  return text == nullptr ? "no reason given" : text;
}

}  // namespace hawser
