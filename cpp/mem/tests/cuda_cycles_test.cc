// Memory of GPUs and unpackers on them, made and freed a thousand times by the C ABI.
#include <unistd.h>

#include "tests/cycles.h"
#include "tests/gpus.h"
#include "unpack_cases.h"

namespace hawser::testing {
namespace {

class CudaCycles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string why;
    if (gpus(&why) == 0) GTEST_SKIP() << why;
  }
};

TEST_F(CudaCycles, Memory) {
  constexpr uint64_t kBytes = 64 << 10;
  expect_flat_over_cycles([] {
    void* device = nullptr;
    void* pinned = nullptr;
    hawser_error error{};
    ASSERT_EQ(HAWSER_OK, hawser_cuda_allocate(0, kBytes, &device, &error)) << error.text;
    ASSERT_EQ(HAWSER_OK, hawser_pinned_allocate(kBytes, &pinned, &error)) << error.text;
    EXPECT_EQ(HAWSER_OK, hawser_cuda_copy(0, device, pinned, kBytes, &error)) << error.text;
    int32_t fd = -1;
    uint64_t offset = 0;
    const int32_t code = hawser_cuda_export_dmabuf(device, kBytes, &fd, &offset, &error);
    EXPECT_TRUE(code == HAWSER_OK || code == HAWSER_UNSUPPORTED) << error.text;
    if (code == HAWSER_OK) close(fd);
    hawser_pinned_free(pinned);
    hawser_cuda_free(device);
  });
}

TEST_F(CudaCycles, Unpackers) {
  expect_flat_over_cycles([] {
    for (const uint32_t executor : {HAWSER_UNPACK_COPY, HAWSER_UNPACK_KERNEL}) {
      hawser_unpacker* unpacker = nullptr;
      hawser_error error{};
      ASSERT_EQ(HAWSER_OK, hawser_unpacker_open(executor, 0, 0, &unpacker, &error)) << error.text;
      hawser_unpacker_close(unpacker);
    }
  });
}

}  // namespace
}  // namespace hawser::testing
