// The C ABI over the ports.
#include "hawser_port.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "port/custom_proxy.h"
#include "port/handles.h"

using hawser::after;
using hawser::guarded;
using hawser::Nanos;
using hawser::SharedMemory;
using hawser::Status;
using hawser::port::Connection;
using hawser::port::Context;
using hawser::port::CustomProxyService;
using hawser::port::Endpoint;
using hawser::port::kUsualSpin;
using hawser::port::Memory;
using hawser::port::PortChannel;
using hawser::port::ProxyService;
using hawser::port::Reader;
using hawser::port::Semaphore;
using hawser::port::Work;

namespace {

int32_t copy_out(const std::vector<uint8_t>& bytes, void* out, int32_t capacity) {
  if (capacity > 0) std::memcpy(out, bytes.data(), std::min(bytes.size(), static_cast<size_t>(capacity)));
  return static_cast<int32_t>(bytes.size());
}

Reader reader(const void* bytes, int32_t length) {
  return length > 0 ? Reader(bytes, static_cast<size_t>(length)) : Reader();
}

// What waits after it was submitted is the context's to pump.
Status submit(const std::shared_ptr<Connection>& connection, Work work, uint64_t* mark = nullptr) {
  Status status = connection->submit(std::span(&work, 1), mark);
  if (connection->waits()) connection->context().pump(connection);
  return status;
}

Status no_channels() {
  return {HAWSER_INVALID_ARGUMENT,
          "the proxy is one of the caller's own: it takes no semaphores, memories or channels"};
}

// The number that `make` gives, or a negative code.
template <typename Make>
int32_t add(hawser_proxy* proxy, hawser_error* error, Make&& make) {
  int32_t number = 0;
  const int32_t code = guarded(error, [&]() -> Status {
    if (proxy->service == nullptr) return no_channels();
    number = static_cast<int32_t>(make());
    return {};
  });
  return code == HAWSER_OK ? number : code;
}

}  // namespace

int32_t hawser_port_open(const hawser_port_config* config, hawser_port_context** out, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    auto context = std::make_unique<hawser_port_context>();
    if (Status status = context->context.open(*config); !status.ok()) return status;
    *out = context.release();
    return {};
  });
}

void hawser_port_close(hawser_port_context* context) { delete context; }

int32_t hawser_port_available(hawser_port_context* context, uint32_t transport, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    hawser::port::Transport* made = nullptr;
    if (Status status = context->context.transport(transport, &made); !status.ok()) return status;
    return made->available();
  });
}

int32_t hawser_shared_allocate(uint64_t bytes, void** out, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    std::shared_ptr<SharedMemory> memory;
    if (Status status = SharedMemory::allocate(bytes, &memory); !status.ok()) return status;
    *out = memory->data();
    SharedMemory::hold(std::move(memory));
    return {};
  });
}

void hawser_shared_free(void* address) { SharedMemory::release(address); }

int32_t hawser_endpoint_open(hawser_port_context* context, const hawser_endpoint_config* config,
                             hawser_port_endpoint** out, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    auto endpoint = std::make_unique<hawser_port_endpoint>();
    Status status = Endpoint::open(context->context, *config, &endpoint->endpoint);
    if (status.ok()) *out = endpoint.release();
    return status;
  });
}

int32_t hawser_endpoint_bytes(hawser_port_endpoint* endpoint, void* out, int32_t capacity) {
  return copy_out(endpoint->endpoint->told(), out, capacity);
}

void hawser_endpoint_close(hawser_port_endpoint* endpoint) { delete endpoint; }

int32_t hawser_port_connect(hawser_port_endpoint* endpoint, const void* peer, int32_t peer_bytes, int64_t timeout_ns,
                            hawser_port_connection** out, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    auto connection = std::make_unique<hawser_port_connection>();
    Status status = endpoint->endpoint->connect(reader(peer, peer_bytes), after(timeout_ns), &connection->connection);
    if (status.ok()) *out = connection.release();
    return status;
  });
}

hawser_port_connection_shared* hawser_connection_memory(hawser_port_connection* connection) {
  return connection->connection->shared();
}

int32_t hawser_connection_peer(hawser_port_connection* connection) { return connection->connection->peer_rank(); }

int32_t hawser_connection_error(hawser_port_connection* connection, hawser_error* out) {
  return guarded(out, [&] { return connection->connection->error(); });
}

int32_t hawser_connection_put(hawser_port_connection* connection, hawser_port_memory* destination,
                              uint64_t destination_offset, hawser_port_memory* source, uint64_t source_offset,
                              uint64_t bytes, hawser_error* error) {
  return guarded(error, [&] {
    return submit(connection->connection,
                  Work::put(destination->memory.get(), destination_offset, source->memory.get(), source_offset, bytes));
  });
}

int32_t hawser_connection_signal(hawser_port_connection* connection, hawser_port_semaphore* semaphore,
                                 hawser_error* error) {
  return guarded(error, [&]() -> Status {
    if (&semaphore->semaphore->connection() != connection->connection.get()) {
      return {HAWSER_INVALID_ARGUMENT, "the semaphore was made on another connection"};
    }
    return submit(connection->connection, Work::signal(semaphore->semaphore.get()));
  });
}

int32_t hawser_connection_flush(hawser_port_connection* connection, int64_t timeout_ns, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    uint64_t mark = 0;
    if (Status status = submit(connection->connection, Work::fence(), &mark); !status.ok()) return status;
    return connection->connection->await_fence(mark, after(timeout_ns), kUsualSpin);
  });
}

void hawser_connection_shut(hawser_port_connection* connection) {
  (void)guarded(nullptr, [&]() -> Status {
    connection->connection->close();
    return {};
  });
}

void hawser_connection_close(hawser_port_connection* connection) {
  hawser_connection_shut(connection);
  delete connection;
}

int32_t hawser_memory_register(hawser_port_context* context, void* address, uint64_t bytes, uint32_t kind,
                               uint32_t transports, hawser_port_memory** out, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    auto memory = std::make_unique<hawser_port_memory>();
    Status status = Memory::register_local(context->context, address, bytes, kind, transports, &memory->memory);
    if (status.ok()) *out = memory.release();
    return status;
  });
}

int32_t hawser_memory_bytes(hawser_port_memory* memory, void* out, int32_t capacity) {
  return copy_out(memory->memory->told(), out, capacity);
}

int32_t hawser_memory_import(hawser_port_context* context, const void* bytes, int32_t length, int64_t timeout_ns,
                             hawser_port_memory** out, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    auto memory = std::make_unique<hawser_port_memory>();
    Status status = Memory::import(context->context, reader(bytes, length), after(timeout_ns), &memory->memory);
    if (status.ok()) *out = memory.release();
    return status;
  });
}

void hawser_memory_free(hawser_port_memory* memory) {
  (void)guarded(nullptr, [&]() -> Status {
    memory->memory->free();
    return {};
  });
  delete memory;
}

int32_t hawser_semaphore_open(hawser_port_connection* connection, hawser_port_semaphore** out, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    auto semaphore = std::make_unique<hawser_port_semaphore>();
    Status status = Semaphore::open(connection->connection, &semaphore->semaphore);
    if (status.ok()) *out = semaphore.release();
    return status;
  });
}

int32_t hawser_semaphore_bytes(hawser_port_semaphore* semaphore, void* out, int32_t capacity) {
  return copy_out(semaphore->semaphore->told(), out, capacity);
}

int32_t hawser_semaphore_join(hawser_port_semaphore* semaphore, const void* peer, int32_t length, int64_t timeout_ns,
                              hawser_error* error) {
  return guarded(error, [&] { return semaphore->semaphore->join(reader(peer, length), after(timeout_ns)); });
}

int32_t hawser_semaphore_open_on_device(hawser_port_connection* connection, hawser_port_semaphore** out,
                                        hawser_error* error) {
  return guarded(error, [&]() -> Status {
    auto semaphore = std::make_unique<hawser_port_semaphore>();
    Status status = Semaphore::open_on_device(connection->connection, &semaphore->semaphore);
    if (status.ok()) *out = semaphore.release();
    return status;
  });
}

hawser_port_word* hawser_semaphore_word(hawser_port_semaphore* semaphore) { return &semaphore->semaphore->word(); }

int32_t hawser_semaphore_wait(hawser_port_semaphore* semaphore, uint64_t expected, int64_t timeout_ns, int64_t spin_ns,
                              hawser_error* error) {
  return guarded(error, [&] { return semaphore->semaphore->wait(expected, after(timeout_ns), spin_ns); });
}

void hawser_semaphore_close(hawser_port_semaphore* semaphore) { delete semaphore; }

int32_t hawser_proxy_open(hawser_port_context* context, uint32_t fifo, hawser_proxy** out, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    auto service = std::make_unique<ProxyService>(context->context);
    if (Status status = service->open(fifo); !status.ok()) return status;
    ProxyService* made = service.get();
    *out = new hawser_proxy{std::move(service), made};
    return {};
  });
}

int32_t hawser_proxy_open_custom(hawser_port_context* context, uint32_t fifo, const hawser_proxy_handler* handler,
                                 hawser_proxy** out, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    if (handler->handle == nullptr) return {HAWSER_INVALID_ARGUMENT, "the proxy's handler has no function `handle`"};
    auto service = std::make_unique<CustomProxyService>(context->context, *handler);
    if (Status status = service->open(fifo); !status.ok()) return status;
    *out = new hawser_proxy{std::move(service), nullptr};
    return {};
  });
}

int32_t hawser_proxy_push(hawser_proxy* proxy, const hawser_trigger* trigger) {
  return proxy->base->push(*trigger, nullptr) ? HAWSER_OK : HAWSER_TIMEOUT;
}

hawser_fifo_shared* hawser_proxy_fifo(hawser_proxy* proxy, uint64_t* bytes) {
  *bytes = proxy->base->fifo_bytes();
  return proxy->base->fifo();
}

int32_t hawser_proxy_add_semaphore(hawser_proxy* proxy, hawser_port_semaphore* semaphore, hawser_error* error) {
  return add(proxy, error, [&] { return proxy->service->add_semaphore(semaphore->semaphore.get()); });
}

int32_t hawser_proxy_add_memory(hawser_proxy* proxy, hawser_port_memory* memory, hawser_error* error) {
  return add(proxy, error, [&] { return proxy->service->add_memory(memory->memory); });
}

int32_t hawser_proxy_channel(hawser_proxy* proxy, uint32_t semaphore, uint32_t destination, uint32_t source,
                             hawser_port_channel** out, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    if (proxy->service == nullptr) return no_channels();
    auto channel = std::make_unique<hawser_port_channel>();
    Status status = proxy->service->port_channel(semaphore, destination, source, &channel->channel);
    if (!status.ok()) return status;
    *out = channel.get();
    proxy->channels.push_back(std::move(channel));
    return {};
  });
}

int32_t hawser_proxy_start(hawser_proxy* proxy, hawser_error* error) {
  return guarded(error, [&] { return proxy->base->start(); });
}

int32_t hawser_proxy_stop(hawser_proxy* proxy, int64_t timeout_ns, hawser_error* error) {
  return guarded(error, [&] { return proxy->base->stop(after(timeout_ns)); });
}

void hawser_proxy_wake(hawser_proxy* proxy) { proxy->base->wake(); }

void hawser_proxy_close(hawser_proxy* proxy) { delete proxy; }

int32_t hawser_channel_post(hawser_port_channel* channel, uint32_t kind, uint64_t destination_offset,
                            uint64_t source_offset, uint64_t bytes, uint64_t* position) {
  int32_t code = HAWSER_OK;
  const int32_t thrown = guarded(nullptr, [&]() -> Status {
    code = channel->channel->post(kind, destination_offset, source_offset, bytes, position);
    return {};
  });
  return thrown == HAWSER_OK ? code : thrown;
}

int32_t hawser_channel_error(hawser_port_channel* channel, hawser_error* out) {
  return guarded(out, [&] { return channel->channel->error(); });
}

int32_t hawser_channel_flushed(hawser_port_channel* channel, uint64_t position, int64_t timeout_ns,
                               hawser_error* error) {
  return guarded(error, [&] { return channel->channel->flushed(position, after(timeout_ns), kUsualSpin); });
}
