// The transport Memory: copies into a peer process's shared memory on this host.
#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

#include "port/context.h"

namespace hawser::port {

namespace {

// So much is copied before others have their turn: well above what makes memcpy pass by the caches, a few milliseconds.
constexpr uint64_t kSlice = 16u << 20;

// What of a memory is told, and its place in the mappings.
struct Place {
  uint64_t shared = 0;  // the number of the SharedMemory
  uint64_t shared_bytes = 0;
  uint64_t offset = 0;  // in it
  uint64_t board = 0;   // the number of the board's SharedMemory
  uint64_t board_bytes = 0;
  uint64_t life = 0;  // the cell's offset on the board
};

class Own : public Registration {
 public:
  Own(Board& board, std::shared_ptr<SharedMemory> memory, uint64_t life)
      : board_(board), memory_(std::move(memory)), life_(life) {}
  ~Own() override { end(); }
  // A copy that a peer has begun may still write: the memory itself stays until its owner unmaps it.
  void end() override {
    if (std::exchange(lives_, false)) board_.end_life(life_);
  }

 private:
  Board& board_;
  std::shared_ptr<SharedMemory> memory_;
  uint64_t life_;
  bool lives_ = true;
};

class Mapped : public Registration {
 public:
  Mapped(std::shared_ptr<SharedMemory> memory, std::shared_ptr<SharedMemory> board, const Place& place, uint64_t number)
      : memory_(std::move(memory)), board_(std::move(board)), place_(place), number_(number) {}
  unsigned char* data() const { return memory_->data() + place_.offset; }
  bool lives() const { return Board::lives(board_->data(), place_.life, number_); }

 private:
  std::shared_ptr<SharedMemory> memory_;
  std::shared_ptr<SharedMemory> board_;
  Place place_;
  uint64_t number_;
};

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
        if (const Mapped* board = mapped(work)) {
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
  const Mapped* mapped(const Work& work) {
    const auto* destination = static_cast<const Mapped*>(work.destination->registration(HAWSER_PORT_MEMORY));
    if (destination->lives()) return destination;
    std::string from = work.source == nullptr ? "a signal" : "a put from " + work.source->name();
    fail(Status(HAWSER_REFUSED, work.destination->name() + " was freed there, and " + from + " was on its way to it"));
    return nullptr;
  }

  bool copy(Work& work) {
    const Mapped* destination = mapped(work);
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
  explicit MemoryTransport(Context& context) : context_(context) {}

  Status register_memory(const Memory& memory, Writer& told, std::unique_ptr<Registration>* out) override {
    auto shared = SharedMemory::find(memory.address(), memory.bytes());
    if (shared == nullptr) {
      return {HAWSER_INVALID_ARGUMENT, memory.name() + " cannot be mapped by peers: for the transport Memory it must " +
                                           "lie in shared memory (hawser_shared_allocate)"};
    }
    Board& board = context_.board();
    Place place;
    if (Status status = board.take_life(memory.number(), &place.life); !status.ok()) return status;
    place.shared = shared->number();
    place.shared_bytes = shared->size();
    place.offset = static_cast<uint64_t>(static_cast<unsigned char*>(memory.address()) - shared->data());
    place.board = board.memory().number();
    place.board_bytes = board.memory().size();
    told.put(place);
    *out = std::make_unique<Own>(board, std::move(shared), place.life);
    return {};
  }

  Status import_memory(const Memory& memory, Reader told, Nanos deadline, std::unique_ptr<Registration>* out) override {
    const auto place = told.get<Place>();
    const bool inside = place.offset <= place.shared_bytes && memory.bytes() <= place.shared_bytes - place.offset &&
                        place.board_bytes >= sizeof(uint64_t) && place.life % sizeof(uint64_t) == 0 &&
                        place.life <= place.board_bytes - sizeof(uint64_t);
    if (!told.ok() || !inside) return {HAWSER_INVALID_ARGUMENT, memory.name() + " contradicts itself"};
    // Of another machine: some other transport may reach it.
    if (!context_.doors().is_near(memory.origin())) return {};
    std::shared_ptr<SharedMemory> shared;
    std::shared_ptr<SharedMemory> board;
    Status status = map(memory.origin(), place.shared, place.shared_bytes, deadline, &shared);
    if (status.ok()) status = map(memory.origin(), place.board, place.board_bytes, deadline, &board);
    if (!status.ok()) return status;
    *out = std::make_unique<Mapped>(std::move(shared), std::move(board), place, memory.number());
    return {};
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
  // One mapping of a peer's shared memory serves all that is registered in it.
  Status map(const Origin& origin, uint64_t number, uint64_t bytes, Nanos deadline,
             std::shared_ptr<SharedMemory>* out) {
    if (context_.doors().is_here(origin)) {
      *out = SharedMemory::by_number(number);
      if (*out != nullptr && (*out)->size() >= bytes) return {};
      return {HAWSER_INVALID_ARGUMENT, "the memory was freed"};
    }
    const std::scoped_lock lock(mutex_);
    std::weak_ptr<SharedMemory>& known = mapped_[{origin.id, number}];
    *out = known.lock();
    if (*out != nullptr && (*out)->size() >= bytes) return {};
    UniqueFd fd;
    if (Status status = context_.doors().fetch(origin, number, deadline, &fd); !status.ok()) return status;
    if (Status status = SharedMemory::map(std::move(fd), bytes, out); !status.ok()) return status;
    known = *out;
    std::erase_if(mapped_, [](const auto& entry) { return entry.second.expired(); });
    return {};
  }

  Context& context_;
  std::mutex mutex_;
  std::map<std::pair<std::array<uint8_t, 16>, uint64_t>, std::weak_ptr<SharedMemory>> mapped_;
};

}  // namespace

Status make_memory_transport(Context& context, std::unique_ptr<Transport>* out) {
  *out = std::make_unique<MemoryTransport>(context);
  return {};
}

}  // namespace hawser::port
