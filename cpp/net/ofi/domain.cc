#include "net/ofi/domain.h"

#include <algorithm>
#include <mutex>

namespace hawser {

namespace {

// The endpoints of this process over shared memory.
class Neighbours {
 public:
  void add(const std::shared_ptr<OfiEndpoint>& endpoint) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(endpoints_, [](const auto& one) { return one.expired(); });
    endpoints_.push_back(endpoint);
  }
  std::shared_ptr<OfiEndpoint> find(const std::vector<unsigned char>& address) {
    const std::scoped_lock lock(mutex_);
    for (const auto& one : endpoints_) {
      if (auto endpoint = one.lock(); endpoint != nullptr && endpoint->end.address == address) return endpoint;
    }
    return nullptr;
  }

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<OfiEndpoint>> endpoints_;
};

Neighbours& neighbours() {
  static Neighbours all;
  return all;
}

}  // namespace

Status OfiDomain::open(const OfiLibrary& library, const fi_info& info, bool always_register,
                       std::shared_ptr<OfiDomain>* out) {
  OfiInfo copy(library.dupinfo(&info), {&library});
  if (copy == nullptr) return {HAWSER_OUT_OF_MEMORY, "libfabric cannot allocate"};
  std::shared_ptr<OfiDomain> made(new OfiDomain(library, std::move(copy), always_register));
  if (Status status = made->nic_.open(); !status.ok()) return status;
  *out = std::move(made);
  return {};
}

OfiDomain::OfiDomain(const OfiLibrary& library, OfiInfo info, bool always_register)
    : nic_(library, std::move(info), ""), wants_registration_(always_register || nic_.has_memory_mode(FI_MR_LOCAL)) {}

Status OfiDomain::open_endpoint(size_t requests, std::shared_ptr<OfiEndpoint>* out) {
  auto made = std::make_shared<OfiEndpoint>();
  made->domain = shared_from_this();
  if (Status status = nic_.open_end({2 * requests, FI_CQ_FORMAT_MSG, requests, requests}, &made->end); !status.ok()) {
    return status;
  }
  if (is_shared_memory()) neighbours().add(made);
  *out = std::move(made);
  return {};
}

std::shared_ptr<OfiEndpoint> OfiDomain::neighbour(const std::vector<unsigned char>& address) const {
  return is_shared_memory() ? neighbours().find(address) : nullptr;
}

Status OfiDomain::register_memory(OfiEndpoint& endpoint, const void* address, size_t bytes,
                                  std::unique_ptr<OfiMemory>* out) {
  auto made = std::make_unique<OfiMemory>();
  Status status = nic_.register_memory(address, bytes, FI_SEND | FI_RECV, endpoint.end, &made->mr);
  if (!status.ok()) return status;
  made->descriptor = fi_mr_desc(made->mr.get());
  *out = std::move(made);
  return {};
}

}  // namespace hawser
