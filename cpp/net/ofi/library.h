// libfabric, loaded at run time: libhawser.so needs it only where a network or a transport over it is used. The few
// functions that are not calls through libfabric's own tables are looked up here.
#pragma once

#include <rdma/fabric.h>

#include <memory>
#include <string>

#include "base/status.h"

namespace hawser {

class OfiLibrary {
 public:
  // [any] Loaded at first use and never unloaded: its providers have threads. HAWSER_UNSUPPORTED tells what to install.
  static Status get(const OfiLibrary** out);

  decltype(&::fi_getinfo) getinfo = nullptr;
  decltype(&::fi_freeinfo) freeinfo = nullptr;
  decltype(&::fi_dupinfo) dupinfo = nullptr;
  decltype(&::fi_fabric) fabric = nullptr;
  decltype(&::fi_strerror) strerror = nullptr;
  decltype(&::fi_version) version = nullptr;

  // The interface that this library and the headers that we were built with have in common.
  uint32_t interface() const;
  // "libfabric 1.17"
  std::string name() const;
  // The text of what a function returned, "Connection refused (libfabric error 111)".
  std::string explain(int64_t returned) const;

 private:
  Status load();
};

// Closes what libfabric made.
struct OfiClose {
  template <typename Made>
  void operator()(Made* made) const {
    fi_close(&made->fid);
  }
};
template <typename Made>
using OfiPointer = std::unique_ptr<Made, OfiClose>;

struct OfiFreeInfo {
  const OfiLibrary* library;
  void operator()(fi_info* info) const { library->freeinfo(info); }
};
using OfiInfo = std::unique_ptr<fi_info, OfiFreeInfo>;

}  // namespace hawser
