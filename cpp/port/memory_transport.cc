// The transport Memory: copies into a peer process's shared memory on this host.
#include <algorithm>
#include <cstring>

#include "port/context.h"
#include "port/near.h"

namespace hawser::port {

namespace {

// So much is copied before others have their turn: well above what makes memcpy pass by the caches, a few milliseconds.
constexpr uint64_t kSlice = 16u << 20;

class MemoryConnection : public Connection {
 public:
  MemoryConnection(Context& context, std::unique_ptr<Control> control)
      : Connection(context, HAWSER_PORT_MEMORY, std::move(control)) {}

 protected:
  bool advance(Work& work) override {
    switch (work.kind) {
      case Work::Kind::kPut:
        return copy(work);
      case Work::Kind::kSignal:
        if (const NearPeer* board = mapped(work)) {
          store_word(*reinterpret_cast<hawser_port_word*>(board->data() + work.destination_offset), work.value);
        }
        return true;
      case Work::Kind::kFence:
        complete(work.value);
        return true;
    }
    return true;
  }

 private:
  // Null, and the connection has failed, when the peer has freed it.
  const NearPeer* mapped(const Work& work) {
    const auto* destination = static_cast<const NearPeer*>(work.destination->registration(HAWSER_PORT_MEMORY));
    if (destination->lives()) return destination;
    fail_freed(work);
    return nullptr;
  }

  [[gnu::noinline]] void fail_freed(const Work& work) {
    const std::string from = work.source == nullptr ? "a signal" : "a put from " + work.source->name();
    fail(Status(HAWSER_REFUSED, work.destination->name() + " was freed there, and " + from + " was on its way to it"));
  }

  bool copy(Work& work) {
    const NearPeer* destination = mapped(work);
    if (destination == nullptr) return true;
    const uint64_t bytes = std::min(work.bytes - work.moved, kSlice);
    std::memcpy(destination->data() + work.destination_offset + work.moved,
                static_cast<const unsigned char*>(work.source->address()) + work.source_offset + work.moved, bytes);
    work.moved += bytes;
    return work.moved == work.bytes;
  }
};

class MemoryTransport : public Transport {
 public:
  explicit MemoryTransport(Context& context) : context_(context), memories_(context) {}

  Status register_memory(const Memory& memory, Writer& told, std::unique_ptr<Registration>* out) override {
    auto shared = SharedMemory::find(memory.address(), memory.bytes());
    if (shared == nullptr) {
      return {HAWSER_INVALID_ARGUMENT, memory.name() + " cannot be mapped by peers: for the transport Memory it must " +
                                           "lie in shared memory (hawser_shared_allocate)"};
    }
    NearPlace place;
    std::unique_ptr<NearOwn> own;
    if (Status status = memories_.tell(memory, std::move(shared), &place, &own); !status.ok()) return status;
    told.put(place);
    *out = std::move(own);
    return {};
  }

  Status import_memory(const Memory& memory, Reader told, Nanos deadline, std::unique_ptr<Registration>* out) override {
    const auto place = told.get<NearPlace>();
    if (!told.ok() || place.shared == 0) return {HAWSER_INVALID_ARGUMENT, memory.name() + " contradicts itself"};
    std::unique_ptr<NearPeer> peer;
    Status status = memories_.import(memory, place, deadline, &peer);
    *out = std::move(peer);
    return status;
  }

  Status open_endpoint(const hawser_endpoint_config& config, Writer&, std::unique_ptr<EndpointState>* out) override {
    if (config.device >= 0) {
      return {HAWSER_INVALID_ARGUMENT, "the transport Memory is of the host: give no device, or take CudaIpc"};
    }
    *out = std::make_unique<EndpointState>();
    return {};
  }

  Status connect(EndpointState&, Reader, std::unique_ptr<Control> control, Nanos,
                 std::shared_ptr<Connection>* out) override {
    if (!context_.doors().is_near(control->peer())) {
      return Status(HAWSER_UNSUPPORTED, control->peer().name() + " is on another machine: take Tcp or IB")
          .of_rank(control->peer().rank);
    }
    *out = std::make_shared<MemoryConnection>(context_, std::move(control));
    return {};
  }

 private:
  Context& context_;
  NearMemories memories_;
};

}  // namespace

Status make_memory_transport(Context& context, std::unique_ptr<Transport>* out) {
  *out = std::make_unique<MemoryTransport>(context);
  return {};
}

}  // namespace hawser::port
