#include "mem/cuda_driver.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <cstring>
#include <map>

#include "mem/cuda_images.h"
#include "tests/gpus.h"

namespace hawser::cuda {
namespace {

using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::UnorderedElementsAre;

struct Setting {
  Setting(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Setting() { unsetenv(name_); }
  const char* name_;
};

TEST(CudaDriver, SaysWhenThereIsNone) {
  Driver driver;
  const Status status = Driver::load("libcuda-that-is-not-there.so.1", &driver);
  EXPECT_EQ(status.code(), HAWSER_UNSUPPORTED);
  EXPECT_THAT(status.text(), HasSubstr("libcuda-that-is-not-there.so.1"));
}

TEST(CudaDriver, NamesWhatAnOldOneLacks) {
  Driver driver;
  const Status status = Driver::load(FAKE_CUDA_OLD, &driver);
  EXPECT_EQ(status.code(), HAWSER_UNSUPPORTED);
  EXPECT_THAT(status.text(), HasSubstr("lacks cuLibraryLoadData"));
}

TEST(CudaDriver, FindsTheNewerVersionsOfFunctions) {
  Driver driver;
  const Status status = Driver::load(FAKE_CUDA, &driver);
  ASSERT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(driver.devices(), 2);
  EXPECT_EQ(driver.version(), 13000);
}

TEST(CudaDriver, SaysWhyItDoesNotStart) {
  const Setting setting("FAKE_CUDA_INIT", "100");
  Driver driver;
  const Status status = Driver::load(FAKE_CUDA, &driver);
  EXPECT_EQ(status.code(), HAWSER_UNSUPPORTED);
  EXPECT_THAT(status.text(), HasSubstr("CUDA_ERROR_NO_DEVICE"));
  EXPECT_THAT(status.text(), HasSubstr("CUDA_VISIBLE_DEVICES"));
}

TEST(CudaDriver, SaysThatItIsTooOld) {
  const Setting setting("FAKE_CUDA_VERSION", "11080");
  Driver driver;
  const Status status = Driver::load(FAKE_CUDA, &driver);
  EXPECT_EQ(status.code(), HAWSER_UNSUPPORTED);
  EXPECT_THAT(status.text(), HasSubstr("11.8"));
}

template <typename Number>
Number number_at(const unsigned char* at) {
  Number number{};
  std::memcpy(&number, at, sizeof(number));
  return number;
}

// The parts of a fatbin: machine code (kind 2) or PTX (1), and for which architecture.
std::map<std::pair<int, int>, size_t> parts_of(const Image& image) {
  constexpr uint32_t kMagic = 0xba55ed50;
  std::map<std::pair<int, int>, size_t> parts;
  EXPECT_EQ(number_at<uint32_t>(image.data), kMagic);
  const size_t end = number_at<uint16_t>(image.data + 6) + number_at<uint64_t>(image.data + 8);
  EXPECT_EQ(end, image.bytes);
  for (size_t at = number_at<uint16_t>(image.data + 6); at < end;) {
    const unsigned char* part = image.data + at;
    const auto bytes = number_at<uint64_t>(part + 8);
    parts[{number_at<uint16_t>(part), static_cast<int>(number_at<uint32_t>(part + 28))}] = bytes;
    at += number_at<uint32_t>(part + 4) + bytes;
  }
  return parts;
}

TEST(CudaImages, AreForAllArchitectures) {
  constexpr int kPtx = 1;
  constexpr int kElf = 2;
  const Image* image = images();
  ASSERT_NE(image->data, nullptr);
  for (; image->data != nullptr; ++image) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(image->data) % 16, 0u);
    EXPECT_THAT(parts_of(*image), UnorderedElementsAre(Key(std::pair(kElf, 80)), Key(std::pair(kElf, 90)),
                                                       Key(std::pair(kElf, 100)), Key(std::pair(kPtx, 80))))
        << image->kernels;
  }
}

// The machine's driver, or the fake one where the test is run with it.
struct OnAGpu : public ::testing::Test {
  void SetUp() override {
    std::string why;
    if (testing::gpus(&why) == 0) GTEST_SKIP() << why;
    ASSERT_TRUE(Gpu::get(0, &gpu).ok());
  }
  Gpu* gpu = nullptr;
};

TEST_F(OnAGpu, GivesZeroedMemoryAndTakesItBack) {
  constexpr size_t kBytes = 1 << 20;
  void* memory = nullptr;
  ASSERT_TRUE(gpu->allocate(kBytes, &memory).ok());
  std::vector<unsigned char> here(kBytes, 1);
  ASSERT_TRUE(gpu->copy(here.data(), memory, kBytes).ok());
  EXPECT_EQ(here, std::vector<unsigned char>(kBytes, 0));
  Gpu* owner = nullptr;
  ASSERT_TRUE(Gpu::of(memory, &owner).ok());
  EXPECT_EQ(owner, gpu);
  gpu->free(memory);
}

TEST_F(OnAGpu, LoadsTheKernels) {
  CUfunction kernel = nullptr;
  const Status status = gpu->kernel("hawser_bidir_put", &kernel);
  EXPECT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(gpu->kernel("unheard_of", &kernel).code(), HAWSER_INTERNAL);
}

TEST_F(OnAGpu, NamesAGpuThatIsNotThere) {
  Gpu* none = nullptr;
  const Status status = Gpu::get(63, &none);
  EXPECT_EQ(status.code(), HAWSER_INVALID_ARGUMENT);
  EXPECT_THAT(status.text(), HasSubstr("GPU 63"));
  EXPECT_FALSE(Gpu::of(&none, &none).ok());
}

}  // namespace
}  // namespace hawser::cuda
