// The plugin's contexts, comms and registrations, opened and closed a thousand times as NCCL does.
#include "tests/cycles.h"

#include "nccl/tests/host.h"

namespace hawser::nccl::testing {
namespace {

constexpr int kVersion = 12;

// Log keeps every line.
__attribute__((format(printf, 5, 6))) void discard(LogLevel, unsigned long, const char*, int, const char*, ...) {}

TEST(Cycles, Comms) {
  setenv("HAWSER_LANES", "=lo", 1);
  const std::unique_ptr<Host> host = make_host(kVersion);
  ASSERT_EQ(kSuccess, host->init(&discard));
  std::vector<unsigned char> data = random_bytes(1000, 1);
  std::vector<unsigned char> copy(data.size());
  hawser::testing::expect_flat_over_cycles([&] {
    const CommPair pair(*host);
    ASSERT_TRUE(pair);
    void* memory = nullptr;
    ASSERT_EQ(kSuccess, host->reg_mr(pair.receive, copy.data(), copy.size(), kPointerHost, &memory));
    void* receiving = nullptr;
    void* sending = nullptr;
    ASSERT_EQ(kSuccess, host->irecv(pair.receive, {{copy.data(), copy.size(), 5, memory}}, &receiving));
    ASSERT_EQ(kSuccess, host->isend(pair.send, data.data(), data.size(), 5, &sending));
    int bytes = 0;
    ASSERT_EQ(kSuccess, host->await(receiving, &bytes));
    ASSERT_EQ(kSuccess, host->await(sending, &bytes));
    EXPECT_EQ(kSuccess, host->dereg_mr(pair.receive, memory));
  });
  EXPECT_EQ(kSuccess, host->finalize());
}

TEST(Cycles, Contexts) {
  setenv("HAWSER_LANES", "=lo", 1);
  hawser::testing::expect_flat_over_cycles([&] {
    const std::unique_ptr<Host> host = make_host(kVersion);
    ASSERT_EQ(kSuccess, host->init(&discard));
    EXPECT_EQ(1, host->devices());
    EXPECT_EQ(kSuccess, host->finalize());
  });
}

}  // namespace
}  // namespace hawser::nccl::testing
