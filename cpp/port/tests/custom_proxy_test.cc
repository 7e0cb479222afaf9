// A proxy of one's own, by the classes that programs of others take. One that moves bytes is cpp/examples/all_gather.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "hawser_port.hpp"

namespace hawser::ports {
namespace {

constexpr Timeout kPatience = std::chrono::seconds(30);
constexpr uint32_t kFifo = 8;

// Notes what it serves, as long as it is let.
class NotingService : public BaseProxyService {
 public:
  explicit NotingService(const Context& context) : BaseProxyService(context, kFifo) {}
  ~NotingService() override { (void)stopProxy(kPatience); }

  bool push(uint64_t bytes) {
    hawser_trigger trigger{};
    trigger.kind = HAWSER_TRIGGER_CUSTOM;
    trigger.bytes = bytes;
    return BaseProxyService::push(trigger);
  }

  std::atomic<bool> lets{true};
  std::vector<uint64_t> served;  // the proxy's thread's, until it is stopped
  std::vector<uint64_t> dropped;

 protected:
  bool handle(const hawser_trigger& trigger) noexcept override {
    if (!lets) return false;
    served.push_back(trigger.bytes);
    return true;
  }
  void drop(const hawser_trigger& trigger) noexcept override { dropped.push_back(trigger.bytes); }
};

class CustomProxy : public ::testing::Test {
 protected:
  Context context = *Context::open(Context::config(0, "127.0.0.1", "lo"));
};

TEST_F(CustomProxy, ServesAllInTheirOrderAndAgainAfterAStop) {
  NotingService proxy(context);
  std::vector<uint64_t> pushed;
  for (int run = 0; run < 2; ++run) {
    ASSERT_TRUE(proxy.startProxy().ok());
    for (uint64_t i = 0; i < 100; ++i) {
      while (!proxy.push(i)) std::this_thread::yield();
      pushed.push_back(i);
    }
    const Status status = proxy.stopProxy(kPatience);
    ASSERT_TRUE(status.ok()) << status.text();
  }
  EXPECT_EQ(proxy.served, pushed);
  EXPECT_TRUE(proxy.dropped.empty());
}

TEST_F(CustomProxy, HasRoomForItsFifoAndNoMore) {
  NotingService proxy(context);
  proxy.lets = false;
  for (uint64_t i = 0; i < kFifo; ++i) ASSERT_TRUE(proxy.push(i));
  EXPECT_FALSE(proxy.push(kFifo));
  proxy.lets = true;
  ASSERT_TRUE(proxy.startProxy().ok());
  ASSERT_TRUE(proxy.stopProxy(kPatience).ok());
  EXPECT_EQ(proxy.served.size(), kFifo);
}

TEST_F(CustomProxy, IsStoppedInTimeWhenItCannotGoOn) {
  NotingService proxy(context);
  proxy.lets = false;
  ASSERT_TRUE(proxy.startProxy().ok());
  ASSERT_TRUE(proxy.push(1));
  ASSERT_TRUE(proxy.push(2));
  EXPECT_EQ(proxy.stopProxy(std::chrono::milliseconds(20)).code(), HAWSER_TIMEOUT);
  EXPECT_EQ(proxy.dropped, (std::vector<uint64_t>{1, 2}));
}

TEST_F(CustomProxy, NeedsAHandlerAndHasNoMemories) {
  hawser_proxy* proxy = nullptr;
  hawser_error error;
  hawser_proxy_handler handler{};
  EXPECT_EQ(hawser_proxy_open_custom(context.get(), kFifo, &handler, &proxy, &error), HAWSER_INVALID_ARGUMENT);
  handler.handle = [](void*, const hawser_trigger*) { return int32_t{1}; };
  ASSERT_EQ(hawser_proxy_open_custom(context.get(), kFifo, &handler, &proxy, &error), HAWSER_OK) << error.text;
  const detail::Owned<hawser_proxy, hawser_proxy_close> owned(proxy);
  auto buffer = *SharedBuffer::allocate(64);
  auto memory = *RegisteredMemory::of(context, buffer.span(), Transport::Memory);
  EXPECT_EQ(hawser_proxy_add_memory(proxy, memory.get(), &error), HAWSER_INVALID_ARGUMENT);
  EXPECT_NE(std::string_view(error.text).find("one of the caller's own"), std::string_view::npos) << error.text;
}

}  // namespace
}  // namespace hawser::ports
