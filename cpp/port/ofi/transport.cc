// The transports IB0 to IB7: RDMA writes by libfabric.
#include <cstdlib>
#include <cstring>

#include "base/text.h"
#include "port/context.h"
#include "port/ofi/connection.h"

namespace hawser::port {

namespace {

constexpr const char* kProvider = "verbs";
constexpr const char* kProviderVariable = "HAWSER_OFI_PROVIDER";
constexpr uint32_t kQueue = 1024;
constexpr uint32_t kInFlight = 8192;
constexpr uint32_t kMostAtOnce = 256;

std::string provider_or_default(const std::string& named) {
  if (!named.empty()) return named;
  const char* variable = std::getenv(kProviderVariable);
  return variable == nullptr || *variable == '\0' ? kProvider : variable;
}

class OfiEndpoint : public EndpointState {
 public:
  OfiEnd end;
  OfiLimits limits;
};

class OfiTransport : public Transport {
 public:
  OfiTransport(Context& context, uint32_t kind) : context_(context), kind_(kind), near_(context) {}

  Status available() override {
    OfiDevice* device = nullptr;
    return open_device("", &device);
  }

  Status register_memory(const Memory& memory, Writer& told, std::unique_ptr<Registration>* out) override {
    OfiDevice* device = nullptr;
    if (Status status = open_device("", &device); !status.ok()) return status;
    if (memory.kind() != HAWSER_MEMORY_HOST) {
      return {HAWSER_UNSUPPORTED, memory.name() + " is a GPU's: " + device->name() + " registers memory of the host"};
    }
    NearPlace place;
    std::unique_ptr<NearOwn> life;
    if (Status status = near_.tell(memory, nullptr, &place, &life); !status.ok()) return status;
    OfiRegion region;
    if (Status status = device->register_region(memory.address(), memory.bytes(), &region); !status.ok()) {
      return {status.code(), memory.name() + ": " + status.text()};
    }
    told.put_text(device->provider());
    told.put(region.base);
    told.put(region.key);
    told.put(place);
    *out = std::make_unique<OfiLocal>(std::move(region), std::move(life));
    return {};
  }

  Status import_memory(const Memory& memory, Reader told, Nanos deadline, std::unique_ptr<Registration>* out) override {
    std::string provider = told.get_text();
    const auto base = told.get<uint64_t>();
    const auto key = told.get<uint64_t>();
    const auto place = told.get<NearPlace>();
    if (!told.ok()) return {HAWSER_INVALID_ARGUMENT, memory.name() + " does not tell its key: its bytes are cut short"};
    std::unique_ptr<NearPeer> life;
    if (Status status = near_.import(memory, place, deadline, &life); !status.ok()) return status;
    *out = std::make_unique<OfiRemote>(std::move(provider), base, key, std::move(life));
    return {};
  }

  Status open_endpoint(const hawser_endpoint_config& config, Writer& told,
                       std::unique_ptr<EndpointState>* out) override {
    const std::string named = bounded_text(config.ib_provider);
    OfiDevice* device = nullptr;
    if (Status status = open_device(named, &device); !status.ok()) return status;
    auto endpoint = std::make_unique<OfiEndpoint>();
    const uint64_t queue = config.ib_max_cq_size == 0 ? kQueue : config.ib_max_cq_size;
    const uint64_t wanted = config.ib_max_send_wr == 0 ? kInFlight : config.ib_max_send_wr;
    // Each operation completes: the queue must hold all that are in flight.
    const uint64_t in_flight = std::min({wanted, queue, device->queue_limit()});
    endpoint->limits.in_flight = in_flight;
    endpoint->limits.read_at_once = std::clamp(config.ib_max_cq_poll_num, 1u, kMostAtOnce);
    const OfiEndLimits limits{queue, FI_CQ_FORMAT_CONTEXT, in_flight, SIZE_MAX};
    if (Status status = device->nic().open_end(limits, &endpoint->end); !status.ok()) return status;
    told.put(kind_);
    told.put_text(device->provider());
    told.put_block(endpoint->end.address.data(), endpoint->end.address.size());
    told.put_block(device->mailbox().address.data(), device->mailbox().address.size());
    told.put(device->fence_cell().base);
    told.put(device->fence_cell().key);
    *out = std::move(endpoint);
    return {};
  }

  Status connect(EndpointState& mine, Reader told, std::unique_ptr<Control> control, Nanos deadline,
                 std::shared_ptr<Connection>* out) override {
    auto& endpoint = static_cast<OfiEndpoint&>(mine);
    OfiPeer peer;
    peer.transport = told.get<uint32_t>();
    const std::string provider = told.get_text();
    const Reader theirs = told.get_block();
    const Reader mailbox = told.get_block();
    peer.fence_base = told.get<uint64_t>();
    peer.fence_key = told.get<uint64_t>();
    if (!told.ok() || !is_ib(peer.transport)) {
      return {HAWSER_INVALID_ARGUMENT, "the bytes of " + control->peer().name() + "'s endpoint are cut short"};
    }
    OfiDevice& device = *device_;
    if (provider != device.provider()) {
      return {HAWSER_INVALID_ARGUMENT, control->peer().name() + " uses libfabric's provider '" + provider +
                                           "', this is " + device.name() + ": name the same on both sides"};
    }
    fi_addr_t unused = FI_ADDR_UNSPEC;
    if (Status status = device.nic().add_peer(endpoint.end, mailbox.rest(), &peer.address); !status.ok()) return status;
    // Some providers answer only those that they know.
    if (Status status = device.nic().add_peer(device.mailbox(), theirs.rest(), &unused); !status.ok()) return status;
    Writer ready;
    ready.put(kind_);
    std::vector<uint8_t> answer;
    if (Status status = control->send(ready, deadline); !status.ok()) return status;
    if (Status status = control->receive(&answer, deadline); !status.ok()) return status;
    auto connection = std::make_shared<OfiConnection>(context_, kind_, std::move(control), device, *progress_,
                                                      std::move(endpoint.end), peer, endpoint.limits);
    if (Status status = connection->establish(deadline); !status.ok()) return status;
    *out = std::move(connection);
    return {};
  }

 private:
  // The device of provider `named`, or, when that is empty, of the one that is open already or else of the default.
  Status open_device(const std::string& named, OfiDevice** out) {
    const std::scoped_lock lock(mutex_);
    if (device_ == nullptr) {
      std::unique_ptr<OfiDevice> device;
      Status status =
          OfiDevice::open(port::name_of(kind_), provider_or_default(named), kind_ - HAWSER_PORT_IB0, &device);
      if (!status.ok()) return status;
      auto progress = std::make_unique<OfiProgress>(*device);
      if (status = progress->start(); !status.ok()) return status;
      device_ = std::move(device);
      progress_ = std::move(progress);
    } else if (!named.empty() && named != device_->wanted() && named != device_->provider()) {
      return {HAWSER_INVALID_ARGUMENT,
              device_->name() + " is in use, an endpoint of provider '" + named +
                  "' cannot share it: take another of IB0 to IB7 or another context, or open the endpoint before "
                  "memory is registered, or name the provider by " +
                  std::string(kProviderVariable)};
    }
    *out = device_.get();
    return {};
  }

  Context& context_;
  const uint32_t kind_;
  NearMemories near_;
  std::mutex mutex_;
  std::unique_ptr<OfiDevice> device_;
  std::unique_ptr<OfiProgress> progress_;  // ends before the device
};

}  // namespace

Status make_ofi_transport(Context& context, uint32_t device, std::unique_ptr<Transport>* out) {
  // The device is opened at first use, when its provider is known.
  *out = std::make_unique<OfiTransport>(context, HAWSER_PORT_IB0 + device);
  return {};
}

}  // namespace hawser::port
