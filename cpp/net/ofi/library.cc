#include "net/ofi/library.h"

#include <dlfcn.h>
#include <rdma/fi_errno.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "base/look_up.h"
#include "net/signals_kept.h"

namespace hawser {

namespace {

constexpr const char* kFile = "libfabric.so.1";

template <typename Function>
void require(void* library, const char* name, Function* out, std::string* missing) {
  if (!look_up(library, name, out) && missing->empty()) *missing = name;
}

}  // namespace

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
    return {HAWSER_UNSUPPORTED, std::string("libfabric is needed and cannot be loaded (") +
                                    (why == nullptr ? kFile : why) + "): install it (Debian: libfabric1)"};
  }
  std::string missing;
  require(library, "fi_getinfo", &getinfo, &missing);
  require(library, "fi_freeinfo", &freeinfo, &missing);
  require(library, "fi_dupinfo", &dupinfo, &missing);
  require(library, "fi_fabric", &fabric, &missing);
  require(library, "fi_strerror", &strerror, &missing);
  require(library, "fi_version", &version, &missing);
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

}  // namespace hawser
