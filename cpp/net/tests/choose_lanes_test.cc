// Every rule of choose_lanes with made-up devices, and the facts of the real ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "net/devices.h"

namespace hawser {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

DeviceProperties device(const std::string& name, const std::string& address, bool up = true) {
  DeviceProperties made;
  made.name = name;
  made.address = address;
  made.up = up;
  return made;
}

std::vector<DeviceProperties> gpu_host() {
  return {device("lo", "127.0.0.1"),      device("eth0", "10.0.0.1"), device("eth1", "10.0.1.1"),
          device("eth2", "10.0.2.1"),     device("eth3", "10.0.3.1"), device("eth4", "10.0.4.1"),
          device("docker0", "172.17.0.1")};
}

struct Chosen {
  Status status;
  LaneChoice choice;
  std::vector<std::string> names;

  const std::string& reason(const std::string& name) const {
    for (size_t i = 0; i < choice.devices.size(); ++i) {
      if (choice.devices[i].name == name) return choice.reasons[i];
    }
    static const std::string none;
    return none;
  }
};

Chosen choose(std::vector<DeviceProperties> devices, const std::string& spec, const std::string& variable = "") {
  Chosen chosen;
  chosen.status = choose_lanes(std::move(devices), spec, variable, &chosen.choice);
  for (const int lane : chosen.choice.lanes) {
    chosen.names.push_back(chosen.choice.devices[static_cast<size_t>(lane)].name);
  }
  EXPECT_EQ(chosen.choice.reasons.size(), chosen.choice.devices.size());
  for (const std::string& reason : chosen.choice.reasons) EXPECT_FALSE(reason.empty());
  return chosen;
}

TEST(ChooseLanesTest, TakesNamesInTheListsOrder) {
  EXPECT_THAT(choose(gpu_host(), "eth3,eth1").names, ElementsAre("eth3", "eth1"));
  EXPECT_THAT(choose(gpu_host(), " =eth2 , eth0 ").names, ElementsAre("eth2", "eth0"));
}

TEST(ChooseLanesTest, TakesNamesAsPrefixesUnlessExact) {
  auto devices = gpu_host();
  devices.push_back(device("eth10", "10.0.10.1"));
  EXPECT_THAT(choose(devices, "eth1").names, ElementsAre("eth1", "eth10"));
  EXPECT_THAT(choose(devices, "=eth1").names, ElementsAre("eth1"));
  EXPECT_THAT(choose(devices, "eth1,eth10").names, ElementsAre("eth1", "eth10"));
}

TEST(ChooseLanesTest, RepeatsWhatIsRepeated) {
  EXPECT_THAT(choose(gpu_host(), "lo,lo,lo,lo").names, ElementsAre("lo", "lo", "lo", "lo"));
}

TEST(ChooseLanesTest, ExcludesWithACaret) {
  EXPECT_THAT(choose(gpu_host(), "^docker,lo,eth4").names, ElementsAre("eth0", "eth1", "eth2", "eth3"));
  const Chosen chosen = choose(gpu_host(), "^=eth0,docker0");
  EXPECT_THAT(chosen.names, ElementsAre("eth1", "eth2", "eth3", "eth4"));
  EXPECT_THAT(chosen.reason("eth0"), HasSubstr("excluded"));
  EXPECT_THAT(chosen.reason("lo"), HasSubstr("loopback"));
}

TEST(ChooseLanesTest, CountsLanesRoundAndRound) {
  EXPECT_THAT(choose(gpu_host(), "2").names, ElementsAre("eth1", "eth2"));
  EXPECT_THAT(choose(gpu_host(), "6").names, ElementsAre("eth1", "eth2", "eth3", "eth4", "eth1", "eth2"));
  EXPECT_THAT(choose({device("lo", "127.0.0.1")}, "3").names, ElementsAre("lo", "lo", "lo"));
  EXPECT_THAT(choose(gpu_host(), "3", "=eth0").names, ElementsAre("eth0", "eth0", "eth0"));
  EXPECT_THAT(choose(gpu_host(), "2").reason("eth3"), HasSubstr("2 lanes"));
}

TEST(ChooseLanesTest, FollowsTheDefaultRule) {
  EXPECT_THAT(choose(gpu_host(), "", "eth4,eth2").names, ElementsAre("eth4", "eth2"));
  EXPECT_THAT(choose(gpu_host(), "").names, ElementsAre("eth1", "eth2", "eth3", "eth4"));
  EXPECT_THAT(choose({device("lo", "127.0.0.1"), device("ens5", "10.1.0.1"), device("ens6", "10.2.0.1")}, "").names,
              ElementsAre("ens5", "ens6"));
  EXPECT_THAT(
      choose({device("lo", "127.0.0.1"), device("ens5", "", true), device("ens6", "10.2.0.1", false)}, "").names,
      ElementsAre("lo", "lo", "lo", "lo"));
}

TEST(ChooseLanesTest, TheSpecGoesBeforeTheVariable) {
  EXPECT_THAT(choose(gpu_host(), "eth3", "eth1").names, ElementsAre("eth3"));
}

TEST(ChooseLanesTest, LeavesOutWhatCannotCarryAndSaysWhy) {
  auto devices = gpu_host();
  devices[2].up = false;
  devices[3].address = "";
  const Chosen chosen = choose(devices, "eth1,eth2,eth3");
  EXPECT_TRUE(chosen.status.ok());
  EXPECT_THAT(chosen.names, ElementsAre("eth3"));
  EXPECT_THAT(chosen.reason("eth1"), HasSubstr("down"));
  EXPECT_THAT(chosen.reason("eth2"), HasSubstr("address"));
  EXPECT_THAT(chosen.reason("eth3"), HasSubstr("chosen by"));
}

TEST(ChooseLanesTest, NamesThatDoNotExistAreAnErrorThatListsWhatThereIs) {
  const Chosen chosen = choose(gpu_host(), "ib0,ib1");
  EXPECT_EQ(chosen.status.code(), HAWSER_INVALID_ARGUMENT);
  EXPECT_THAT(chosen.status.text(), HasSubstr("ib0,ib1"));
  EXPECT_THAT(chosen.status.text(), HasSubstr("eth4"));
  const Chosen by_variable = choose(gpu_host(), "", "ib0");
  EXPECT_EQ(by_variable.status.code(), HAWSER_INVALID_ARGUMENT);
  EXPECT_THAT(by_variable.status.text(), HasSubstr("NCCL_GPUDIRECTTCPX_SOCKET_IFNAME"));
}

TEST(ChooseLanesTest, RefusesTooManyLanes) {
  for (const char* spec : {"17", "0", "-1"}) EXPECT_EQ(choose(gpu_host(), spec).status.code(), HAWSER_INVALID_ARGUMENT);
  std::string many = "lo";
  for (int i = 0; i < 16; ++i) many += ",lo";
  EXPECT_EQ(choose(gpu_host(), many).status.code(), HAWSER_INVALID_ARGUMENT);
  EXPECT_TRUE(choose(gpu_host(), "16").status.ok());
}

TEST(ListDevicesTest, TellsTheFactsOfLoopback) {
  bool found = false;
  for (const DeviceProperties& listed : list_devices()) {
    EXPECT_FALSE(listed.name.empty());
    EXPECT_GT(listed.index, 0);
    if (listed.name != "lo") continue;
    found = true;
    int mtu = 0;
    std::ifstream("/sys/class/net/lo/mtu") >> mtu;
    EXPECT_EQ(listed.mtu, mtu);
    EXPECT_EQ(listed.address, "127.0.0.1");
    EXPECT_TRUE(listed.up);
    EXPECT_EQ(listed.pci, "");
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace hawser
