// Links over the fault-injecting network, opened by its name as a user does: what a plan brings about is survived.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "lane/tests/nets.h"
#include "lane/tests/party.h"

namespace hawser::testing {
namespace {

constexpr size_t kBytes = 700'000;

class TemporaryFolder {
 public:
  TemporaryFolder() { EXPECT_NE(nullptr, mkdtemp(path_.data())); }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string file(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_ = (std::filesystem::temp_directory_path() / "hawser-faults-XXXXXX").string();
};

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

hawser_config over_faults(const Net& net, const std::string& faults) {
  hawser_config config = over(net);
  config.chunk_bytes = 64 * 1024;
  config.silence_ns = 100 * kMillisecond;
  copy_text(config.net, "fault:" + faults + ",net=" + net.net);
  return config;
}

// Messages from a to b until `enough()`, each checked.
template <typename Enough>
void exchange_until(Pair& pair, Enough&& enough) {
  const auto data = random_bytes(kBytes, 3);
  const Nanos end = now() + kPatience;
  for (uint64_t i = 0; !enough(); ++i) {
    ASSERT_LT(now(), end) << i << " messages";
    std::vector<unsigned char> copy(kBytes);
    const size_t bytes = 1 + i * 7919 % kBytes;
    const uint64_t receive = pair.b.driver->receive(pair.b.id, 1, copy.data(), copy.size());
    const uint64_t send = pair.a.driver->send(pair.a.id, 1, data.data(), bytes);
    ASSERT_TRUE(pair.drive_until([&] { return pair.a.completion(send) && pair.b.completion(receive); })) << i;
    ASSERT_EQ(HAWSER_OK, pair.a.completion(send)->code) << i << ": " << pair.a.link->error().text();
    ASSERT_EQ(HAWSER_OK, pair.b.completion(receive)->code) << i << ": " << pair.b.link->error().text();
    ASSERT_EQ(bytes, pair.b.completion(receive)->bytes) << i;
    ASSERT_TRUE(std::equal(copy.begin(), copy.begin() + static_cast<std::ptrdiff_t>(bytes), data.begin())) << i;
    pair.a.events.clear();
    pair.b.events.clear();
  }
}

class FaultNet : public ::testing::TestWithParam<Net> {};

TEST_P(FaultNet, EveryKindIsInjectedInOrderAndSurvived) {
  TemporaryFolder folder;
  // The first lanes are connected by then; memory is not registered here.
  const char* const kinds[] = {"reset",   "cut",  "silence", "pause",  "slow",  "late",
                               "corrupt", "send", "receive", "refuse", "vanish"};
  std::vector<std::string> plan;
  for (int i = 0; i < 33; ++i) {
    plan.push_back(std::to_string(60 + 40 * i) + " " + std::to_string(i % 4) + " " + kinds[i % 11] + " " +
                   (std::string(kinds[i % 11]) == "silence" ? "150" : "2"));
  }
  std::ofstream out(folder.file("plan"));
  for (const std::string& line : plan) out << line << "\n";
  out.close();
  const std::string log = folder.file("log");
  Pair pair(over_faults(GetParam(), "plan=" + folder.file("plan") + ",log=" + log), over(GetParam()));
  exchange_until(pair, [&] { return lines_of(log).size() == plan.size(); });
  EXPECT_EQ(plan, lines_of(log));
  uint64_t losses = 0;
  for (uint32_t lane = 0; lane < 4; ++lane) losses += pair.a.link->shared()->lane[lane].losses;
  EXPECT_GE(losses, 8u);
}

TEST_P(FaultNet, FaultsOfBothEndsAreSurvived) {
  TemporaryFolder folder;
  const std::string logs[] = {folder.file("a"), folder.file("b")};
  const auto faults = [&](int end) {
    return over_faults(GetParam(), "seed=" + std::to_string(5 + end) + ",faults=60,every=40,log=" + logs[end]);
  };
  Pair pair(faults(0), faults(1));
  exchange_until(pair, [&] { return lines_of(logs[0]).size() == 60 && lines_of(logs[1]).size() == 60; });
}

using FaultSockets = FaultNet;

TEST_P(FaultSockets, TryAFirstHandshakeThatFailsAgain) {
  TemporaryFolder folder;
  // Of the end that connects: it has not connected before it is past them all.
  const std::vector<std::string> plan = {"1 0 reset 1", "2 1 refuse 2", "3 2 corrupt 1", "5 3 cut 1", "7 0 vanish 1"};
  std::ofstream out(folder.file("plan"));
  for (const std::string& line : plan) out << line << "\n";
  out.close();
  const std::string log = folder.file("log");
  Pair pair(over_faults(GetParam(), "plan=" + folder.file("plan") + ",log=" + log), over(GetParam()));
  EXPECT_EQ(plan, lines_of(log));
  int messages = 0;
  exchange_until(pair, [&] { return ++messages > 3; });
}

// What a plugin says of an end that has come and gone, and when, is the plugin's own affair.
std::vector<Net> sockets() {
  std::vector<Net> nets;
  std::copy_if(std::begin(kNets), std::end(kNets), std::back_inserter(nets),
               [](const Net& net) { return *net.net == '\0'; });
  return nets;
}

INSTANTIATE_TEST_SUITE_P(All, FaultSockets, ::testing::ValuesIn(sockets()),
                         [](const auto& net) { return net.param.name; });
INSTANTIATE_TEST_SUITE_P(All, FaultNet, ::testing::ValuesIn(kNets), [](const auto& net) { return net.param.name; });

}  // namespace
}  // namespace hawser::testing
