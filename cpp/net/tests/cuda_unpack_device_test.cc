// The net device of the kind "unpack" with its bounce buffer in a GPU: the kernel puts messages together, for the GPU
// and for the host.
#include <gmock/gmock.h>

#include <cstdlib>

#include "net/tests/cuda_buffers.h"

namespace hawser {
namespace {

using ::testing::HasSubstr;

using On = Buffer::On;

constexpr size_t kLong = 600'000;

class CudaUnpackDevice : public OverPlugin {
 protected:
  CudaUnpackDevice() : OverPlugin(TEST_PLUGIN_UNPACK) {
    faults->bounces_on_gpu = true;
    // Kernels of the fake driver come late: fragments that were consumed before are garbage by then.
    setenv("FAKE_CUDA_COPY_MICROS", "2000", 1);
  }
  ~CudaUnpackDevice() override { unsetenv("FAKE_CUDA_COPY_MICROS"); }
};

TEST_F(CudaUnpackDevice, CarriesFromAndIntoEitherMemory) {
  {
    PluginPair pair(TEST_PLUGIN_UNPACK);
    ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
    for (const auto& [from, to] :
         {std::pair(On::kHost, On::kGpu), std::pair(On::kGpu, On::kGpu), std::pair(On::kGpu, On::kHost)}) {
      for (const size_t bytes : {kLeastDeviceMessage, size_t{524288}, size_t{4194305}, size_t{9'999'999}}) {
        const Status status = carry(pair, from, to, bytes);
        ASSERT_TRUE(status.ok()) << bytes << ": " << status.text();
      }
    }
    for (const size_t bytes : {0, 1, 1000, 65536, 65537, 4194305}) {
      const Status status = pair.carry(random_bytes(bytes, 3));
      ASSERT_TRUE(status.ok()) << bytes << ": " << status.text();
    }
    EXPECT_GT(faults->consumed, 0);
    EXPECT_EQ(0, faults->flushes) << "what a kernel has written needs no flush";
  }
  EXPECT_EQ(0, faults->open_comms);
  EXPECT_EQ(0, faults->registrations);
}

TEST_F(CudaUnpackDevice, LengthsThatAreNotToldAreThoseOfTheFragments) {
  faults->silent_sizes = true;
  PluginPair pair(TEST_PLUGIN_UNPACK);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  for (const size_t bytes : {size_t{0}, size_t{5}, size_t{65536}, kLong}) {
    const Status status = pair.carry(random_bytes(bytes, 2));
    ASSERT_TRUE(status.ok()) << bytes << ": " << status.text();
  }
  const Status status = carry(pair, On::kGpu, On::kGpu, kLong);
  EXPECT_TRUE(status.ok()) << status.text();
}

TEST_F(CudaUnpackDevice, MessagesAreConsumedWhenTheirKernelHasCompleted) {
  if (!testing::gpus_are_fake()) GTEST_SKIP() << "only the fake driver's kernels come late on call";
  PluginPair pair(TEST_PLUGIN_UNPACK);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  Buffer source(On::kHost, kLong);
  Buffer target(On::kGpu, kLong);
  source.write(random_bytes(kLong, 5));
  ASSERT_TRUE(target.enroll(*pair.right).ok());
  const int consumed = faults->consumed;
  setenv("FAKE_CUDA_COPY_MICROS", "1000000", 1);  // for the frame that announces the message
  Request* receive = nullptr;
  ASSERT_TRUE(pair.right->irecv(target.data(), kLong, target.memory, &receive).ok());
  must_send(*pair.left, source.data(), kLong);
  EXPECT_EQ(HAWSER_TIMEOUT, pair.drive([] { return false; }, 50 * kMillisecond).code());
  EXPECT_EQ(consumed, faults->consumed);
  size_t bytes = 0;
  const Status status = pair.drive([&] { return pair.right->test(receive, &bytes); });
  ASSERT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(consumed + 2, faults->consumed);
  EXPECT_TRUE(source.read() == target.read());
}

TEST_F(CudaUnpackDevice, AQueueThatIsDamagedBreaksTheLane) {
  PluginPair pair(TEST_PLUGIN_UNPACK);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  faults->garbles = true;
  const Status status = carry(pair, On::kHost, On::kGpu, kLong);
  EXPECT_EQ(HAWSER_LANE_LOST, status.code());
  EXPECT_THAT(status.text(), HasSubstr("queue of fragments is damaged"));
}

TEST_F(CudaUnpackDevice, FragmentsInTheHostsMemoryAreNotForAGpu) {
  faults->bounces_on_gpu = false;
  PluginPair pair(TEST_PLUGIN_UNPACK);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  Buffer buffer(On::kGpu, kLong);
  const Status status = buffer.enroll(*pair.right);
  EXPECT_EQ(HAWSER_UNSUPPORTED, status.code());
  EXPECT_THAT(status.text(), HasSubstr("fragments in the host's memory"));
  const Status carried = carry(pair, On::kHost, On::kHost, kLong);
  EXPECT_TRUE(carried.ok()) << carried.text();
}

}  // namespace
}  // namespace hawser
