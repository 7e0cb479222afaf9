// A proxy of one's own, as the seed shows it: one trigger a rank gathers everybody's part in everybody's memory.
#include <array>

#include "port/tests/pair.h"

namespace hawser::port {
namespace {

using testing::Side;
using testing::soon;

constexpr uint64_t kPart = 100'000;
constexpr size_t kRanks = 3;
constexpr Nanos kSpin = 20 * kMicrosecond;

// Who one rank puts to.
struct Neighbour {
  Connection* connection;
  Semaphore* semaphore;
  std::shared_ptr<Memory> memory;
};

class AllGatherProxyService : public BaseProxyService {
 public:
  AllGatherProxyService(Context& context, uint64_t rank, std::shared_ptr<Memory> mine)
      : BaseProxyService(context), offset_(rank * kPart), mine_(std::move(mine)) {}
  ~AllGatherProxyService() override { (void)stop(soon()); }

  void add(Neighbour neighbour) { neighbours_.push_back(std::move(neighbour)); }
  int dropped() const { return dropped_; }

 protected:
  bool handle(const hawser_trigger& trigger, uint64_t) override {
    EXPECT_EQ(trigger.kind, uint32_t{HAWSER_TRIGGER_CUSTOM});
    // What a queue has no room for is tried again, from the neighbour that it was for.
    for (; next_ < neighbours_.size(); ++next_) {
      const Neighbour& to = neighbours_[next_];
      const Status status = to.connection->submit(
          {Work::put(to.memory.get(), offset_, mine_.get(), offset_, trigger.bytes), Work::signal(to.semaphore)});
      if (status.code() == HAWSER_TIMEOUT) return false;
      EXPECT_TRUE(status.ok()) << status.text();
    }
    next_ = 0;
    return true;
  }
  bool progress() override {
    bool busy = false;
    for (const Neighbour& to : neighbours_) busy |= to.connection->waits() && to.connection->pump();
    return busy;
  }
  void drop(const hawser_trigger&) override { ++dropped_; }

 private:
  uint64_t offset_;
  std::shared_ptr<Memory> mine_;
  std::vector<Neighbour> neighbours_;
  size_t next_ = 0;
  int dropped_ = 0;
};

class CustomProxy : public ::testing::TestWithParam<uint32_t> {};

TEST_P(CustomProxy, GathersFromAllRanks) {
  std::array<Side, kRanks> sides{Side(0), Side(1), Side(2)};
  std::array<std::shared_ptr<Memory>, kRanks> memories;
  std::array<std::unique_ptr<AllGatherProxyService>, kRanks> proxies;
  for (size_t rank = 0; rank < kRanks; ++rank) {
    memories[rank] = sides[rank].make_memory(kRanks * kPart, GetParam());
    std::memset(sides[rank].buffers[0]->data() + rank * kPart, static_cast<int>(rank) + 1, kPart);
    proxies[rank] = std::make_unique<AllGatherProxyService>(sides[rank].context, rank, memories[rank]);
    ASSERT_TRUE(proxies[rank]->open(8).ok());
  }
  for (size_t low = 0; low < kRanks; ++low) {
    for (size_t high = low + 1; high < kRanks; ++high) {
      testing::connect(sides[low], sides[high], testing::endpoint_config(GetParam()));
      testing::add_semaphores(sides[low], sides[high]);
      for (const auto& [from, to] : {std::pair(low, high), std::pair(high, low)}) {
        proxies[from]->add({sides[from].connections.back().get(), sides[from].semaphores.back().get(),
                            sides[from].import(*memories[to])});
      }
    }
  }
  hawser_trigger gather{};
  gather.kind = HAWSER_TRIGGER_CUSTOM;
  gather.bytes = kPart;
  for (auto& proxy : proxies) {
    ASSERT_TRUE(proxy->start().ok());
    ASSERT_TRUE(proxy->push(gather, nullptr));
  }
  for (Side& side : sides) {
    for (auto& semaphore : side.semaphores) {
      const Status status = semaphore->wait(1, soon(), kSpin);
      ASSERT_TRUE(status.ok()) << status.text();
    }
    for (size_t i = 0; i < kRanks * kPart; ++i) ASSERT_EQ(side.buffers[0]->data()[i], i / kPart + 1) << i;
  }
  for (auto& proxy : proxies) EXPECT_EQ(proxy->dropped(), 0);
}

INSTANTIATE_TEST_SUITE_P(Transports, CustomProxy, ::testing::Values(HAWSER_PORT_MEMORY, HAWSER_PORT_TCP),
                         [](const auto& test) { return name_of(test.param); });

// A proxy that cannot go on is stopped in time, and says what it left.
class Stubborn : public BaseProxyService {
 public:
  using BaseProxyService::BaseProxyService;
  int dropped = 0;

 protected:
  bool handle(const hawser_trigger&, uint64_t) override { return false; }
  void drop(const hawser_trigger&) override { ++dropped; }
};

TEST(PortProxy, IsStoppedInTimeWhenItCannotGoOn) {
  Side side(0);
  Stubborn proxy(side.context);
  ASSERT_TRUE(proxy.open(8).ok());
  ASSERT_TRUE(proxy.start().ok());
  hawser_trigger trigger{};
  trigger.kind = HAWSER_TRIGGER_CUSTOM;
  ASSERT_TRUE(proxy.push(trigger, nullptr));
  ASSERT_TRUE(proxy.push(trigger, nullptr));
  EXPECT_EQ(proxy.stop(now() + 20 * kMillisecond).code(), HAWSER_TIMEOUT);
  EXPECT_EQ(proxy.dropped, 2);
}

}  // namespace
}  // namespace hawser::port
