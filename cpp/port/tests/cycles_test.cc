// Everything that ports are made of, opened and closed a thousand times by the C ABI.
#include "tests/cycles.h"

#include <array>
#include <cstring>
#include <future>

#include "hawser_port.h"
#include "pair.h"

namespace hawser::port::testing {
namespace {

using hawser::testing::expect_flat_over_cycles;

constexpr int64_t kBytes = 4096;

// What an endpoint, a memory or a semaphore tells its peer.
struct Told {
  template <typename Tell, typename Object>
  Told(Tell tell, Object* object) : length(tell(object, bytes.data(), static_cast<int32_t>(bytes.size()))) {}
  std::array<uint8_t, HAWSER_PORT_BYTES> bytes{};
  int32_t length;
};

hawser_port_context* open_context(int32_t rank) {
  hawser_port_config config = port_config(rank);
  std::strcpy(config.lanes.lanes, "=lo");
  hawser_port_context* context = nullptr;
  hawser_error error{};
  EXPECT_EQ(HAWSER_OK, hawser_port_open(&config, &context, &error)) << error.text;
  return context;
}

// One end of a connection with all that it needs to put and signal. `context` is the caller's.
class End {
 public:
  End(hawser_port_context* context, uint32_t transport) : context_(context), transport_(transport) {
    const hawser_endpoint_config config = endpoint_config(transport);
    ok(hawser_endpoint_open(context, &config, &endpoint_, &error_));
    ok(hawser_shared_allocate(kBytes, &address_, &error_));
    ok(hawser_memory_register(context, address_, kBytes, HAWSER_MEMORY_HOST, 1u << transport, &own_, &error_));
  }
  ~End() {
    hawser_proxy_close(proxy_);
    hawser_memory_free(theirs_);
    hawser_semaphore_close(semaphore_);
    hawser_connection_close(connection_);
    hawser_endpoint_close(endpoint_);
    hawser_memory_free(own_);
    hawser_shared_free(address_);
  }
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  void connect(const Told& peer) {
    ok(hawser_port_connect(endpoint_, peer.bytes.data(), peer.length, kPatience, &connection_, &error_));
    ok(hawser_semaphore_open(connection_, &semaphore_, &error_));
  }
  void join(const Told& semaphore, const Told& memory) {
    ok(hawser_semaphore_join(semaphore_, semaphore.bytes.data(), semaphore.length, kPatience, &error_));
    ok(hawser_memory_import(context_, memory.bytes.data(), memory.length, kPatience, &theirs_, &error_));
    ok(hawser_proxy_open(context_, 0, &proxy_, &error_));
    const int32_t signalled = hawser_proxy_add_semaphore(proxy_, semaphore_, &error_);
    const int32_t destination = hawser_proxy_add_memory(proxy_, theirs_, &error_);
    const int32_t source = hawser_proxy_add_memory(proxy_, own_, &error_);
    ok(hawser_proxy_channel(proxy_, static_cast<uint32_t>(signalled), static_cast<uint32_t>(destination),
                            static_cast<uint32_t>(source), &channel_, &error_));
    ok(hawser_proxy_start(proxy_, &error_));
  }
  void put_and_signal() {
    EXPECT_EQ(HAWSER_OK,
              hawser_channel_post(channel_, HAWSER_TRIGGER_PUT | HAWSER_TRIGGER_SIGNAL, 0, 0, kBytes, nullptr));
  }
  void await() { ok(hawser_semaphore_wait(semaphore_, 1, kPatience, 0, &error_)); }

  Told endpoint() const { return {hawser_endpoint_bytes, endpoint_}; }
  Told semaphore() const { return {hawser_semaphore_bytes, semaphore_}; }
  Told memory() const { return {hawser_memory_bytes, own_}; }

 private:
  void ok(int32_t code) { ASSERT_EQ(HAWSER_OK, code) << "transport " << transport_ << ": " << error_.text; }

  hawser_port_context* context_;
  uint32_t transport_;
  hawser_error error_{};
  void* address_ = nullptr;
  hawser_port_endpoint* endpoint_ = nullptr;
  hawser_port_memory* own_ = nullptr;
  hawser_port_connection* connection_ = nullptr;
  hawser_port_semaphore* semaphore_ = nullptr;
  hawser_port_memory* theirs_ = nullptr;
  hawser_proxy* proxy_ = nullptr;
  hawser_port_channel* channel_ = nullptr;
};

TEST(Cycles, Contexts) {
  expect_flat_over_cycles([] {
    hawser_port_context* context = open_context(0);
    ASSERT_NE(nullptr, context);
    hawser_port_close(context);
  });
}

class CyclesOver : public ::testing::TestWithParam<uint32_t> {};

INSTANTIATE_TEST_SUITE_P(Transports, CyclesOver, ::testing::Values(HAWSER_PORT_MEMORY, HAWSER_PORT_TCP),
                         [](const auto& instance) {
                           return std::string(instance.param == HAWSER_PORT_TCP ? "Tcp" : "Memory");
                         });

// Each with its endpoints, memories, semaphores, proxies and channels.
TEST_P(CyclesOver, Connections) {
  hawser_port_context* at_a = open_context(0);
  hawser_port_context* at_b = open_context(1);
  ASSERT_TRUE(at_a != nullptr && at_b != nullptr);
  expect_flat_over_cycles([&] {
    End a(at_a, GetParam());
    End b(at_b, GetParam());
    auto other = std::async(std::launch::async, [&] { b.connect(a.endpoint()); });
    a.connect(b.endpoint());
    other.get();
    if (HasFailure()) return;
    a.join(b.semaphore(), b.memory());
    b.join(a.semaphore(), a.memory());
    a.put_and_signal();
    b.await();
  });
  hawser_port_close(at_b);
  hawser_port_close(at_a);
}

TEST(Cycles, ProxiesOfOnesOwn) {
  hawser_port_context* context = open_context(0);
  ASSERT_NE(nullptr, context);
  hawser_proxy_handler handler{};
  handler.handle = [](void*, const hawser_trigger*) { return 1; };
  expect_flat_over_cycles([&] {
    hawser_proxy* proxy = nullptr;
    hawser_error error{};
    ASSERT_EQ(HAWSER_OK, hawser_proxy_open_custom(context, 8, &handler, &proxy, &error)) << error.text;
    ASSERT_EQ(HAWSER_OK, hawser_proxy_start(proxy, &error)) << error.text;
    hawser_trigger trigger{};
    trigger.kind = HAWSER_TRIGGER_CUSTOM;
    EXPECT_EQ(HAWSER_OK, hawser_proxy_push(proxy, &trigger));
    hawser_proxy_close(proxy);
  });
  hawser_port_close(context);
}

}  // namespace
}  // namespace hawser::port::testing
