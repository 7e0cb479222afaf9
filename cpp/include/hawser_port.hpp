// The ports as C++ classes, by the functions of hawser_port.h alone: what it says of threads, order and blocking holds
// here. Names are the ones that kernels use, see port_channel.cuh.
//
// An object owns what it made and frees it; it is moved, not copied. What was made from another object is destroyed
// before it: declare a context first, then connections and memories, semaphores, and proxies last. Nothing throws but
// for want of memory, or where the value of a Result is taken that has none.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "hawser_port.h"

namespace hawser::ports {

using Timeout = std::chrono::nanoseconds;
// What one side tells the other, by any means.
using Bytes = std::vector<unsigned char>;

// How an operation ended: a hawser_code, and for failures whose they are and what to do.
class [[nodiscard]] Status {
 public:
  explicit Status(int32_t code = HAWSER_OK) { error_.code = code; }

  // Calls what fills a hawser_error and returns a code.
  template <typename Call>
  static Status of(Call&& call) {
    Status status;
    status.error_.code = call(&status.error_);
    return status;
  }

  bool ok() const { return error_.code == HAWSER_OK; }
  int32_t code() const { return error_.code; }
  int32_t rank() const { return ok() ? -1 : error_.rank; }
  const char* text() const { return ok() ? "" : error_.text; }

 private:
  hawser_error error_;  // of a success the code alone is written, so that it costs nothing
};

// What was made, or why it was not.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::move(value)) {}
  Result(const Status& failure) : content_(failure) {}

  bool ok() const { return std::holds_alternative<T>(content_); }
  Status status() const { return ok() ? Status() : std::get<Status>(content_); }
  T& operator*() & { return std::get<T>(content_); }
  T&& operator*() && { return std::get<T>(std::move(content_)); }
  T* operator->() { return &std::get<T>(content_); }

 private:
  std::variant<T, Status> content_;
};

namespace detail {

template <auto Free>
struct Freer {
  void operator()(auto* handle) const { Free(handle); }
};

template <typename T, auto Free>
using Owned = std::unique_ptr<T, Freer<Free>>;

// Makes an Object of what `open` puts into a Handle*.
template <typename Object, typename Handle, typename Open>
Result<Object> make(Open&& open) {
  Handle* handle = nullptr;
  const Status status = Status::of([&](hawser_error* error) { return open(&handle, error); });
  if (!status.ok()) return status;
  return Object(handle);
}

template <typename Handle>
Bytes bytes_of(Handle* handle, int32_t (*read)(Handle*, void*, int32_t)) {
  Bytes bytes(HAWSER_PORT_BYTES);
  bytes.resize(static_cast<size_t>(read(handle, bytes.data(), static_cast<int32_t>(bytes.size()))));
  return bytes;
}

inline int32_t length(const Bytes& bytes) { return static_cast<int32_t>(bytes.size()); }

template <size_t Room>
void copy_text(std::string_view from, char (&to)[Room]) {
  const size_t length = std::min(from.size(), Room - 1);
  from.copy(to, length);
  to[length] = '\0';
}

}  // namespace detail

enum class Transport : uint32_t {
  Memory = HAWSER_PORT_MEMORY,
  CudaIpc = HAWSER_PORT_CUDA_IPC,
  Tcp = HAWSER_PORT_TCP,
  IB0 = HAWSER_PORT_IB0,
  IB1,
  IB2,
  IB3,
  IB4,
  IB5,
  IB6,
  IB7
};

struct EndpointConfig {
  struct Ib {
    uint32_t maxCqSize = 0;
    uint32_t maxCqPollNum = 0;
    uint32_t maxSendWr = 0;
    std::string_view provider;
  };
  Transport transport = Transport::Memory;
  int device = -1;  // host memory; else the GPU's number
  Ib ib;
};

// What a process has one of.
class Context {
 public:
  // `address`: where peers reach this process, "": the first lane's. `lanes`: those of the transport Tcp, "": all.
  static hawser_port_config config(int rank, std::string_view address = {}, std::string_view lanes = {}) {
    hawser_port_config config{};
    config.struct_size = sizeof(config);
    config.rank = rank;
    detail::copy_text(address, config.address);
    config.lanes.struct_size = sizeof(config.lanes);
    detail::copy_text(lanes, config.lanes.lanes);
    return config;
  }
  static Result<Context> open(const hawser_port_config& config) {
    return detail::make<Context, hawser_port_context>(
        [&](auto** out, auto* error) { return hawser_port_open(&config, out, error); });
  }
  explicit Context(hawser_port_context* handle) : handle_(handle) {}

  Status available(Transport transport) const {
    return Status::of(
        [&](auto* error) { return hawser_port_available(get(), static_cast<uint32_t>(transport), error); });
  }
  hawser_port_context* get() const { return handle_.get(); }

 private:
  detail::Owned<hawser_port_context, hawser_port_close> handle_;
};

// Memory that peers on this host can map: for destinations of the transport Memory.
class SharedBuffer {
 public:
  static Result<SharedBuffer> allocate(size_t bytes) {
    void* address = nullptr;
    const Status status = Status::of([&](auto* error) { return hawser_shared_allocate(bytes, &address, error); });
    if (!status.ok()) return status;
    return SharedBuffer(static_cast<unsigned char*>(address), bytes);
  }

  std::span<unsigned char> span() const { return {address_.get(), bytes_}; }

 private:
  SharedBuffer(unsigned char* address, size_t bytes) : address_(address), bytes_(bytes) {}

  detail::Owned<unsigned char, hawser_shared_free> address_;
  size_t bytes_;
};

class RegisteredMemory {
 public:
  // The memory stays the caller's, and outlives this.
  static Result<RegisteredMemory> of(const Context& context, std::span<unsigned char> memory, Transport transport) {
    return detail::make<RegisteredMemory, hawser_port_memory>([&](auto** out, auto* error) {
      return hawser_memory_register(context.get(), memory.data(), memory.size(), HAWSER_MEMORY_HOST,
                                    1u << static_cast<uint32_t>(transport), out, error);
    });
  }
  // [blocks] A peer's, by its serialize().
  static Result<RegisteredMemory> deserialize(const Context& context, const Bytes& bytes, Timeout timeout) {
    return detail::make<RegisteredMemory, hawser_port_memory>([&](auto** out, auto* error) {
      return hawser_memory_import(context.get(), bytes.data(), detail::length(bytes), timeout.count(), out, error);
    });
  }
  explicit RegisteredMemory(hawser_port_memory* handle) : handle_(handle) {}

  Bytes serialize() const { return detail::bytes_of(get(), hawser_memory_bytes); }
  hawser_port_memory* get() const { return handle_.get(); }

 private:
  detail::Owned<hawser_port_memory, hawser_memory_free> handle_;
};

class Semaphore;

class Connection {
 public:
  explicit Connection(hawser_port_connection* handle) : handle_(handle) {}

  int peerRank() const { return hawser_connection_peer(get()); }
  // Why it has failed.
  Status error() const {
    return Status::of([&](auto* error) { return hawser_connection_error(get(), error); });
  }
  // Neither blocks; HAWSER_TIMEOUT: too much is queued, try again. The source is the connection's until a flush.
  Status put(const RegisteredMemory& destination, uint64_t destination_offset, const RegisteredMemory& source,
             uint64_t source_offset, uint64_t bytes) const {
    return Status::of([&](auto* error) {
      return hawser_connection_put(get(), destination.get(), destination_offset, source.get(), source_offset, bytes,
                                   error);
    });
  }
  inline Status signal(const Semaphore& semaphore) const;
  // [blocks] Until all that was put before is in the peer's memory.
  Status flush(Timeout timeout) const {
    return Status::of([&](auto* error) { return hawser_connection_flush(get(), timeout.count(), error); });
  }
  // Ends it for both sides.
  void shut() const { hawser_connection_shut(get()); }
  hawser_port_connection* get() const { return handle_.get(); }

 private:
  detail::Owned<hawser_port_connection, hawser_connection_close> handle_;
};

// One end of a connection to be. It serves one.
class Endpoint {
 public:
  static Result<Endpoint> open(const Context& context, const EndpointConfig& config) {
    hawser_endpoint_config told{};
    told.struct_size = sizeof(told);
    told.transport = static_cast<uint32_t>(config.transport);
    told.device = config.device;
    told.ib_max_cq_size = config.ib.maxCqSize;
    told.ib_max_cq_poll_num = config.ib.maxCqPollNum;
    told.ib_max_send_wr = config.ib.maxSendWr;
    detail::copy_text(config.ib.provider, told.ib_provider);
    return detail::make<Endpoint, hawser_port_endpoint>(
        [&](auto** out, auto* error) { return hawser_endpoint_open(context.get(), &told, out, error); });
  }
  explicit Endpoint(hawser_port_endpoint* handle) : handle_(handle) {}

  Bytes serialize() const { return detail::bytes_of(handle_.get(), hawser_endpoint_bytes); }
  // [blocks] Both sides call it, with the other's serialize().
  Result<Connection> connect(const Bytes& peer, Timeout timeout) const {
    return detail::make<Connection, hawser_port_connection>([&](auto** out, auto* error) {
      return hawser_port_connect(handle_.get(), peer.data(), detail::length(peer), timeout.count(), out, error);
    });
  }

 private:
  detail::Owned<hawser_port_endpoint, hawser_endpoint_close> handle_;
};

// A count of the peer's signals. Each ends one wait, whether it came before or after; one thread at a time waits.
class Semaphore {
 public:
  static constexpr Timeout kSpin = std::chrono::microseconds(20);

  static Result<Semaphore> open(const Connection& connection) {
    return detail::make<Semaphore, hawser_port_semaphore>(
        [&](auto** out, auto* error) { return hawser_semaphore_open(connection.get(), out, error); });
  }
  explicit Semaphore(hawser_port_semaphore* handle) : handle_(handle), word_(hawser_semaphore_word(handle)) {}

  Bytes serialize() const { return detail::bytes_of(get(), hawser_semaphore_bytes); }
  // [blocks] With the peer's serialize(): signals have a destination from now on.
  Status join(const Bytes& peer, Timeout timeout) const {
    return Status::of([&](auto* error) {
      return hawser_semaphore_join(get(), peer.data(), detail::length(peer), timeout.count(), error);
    });
  }
  // [blocks] The peer's next signal. Spins for `spin` before it sleeps.
  Status wait(Timeout timeout, Timeout spin = kSpin) {
    const Status status = Status::of(
        [&](auto* error) { return hawser_semaphore_wait(get(), taken_ + 1, timeout.count(), spin.count(), error); });
    if (status.ok()) ++taken_;
    return status;
  }
  // Takes the peer's next signal if it is there.
  bool poll() {
    // Acquire: who sees the signal sees every byte put before it.
    if (__atomic_load_n(&word_->value, __ATOMIC_ACQUIRE) <= taken_) return false;
    ++taken_;
    return true;
  }
  hawser_port_semaphore* get() const { return handle_.get(); }

 private:
  detail::Owned<hawser_port_semaphore, hawser_semaphore_close> handle_;
  hawser_port_word* word_;
  uint64_t taken_ = 0;
};

inline Status Connection::signal(const Semaphore& semaphore) const {
  return Status::of([&](auto* error) { return hawser_connection_signal(get(), semaphore.get(), error); });
}

// A semaphore and two memories under one name; made by ProxyService, and gone with it.
class PortChannel {
 public:
  PortChannel(hawser_port_channel* handle, Semaphore& semaphore) : handle_(handle), semaphore_(&semaphore) {}

  // None of these blocks; HAWSER_TIMEOUT: the proxy's FIFO is full, try again.
  Status put(uint64_t destination_offset, uint64_t source_offset, uint64_t bytes) const {
    return post(HAWSER_TRIGGER_PUT, destination_offset, source_offset, bytes, nullptr);
  }
  Status signal() const { return post(HAWSER_TRIGGER_SIGNAL, 0, 0, 0, nullptr); }
  Status putWithSignal(uint64_t destination_offset, uint64_t source_offset, uint64_t bytes) const {
    return post(HAWSER_TRIGGER_PUT | HAWSER_TRIGGER_SIGNAL, destination_offset, source_offset, bytes, nullptr);
  }

  // [blocks] Both return when all before is in the peer's memory, and the source the caller's again.
  Status putWithSignalAndFlush(uint64_t destination_offset, uint64_t source_offset, uint64_t bytes,
                               Timeout timeout) const {
    return flush(HAWSER_TRIGGER_PUT | HAWSER_TRIGGER_SIGNAL, destination_offset, source_offset, bytes, timeout);
  }
  Status flush(Timeout timeout) const { return flush(0, 0, 0, 0, timeout); }

  // [blocks] The peer's next signal.
  Status wait(Timeout timeout) const { return semaphore_->wait(timeout); }
  bool poll() const { return semaphore_->poll(); }
  hawser_port_channel* get() const { return handle_; }

 private:
  Status post(uint32_t kind, uint64_t destination_offset, uint64_t source_offset, uint64_t bytes,
              uint64_t* position) const {
    const int32_t code = hawser_channel_post(handle_, kind, destination_offset, source_offset, bytes, position);
    if (code == HAWSER_OK) return Status();
    if (code == HAWSER_TIMEOUT) {
      return Status::of([](hawser_error* error) {
        *error = {HAWSER_TIMEOUT, 0, -1, -1, "", "the proxy's FIFO is full: is it started?"};
        return HAWSER_TIMEOUT;
      });
    }
    return Status::of([&](auto* error) { return hawser_channel_error(handle_, error); });
  }
  Status flush(uint32_t kind, uint64_t destination_offset, uint64_t source_offset, uint64_t bytes,
               Timeout timeout) const {
    uint64_t position = 0;
    const Status posted = post(kind | HAWSER_TRIGGER_FLUSH, destination_offset, source_offset, bytes, &position);
    if (!posted.ok()) return posted;
    return Status::of([&](auto* error) { return hawser_channel_flushed(handle_, position, timeout.count(), error); });
  }

  hawser_port_channel* handle_;
  Semaphore* semaphore_;
};

// Moves bytes for its channels: copies, signals and flushes what they post, on a thread of its own.
class ProxyService {
 public:
  static Result<ProxyService> open(const Context& context, uint32_t fifo_size = HAWSER_PORT_FIFO) {
    return detail::make<ProxyService, hawser_proxy>(
        [&](auto** out, auto* error) { return hawser_proxy_open(context.get(), fifo_size, out, error); });
  }
  explicit ProxyService(hawser_proxy* handle) : handle_(handle) {}

  // Numbers from 0. What is added outlives the service.
  Result<uint32_t> addSemaphore(const Semaphore& semaphore) const {
    return number([&](auto* error) { return hawser_proxy_add_semaphore(get(), semaphore.get(), error); });
  }
  Result<uint32_t> addMemory(const RegisteredMemory& memory) const {
    return number([&](auto* error) { return hawser_proxy_add_memory(get(), memory.get(), error); });
  }
  // Puts go from `local` to `remote`.
  Result<PortChannel> portChannel(Semaphore& semaphore, const RegisteredMemory& remote,
                                  const RegisteredMemory& local) const {
    auto semaphore_id = addSemaphore(semaphore);
    auto remote_id = addMemory(remote);
    auto local_id = addMemory(local);
    if (!semaphore_id.ok()) return semaphore_id.status();
    if (!remote_id.ok()) return remote_id.status();
    if (!local_id.ok()) return local_id.status();
    hawser_port_channel* channel = nullptr;
    const Status status = Status::of([&](auto* error) {
      return hawser_proxy_channel(get(), *semaphore_id, *remote_id, *local_id, &channel, error);
    });
    if (!status.ok()) return status;
    return PortChannel(channel, semaphore);
  }

  Status startProxy() const {
    return Status::of([&](auto* error) { return hawser_proxy_start(get(), error); });
  }
  // [blocks] Serves what is in the FIFO, then ends the thread.
  Status stopProxy(Timeout timeout) const {
    return Status::of([&](auto* error) { return hawser_proxy_stop(get(), timeout.count(), error); });
  }
  hawser_proxy* get() const { return handle_.get(); }

 private:
  template <typename Add>
  static Result<uint32_t> number(Add&& add) {
    int32_t number = 0;
    const Status status = Status::of([&](auto* error) {
      number = add(error);
      return std::min(number, int32_t{HAWSER_OK});
    });
    if (!status.ok()) return status;
    return static_cast<uint32_t>(number);
  }

  detail::Owned<hawser_proxy, hawser_proxy_close> handle_;
};

// Subclass it to serve triggers of one's own: a FIFO that any thread pushes into, and the thread that serves it. The
// subclass's destructor calls stopProxy() before anything that handle() uses is gone. It stays where it was made.
class BaseProxyService {
 public:
  explicit BaseProxyService(const Context& context, uint32_t fifo_size = HAWSER_PORT_FIFO) {
    const hawser_proxy_handler handler{
        this,
        [](void* self, const hawser_trigger* trigger) -> int32_t { return of(self).handle(*trigger); },
        [](void* self) -> int32_t { return of(self).progress(); },
        [](void* self, const hawser_trigger* trigger) { of(self).drop(*trigger); },
    };
    hawser_proxy* handle = nullptr;
    opened_ = Status::of(
        [&](auto* error) { return hawser_proxy_open_custom(context.get(), fifo_size, &handler, &handle, error); });
    handle_.reset(handle);
  }
  BaseProxyService(const BaseProxyService&) = delete;
  BaseProxyService& operator=(const BaseProxyService&) = delete;
  virtual ~BaseProxyService() = default;

  // Also why the service could not be made.
  Status startProxy() const {
    if (handle_ == nullptr) return opened_;
    return Status::of([&](auto* error) { return hawser_proxy_start(handle_.get(), error); });
  }
  // [blocks] Serves what is in the FIFO, then ends the thread; HAWSER_TIMEOUT when triggers were left.
  Status stopProxy(Timeout timeout) const {
    if (handle_ == nullptr) return opened_;
    return Status::of([&](auto* error) { return hawser_proxy_stop(handle_.get(), timeout.count(), error); });
  }
  // [any, once the proxy was started] Never blocks; false: the FIFO is full, try again.
  bool push(const hawser_trigger& trigger) const { return hawser_proxy_push(handle_.get(), &trigger) == HAWSER_OK; }

 protected:
  // [proxy thread] Never blocks or throws. False: it cannot be taken now; it is asked again, and nothing behind it
  // before.
  virtual bool handle(const hawser_trigger& trigger) noexcept = 0;
  // [proxy thread] What goes on besides triggers. Whether there is more to do soon.
  virtual bool progress() noexcept { return false; }
  // [the thread that stops] A trigger that was not served in time.
  virtual void drop(const hawser_trigger&) noexcept {}

 private:
  static BaseProxyService& of(void* self) { return *static_cast<BaseProxyService*>(self); }

  Status opened_;
  detail::Owned<hawser_proxy, hawser_proxy_close> handle_;
};

}  // namespace hawser::ports
