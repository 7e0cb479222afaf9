// Two processes' worth of ports in one process: a context, an endpoint, a connection, a semaphore and a memory each.
#pragma once

#include <gmock/gmock.h>

#include <cstring>
#include <future>
#include <string>
#include <vector>

#include "port/context.h"
#include "port/endpoint.h"
#include "port/port_channel.h"

namespace hawser::port::testing {

constexpr Nanos kPatience = 30 * kSecond;

inline Nanos soon() { return now() + kPatience; }

inline Reader reader(const std::vector<uint8_t>& bytes) { return Reader(bytes.data(), bytes.size()); }

inline hawser_port_config port_config(int32_t rank) {
  hawser_port_config config{};
  config.struct_size = sizeof(config);
  config.rank = rank;
  std::strcpy(config.address, "127.0.0.1");
  config.lanes.struct_size = sizeof(config.lanes);
  std::strcpy(config.lanes.lanes, "lo,lo");
  return config;
}

inline hawser_endpoint_config endpoint_config(uint32_t transport) {
  hawser_endpoint_config config{};
  config.struct_size = sizeof(config);
  config.transport = transport;
  config.device = -1;
  return config;
}

// One side. What is made first ends last.
struct Side {
  explicit Side(int32_t rank) {
    const Status status = context.open(port_config(rank));
    EXPECT_TRUE(status.ok()) << status.text();
  }
  ~Side() {
    proxy.reset();
    semaphores.clear();
    for (auto& connection : connections) connection->close();
  }

  // Shared memory of `bytes`, registered for `transport`.
  std::shared_ptr<Memory> make_memory(uint64_t bytes, uint32_t transport) {
    std::shared_ptr<SharedMemory> shared;
    std::shared_ptr<Memory> memory;
    Status status = SharedMemory::allocate(bytes, &shared);
    EXPECT_TRUE(status.ok()) << status.text();
    buffers.push_back(shared);
    status = Memory::register_local(context, shared->data(), bytes, HAWSER_MEMORY_HOST, 1u << transport, &memory);
    EXPECT_TRUE(status.ok()) << status.text();
    return memory;
  }
  std::shared_ptr<Memory> import(const Memory& of_peer) {
    std::shared_ptr<Memory> memory;
    const Status status = Memory::import(context, reader(of_peer.told()), soon(), &memory);
    EXPECT_TRUE(status.ok()) << status.text();
    return memory;
  }
  void start_proxy(uint32_t fifo = 0) {
    proxy = std::make_unique<ProxyService>(context);
    ASSERT_TRUE(proxy->open(fifo).ok());
    ASSERT_TRUE(proxy->start().ok());
  }
  PortChannel& channel(Semaphore* semaphore, std::shared_ptr<Memory> destination, std::shared_ptr<Memory> source) {
    PortChannel* made = nullptr;
    const uint32_t id = proxy->add_semaphore(semaphore);
    const uint32_t to = proxy->add_memory(std::move(destination));
    const uint32_t from = proxy->add_memory(std::move(source));
    EXPECT_TRUE(proxy->port_channel(id, to, from, &made).ok());
    return *made;
  }

  Context context;
  std::vector<std::shared_ptr<SharedMemory>> buffers;
  std::vector<std::shared_ptr<Connection>> connections;
  std::vector<std::unique_ptr<Semaphore>> semaphores;
  std::unique_ptr<ProxyService> proxy;
};

// A connection between the two; both ends are the last of their lists.
inline void connect(Side& a, Side& b, const hawser_endpoint_config& config) {
  std::unique_ptr<Endpoint> at_a;
  std::unique_ptr<Endpoint> at_b;
  Status status = Endpoint::open(a.context, config, &at_a);
  ASSERT_TRUE(status.ok()) << status.text();
  status = Endpoint::open(b.context, config, &at_b);
  ASSERT_TRUE(status.ok()) << status.text();
  std::shared_ptr<Connection> of_b;
  auto other = std::async(std::launch::async, [&] { return at_b->connect(reader(at_a->told()), soon(), &of_b); });
  std::shared_ptr<Connection> of_a;
  status = at_a->connect(reader(at_b->told()), soon(), &of_a);
  const Status others = other.get();
  ASSERT_TRUE(status.ok()) << status.text();
  ASSERT_TRUE(others.ok()) << others.text();
  a.connections.push_back(std::move(of_a));
  b.connections.push_back(std::move(of_b));
}

// A semaphore on the last connection of both, joined; the last of both lists.
inline void add_semaphores(Side& a, Side& b) {
  std::unique_ptr<Semaphore> at_a;
  std::unique_ptr<Semaphore> at_b;
  ASSERT_TRUE(Semaphore::open(a.connections.back(), &at_a).ok());
  ASSERT_TRUE(Semaphore::open(b.connections.back(), &at_b).ok());
  Status status = at_a->join(reader(at_b->told()), soon());
  ASSERT_TRUE(status.ok()) << status.text();
  status = at_b->join(reader(at_a->told()), soon());
  ASSERT_TRUE(status.ok()) << status.text();
  a.semaphores.push_back(std::move(at_a));
  b.semaphores.push_back(std::move(at_b));
}

struct Pair {
  Side a{0};
  Side b{1};

  void connect(uint32_t transport) { connect(endpoint_config(transport)); }
  void connect(const hawser_endpoint_config& config) { testing::connect(a, b, config); }
  void add_semaphores() { testing::add_semaphores(a, b); }
};

// Posts again while the FIFO is full, until it is taken or refused.
inline int32_t post_in_time(PortChannel& channel, uint32_t kind, uint64_t bytes, uint64_t* position = nullptr,
                            uint64_t at = 0) {
  const Nanos deadline = soon();
  int32_t code = HAWSER_TIMEOUT;
  while (code == HAWSER_TIMEOUT && now() < deadline) code = channel.post(kind, at, at, bytes, position);
  return code;
}

// Two sides with a memory each, and a channel from each into the other's.
struct ChannelPair {
  void open(const hawser_endpoint_config& config, uint64_t bytes) {
    pair.connect(config);
    pair.add_semaphores();
    source = pair.a.make_memory(bytes, config.transport);
    target = pair.b.make_memory(bytes, config.transport);
    pair.a.start_proxy();
    pair.b.start_proxy();
    to_b = &pair.a.channel(pair.a.semaphores[0].get(), pair.a.import(*target), source);
    to_a = &pair.b.channel(pair.b.semaphores[0].get(), pair.b.import(*source), target);
  }
  int32_t post(uint32_t kind, uint64_t bytes, uint64_t* position = nullptr, uint64_t at = 0) {
    return post_in_time(*to_b, kind, bytes, position, at);
  }
  unsigned char* source_data() { return pair.a.buffers[0]->data(); }
  unsigned char* target_data() { return pair.b.buffers[0]->data(); }

  Pair pair;
  std::shared_ptr<Memory> source;
  std::shared_ptr<Memory> target;
  PortChannel* to_b = nullptr;
  PortChannel* to_a = nullptr;
};

}  // namespace hawser::port::testing
