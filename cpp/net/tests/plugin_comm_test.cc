// Lanes over a network plugin, of every version and as a net device.
#include "net/tests/plugin_pair.h"

namespace hawser {
namespace {

struct Kind {
  const char* path;
  int newest;
};

class PluginComms : public ::testing::TestWithParam<Kind> {
 protected:
  PluginOptions options() const { return {.newest_version = GetParam().newest}; }
};

TEST_P(PluginComms, CarryMessagesOfEverySize) {
  const Faults faults(GetParam().path);
  {
    PluginPair pair(GetParam().path, options());
    ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
    for (const size_t bytes : {0, 1, 7, 8, 1000, 65535, 65536, 65537, 131072, 524288, 4194304, 4194305, 9999999}) {
      const Status status = pair.carry(random_bytes(bytes, static_cast<uint32_t>(bytes)));
      ASSERT_TRUE(status.ok()) << bytes << ": " << status.text();
    }
  }
  EXPECT_EQ(0, faults->open_comms);
  EXPECT_EQ(0, faults->registrations);
  EXPECT_LE(faults->most_in_flight, nccl::kMaxRequestsV6);
}

TEST_P(PluginComms, KeepTheOrderOfManyMessages) {
  PluginPair pair(GetParam().path, options());
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  constexpr size_t kMessages = 400;
  std::mt19937 random(3);
  std::vector<std::vector<unsigned char>> data;
  std::vector<std::vector<unsigned char>> copies;
  for (uint32_t i = 0; i < kMessages; ++i) {
    const size_t bytes = random() % 3 == 0 ? random() % 300'000 : random() % 3000;
    data.push_back(random_bytes(bytes, i));
    copies.emplace_back(bytes + random() % 100);
  }
  std::deque<Request*> sends;
  std::deque<Request*> receives;
  size_t sent = 0;
  size_t posted = 0;
  size_t received = 0;
  const Status status = pair.drive([&] {
    Request* request = nullptr;
    while (sent < kMessages) {
      EXPECT_TRUE(pair.left->isend(data[sent].data(), data[sent].size(), nullptr, &request).ok());
      if (request == nullptr) break;
      sends.push_back(request);
      ++sent;
    }
    for (size_t more = random() % 8; more > 0 && posted < kMessages; --more) {
      EXPECT_TRUE(pair.right->irecv(copies[posted].data(), copies[posted].size(), nullptr, &request).ok());
      if (request == nullptr) break;
      receives.push_back(request);
      ++posted;
    }
    size_t bytes = 0;
    while (!sends.empty() && pair.left->test(sends.front(), &bytes)) sends.pop_front();
    for (; !receives.empty() && pair.right->test(receives.front(), &bytes); ++received) {
      receives.pop_front();
      EXPECT_EQ(data[received].size(), bytes);
      EXPECT_TRUE(std::equal(data[received].begin(), data[received].end(), copies[received].begin())) << received;
    }
    return received == kMessages && sends.empty();
  });
  EXPECT_TRUE(status.ok()) << status.text();
}

// Hawser's own, as NCCL would load it: lanes within a lane.
TEST(PluginHawser, CarriesTheLanesAtEveryVersion) {
  setenv("HAWSER_LANES", "=lo,lo", 1);
  for (int version = nccl::kOldestVersion; version <= nccl::kNewestVersion; ++version) {
    PluginPair pair(NCCL_NET_HAWSER, {.newest_version = version});
    ASSERT_TRUE(pair.failed.ok()) << version << ": " << pair.failed.text();
    EXPECT_EQ("Hawser", pair.transport->devices()[0].name);
    for (const size_t bytes : {0, 7, 65536, 65537, 5'000'000}) {
      const Status status = pair.carry(random_bytes(bytes, static_cast<uint32_t>(bytes)));
      ASSERT_TRUE(status.ok()) << version << ", " << bytes << ": " << status.text();
    }
  }
  unsetenv("HAWSER_LANES");
}

INSTANTIATE_TEST_SUITE_P(All, PluginComms,
                         ::testing::Values(Kind{TEST_PLUGIN, 6}, Kind{TEST_PLUGIN, 7}, Kind{TEST_PLUGIN, 8},
                                           Kind{TEST_PLUGIN, 9}, Kind{TEST_PLUGIN, 10}, Kind{TEST_PLUGIN, 11},
                                           Kind{TEST_PLUGIN, 12}, Kind{TEST_PLUGIN_UNPACK, 12}),
                         [](const auto& kind) {
                           return (kind.param.path == std::string(TEST_PLUGIN) ? "v" : "unpack") +
                                  std::to_string(kind.param.newest);
                         });

}  // namespace
}  // namespace hawser
