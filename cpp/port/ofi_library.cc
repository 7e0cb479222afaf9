#include "port/ofi_library.h"

#include <dlfcn.h>
#include <rdma/fi_errno.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

namespace hawser::port {

namespace {

constexpr const char* kFile = "libfabric.so.1";

template <typename Function>
bool look_up(void* library, const char* name, Function* out, std::string* missing) {
  *out = reinterpret_cast<Function>(dlsym(library, name));
  if (*out == nullptr && missing->empty()) *missing = name;
  return *out != nullptr;
}

}  // namespace

SignalsKept::SignalsKept() {
  for (int number = 1; number < kSignals; ++number) known_[number] = sigaction(number, nullptr, &before_[number]) == 0;
}

SignalsKept::~SignalsKept() {
  for (int number = 1; number < kSignals; ++number) {
    struct sigaction after {};
    if (!known_[number] || sigaction(number, nullptr, &after) != 0) continue;
    if (after.sa_sigaction != before_[number].sa_sigaction) sigaction(number, &before_[number], nullptr);
  }
}

Status OfiLibrary::get(const OfiLibrary** out) {
  static std::mutex mutex;
  static OfiLibrary* loaded = nullptr;
  const std::lock_guard lock(mutex);
  if (loaded == nullptr) {
    auto library = std::make_unique<OfiLibrary>();
    if (Status status = library->load(); !status.ok()) return status;
    loaded = library.release();
  }
  *out = loaded;
  return {};
}

Status OfiLibrary::load() {
  // Asks psm and psm2 not to take signals at all, so that there is no moment in which they have them.
  setenv("IPATH_NO_BACKTRACE", "1", 0);
  setenv("HFI_NO_BACKTRACE", "1", 0);
  const SignalsKept kept;
  void* library = dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    return {HAWSER_UNSUPPORTED, std::string("the transports IB0 to IB7 need libfabric, which cannot be loaded (") +
                                    (why == nullptr ? kFile : why) + "): install it (Debian: libfabric1)"};
  }
  std::string missing;
  look_up(library, "fi_getinfo", &getinfo, &missing);
  look_up(library, "fi_freeinfo", &freeinfo, &missing);
  look_up(library, "fi_dupinfo", &dupinfo, &missing);
  look_up(library, "fi_fabric", &fabric, &missing);
  look_up(library, "fi_strerror", &strerror, &missing);
  look_up(library, "fi_version", &version, &missing);
  if (!missing.empty()) {
    dlclose(library);
    return {HAWSER_UNSUPPORTED,
            std::string(kFile) + " has no function " + missing + ": install libfabric 1.9 or newer"};
  }
  // The first question loads the providers, which may want signals too.
  fi_info* all = nullptr;
  if (getinfo(interface(), nullptr, nullptr, 0, nullptr, &all) == 0) freeinfo(all);
  return {};
}

uint32_t OfiLibrary::interface() const {
  const uint32_t built_with = FI_VERSION(FI_MAJOR_VERSION, FI_MINOR_VERSION);
  return std::min(built_with, version());
}

std::string OfiLibrary::name() const {
  return "libfabric " + std::to_string(FI_MAJOR(version())) + "." + std::to_string(FI_MINOR(version()));
}

std::string OfiLibrary::explain(int64_t returned) const {
  const int number = static_cast<int>(returned < 0 ? -returned : returned);
  return std::string(strerror(number)) + " (libfabric error " + std::to_string(number) + ")";
}

}  // namespace hawser::port
