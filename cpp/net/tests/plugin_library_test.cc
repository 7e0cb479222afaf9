// Which library a name leads to, and what is told of it.
#include <gmock/gmock.h>

#include <cstdlib>

#include "net/tests/plugin_pair.h"

namespace hawser {
namespace {

using ::testing::HasSubstr;

const std::string kTest = TEST_PLUGIN;

TEST(PluginLibrary, IsTheFirstOfTheListThatCanBeUsed) {
  Plugin plugin;
  const Status status = open_plugin("absent,libm.so.6," + kTest, &plugin);
  ASSERT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(kTest, plugin.path);
  EXPECT_EQ(12, plugin.net->version());
  ASSERT_EQ(size_t{testing::kTestDevices}, plugin.devices.size());
  EXPECT_EQ("test2", plugin.devices[2].name);
  EXPECT_EQ(3000, plugin.devices[2].speed_mbps);
}

TEST(PluginLibrary, EveryVersionTellsTheSameOfItsDevices) {
  for (int version = nccl::kOldestVersion; version <= nccl::kNewestVersion; ++version) {
    Plugin plugin;
    const Status status = open_plugin(kTest, &plugin, version);
    ASSERT_TRUE(status.ok()) << status.text();
    EXPECT_EQ(version, plugin.net->version());
    EXPECT_EQ("test3", plugin.devices[3].name);
    EXPECT_EQ(4000, plugin.devices[3].speed_mbps);
    EXPECT_EQ(nccl::kPointerHost, plugin.devices[3].pointer_kinds);
    EXPECT_EQ(nccl::kNetDeviceHost, plugin.devices[3].offload);
  }
}

TEST(PluginLibrary, FailuresNameWhatWasTriedAndWhy) {
  Plugin plugin;
  const Status status = open_plugin("absent,libm.so.6", &plugin);
  EXPECT_EQ(HAWSER_UNSUPPORTED, status.code());
  EXPECT_THAT(status.text(), HasSubstr("libnccl-net-absent.so"));
  EXPECT_THAT(status.text(), HasSubstr("libm.so.6 exports no ncclNetPlugin_v6 to _v12"));
  EXPECT_EQ(HAWSER_UNSUPPORTED, open_plugin("none", &plugin).code());
}

TEST(PluginLibrary, TheVariableOfNcclStandsInForANameThatIsNotGiven) {
  setenv("NCCL_NET_PLUGIN", TEST_PLUGIN_UNPACK, 1);
  Plugin plugin;
  const Status status = open_plugin("", &plugin);
  unsetenv("NCCL_NET_PLUGIN");
  ASSERT_TRUE(status.ok()) << status.text();
  EXPECT_STREQ("TestUnpack", plugin.net->name());
  EXPECT_EQ(7, plugin.net->version());
  EXPECT_EQ(nccl::kNetDeviceUnpack, plugin.devices[0].offload);
}

TEST(PluginLibrary, ReportsAllThatAreNamed) {
  const auto reports = list_plugins(kTest + ",absent,none");
  ASSERT_EQ(2u, reports.size());
  EXPECT_EQ(kTest, reports[0].path);
  EXPECT_EQ("Test", reports[0].net);
  EXPECT_EQ(12, reports[0].version);
  EXPECT_EQ(size_t{testing::kTestDevices}, reports[0].devices.size());
  EXPECT_EQ("", reports[0].error);
  EXPECT_EQ("", reports[1].path);
  EXPECT_THAT(reports[1].error, HasSubstr("cannot load the network plugin"));
}

TEST(PluginHandles, AreCarriedByWhatIsNotZero) {
  unsigned char plugin[nccl::kHandleBytes] = {};
  unsigned char back[nccl::kHandleBytes];
  for (const size_t i : {0, 1, 7, 8, 60, 126, 127}) plugin[i] = static_cast<unsigned char>(i + 1);
  PluginHandleWire wire;
  ASSERT_TRUE(pack_handle(plugin, "eth0", &wire));
  ASSERT_TRUE(unpack_handle(wire, back));
  EXPECT_TRUE(std::equal(plugin, plugin + sizeof(plugin), back));
  EXPECT_EQ("eth0", device_of_handle(wire));
  Handle handle;
  std::memcpy(handle.bytes, &wire, sizeof(wire));
  EXPECT_EQ("eth0", handle_device(handle));
  std::fill(plugin, plugin + 94, 1);
  std::fill(plugin + 94, plugin + sizeof(plugin), 0);
  ASSERT_TRUE(pack_handle(plugin, "eth0", &wire));
  EXPECT_EQ("et", device_of_handle(wire));
  wire.present[15] = 0xff;
  EXPECT_FALSE(unpack_handle(wire, back));
  std::fill(plugin, plugin + 97, 1);
  EXPECT_FALSE(pack_handle(plugin, "eth0", &wire));
}

}  // namespace
}  // namespace hawser
