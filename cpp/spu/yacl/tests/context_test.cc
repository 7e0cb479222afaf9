// yacl's own context and algorithms over lanes.
#include <gmock/gmock.h>
#include <unistd.h>

#include "lane_world.h"
#include "spu/yacl/lane_link.h"
#include "yacl/base/exception.h"
#include "yacl/link/algorithm/allgather.h"
#include "yacl/link/algorithm/barrier.h"
#include "yacl/link/algorithm/broadcast.h"

namespace hawser::testing {
namespace {

using ::testing::HasSubstr;
using ::yacl::link::Context;
using ::yacl::link::ContextDesc;

// Addresses of this process alone: each has its own part of 127/8.
ContextDesc describe(size_t parties) {
  ContextDesc desc;
  const auto pid = static_cast<unsigned>(getpid());
  const std::string host = "127." + std::to_string(1 + (pid >> 16) % 250) + "." + std::to_string(pid >> 8 & 255) + "." +
                           std::to_string(pid & 255);
  for (size_t rank = 0; rank < parties; ++rank) {
    desc.parties.emplace_back("party " + std::to_string(rank), host + ":" + std::to_string(23450 + rank));
  }
  desc.recv_timeout_ms = kPatienceMillis;
  return desc;
}

void compute(Context& context) {
  const std::string mine = "of " + std::to_string(context.Rank());
  for (int round = 0; round < 10; ++round) {
    const auto all = ::yacl::link::AllGather(std::shared_ptr<Context>(&context, [](Context*) {}), mine, "all");
    ASSERT_EQ(context.WorldSize(), all.size());
    for (size_t rank = 0; rank < all.size(); ++rank) EXPECT_EQ("of " + std::to_string(rank), text(all[rank]));
  }
}

TEST(LaneContext, RunsYaclsAlgorithms) {
  constexpr size_t kParties = 3;
  const ContextDesc desc = describe(kParties);
  in_threads(kParties, [&](size_t rank) {
    FactoryLanes factory(test_options());
    const auto context = factory.CreateContext(desc, rank);
    context->ConnectToMesh();
    compute(*context);
    const auto large = random_buffer(3 << 20);
    const auto got = ::yacl::link::Broadcast(context, large, 1, "large");
    EXPECT_TRUE(same(large, got));
    const auto spawned = context->Spawn();
    compute(*spawned);
    ::yacl::link::Barrier(context, "end");
    context->WaitLinkTaskFinish();
  });
}

TEST(LaneContext, SharesLanesAmongLinks) {
  LaneWorld world(2);
  const ContextDesc desc = describe(2);
  in_threads(2, [&](size_t rank) {
    const auto one = create_lane_context(desc, rank, world[rank], "one");
    const auto two = create_lane_context(desc, rank, world[rank], "two");
    in_threads(2, [&](size_t link) { compute(link == 0 ? *one : *two); });
  });
}

TEST(LaneContext, ChecksRanks) {
  LaneWorld world(2);
  EXPECT_THAT(thrown_by<::yacl::ArgumentError>([&] { create_lane_context(describe(3), 0, world[0]); }),
              HasSubstr("rank 0 of 3 parties"));
  EXPECT_THROW(create_lane_context(describe(2), 1, world[0]), ::yacl::ArgumentError);
}

TEST(LaneContext, NamesARankThatDoesNotCome) {
  LaneOptions options = test_options();
  options.connect_timeout = std::chrono::milliseconds(300);
  EXPECT_THAT(thrown_by<::yacl::IoError>([&] {
                connect_lanes(1, {"127.0.0.1:1", "127.0.0.1:0"}, options);
              }),
              HasSubstr("rank 1: no link to rank 0 at 127.0.0.1:1"));
  EXPECT_THROW(connect_lanes(0, {"127.0.0.1:0", "127.0.0.1:1"}, options), ::yacl::IoError);
  EXPECT_THROW(connect_lanes(0, {"nonsense"}, options), ::yacl::ArgumentError);
}

}  // namespace
}  // namespace hawser::testing
