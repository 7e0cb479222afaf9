// The executors of a GPU against the plain loop: with the fake driver, and with the machine's.
#include <gmock/gmock.h>

#include "mem/cuda_driver.h"
#include "tests/gpus.h"
#include "unpack_cases.h"

namespace hawser {
namespace {

using cuda::Gpu;
using testing::all_alignments;
using testing::all_lengths;
using testing::batch_of;
using testing::below;
using testing::Bytes;
using testing::Descriptor;
using ::testing::HasSubstr;
using testing::oracle;
using testing::random_bytes;
using testing::scattered;

constexpr Nanos kPatience = 60 * kSecond;
constexpr size_t kRoom = 16 << 20;

struct CudaUnpack : public ::testing::TestWithParam<hawser_unpack_executor> {
  void SetUp() override {
    std::string why;
    if (testing::gpus(&why) == 0) GTEST_SKIP() << why;
    ASSERT_TRUE(Gpu::get(0, &gpu).ok());
    ASSERT_TRUE(gpu->allocate(kRoom, &source_on_gpu).ok());
    ASSERT_TRUE(gpu->allocate(kRoom, &destination_on_gpu).ok());
    const Status opened = Unpacker::open(GetParam(), 0, 0, &unpacker);
    ASSERT_TRUE(opened.ok()) << opened.text();
  }
  void TearDown() override {
    unpacker.reset();
    if (source_on_gpu != nullptr) gpu->free(source_on_gpu);
    if (destination_on_gpu != nullptr) gpu->free(destination_on_gpu);
  }

  // Compares with the oracle over a destination that was random before.
  void expect_right(const std::vector<Descriptor>& descriptors, const Bytes& source, uint64_t destination_bytes) {
    ASSERT_LE(destination_bytes, kRoom);
    Bytes expected = random_bytes(destination_bytes, 3);
    ASSERT_TRUE(gpu->copy(source_on_gpu, source.data(), source.size()).ok());
    ASSERT_TRUE(gpu->copy(destination_on_gpu, expected.data(), expected.size()).ok());
    oracle(descriptors, source.data(), expected.data());
    uint64_t ticket = 0;
    const Status status =
        unpacker->start(batch_of(descriptors, source_on_gpu, source.size(), destination_on_gpu, destination_bytes),
                        now() + kPatience, &ticket);
    ASSERT_TRUE(status.ok()) << status.text();
    ASSERT_TRUE(unpacker->wait(ticket, now() + kPatience).ok());
    EXPECT_TRUE(fetch(destination_on_gpu, destination_bytes) == expected);
  }
  Bytes fetch(const void* from, size_t bytes) {
    Bytes found(bytes);
    EXPECT_TRUE(gpu->copy(found.data(), from, bytes).ok());
    return found;
  }
  Status start(const std::vector<Descriptor>& descriptors, const void* source, uint64_t source_bytes, void* destination,
               uint64_t destination_bytes) {
    uint64_t ticket = 0;
    return unpacker->start(batch_of(descriptors, source, source_bytes, destination, destination_bytes),
                           now() + kPatience, &ticket);
  }

  Gpu* gpu = nullptr;
  void* source_on_gpu = nullptr;
  void* destination_on_gpu = nullptr;
  std::unique_ptr<Unpacker> unpacker;
};

INSTANTIATE_TEST_SUITE_P(Executors, CudaUnpack, ::testing::Values(HAWSER_UNPACK_COPY, HAWSER_UNPACK_KERNEL),
                         [](const auto& it) { return it.param == HAWSER_UNPACK_COPY ? "copy" : "kernel"; });

TEST_P(CudaUnpack, DoesAllLengths) {
  const Bytes source = random_bytes(20000, 1);
  uint32_t seed = 0;
  for (const std::vector<uint32_t>& lengths : all_lengths()) {
    uint64_t bytes = 0;
    const std::vector<Descriptor> descriptors = scattered(lengths, 20000, ++seed, &bytes);
    expect_right(descriptors, source, bytes);
  }
}

TEST_P(CudaUnpack, DoesAllAlignments) {
  for (const uint32_t length : {1u, 15u, 16u, 17u, 255u, 1500u, 4097u, 9000u}) {
    const std::vector<Descriptor> descriptors = all_alignments(length);
    expect_right(descriptors, random_bytes(length + 16, length), descriptors.back().dst_off + length + 16);
  }
}

TEST_P(CudaUnpack, DoesLongFragmentsAmongShortOnes) {
  std::mt19937 random(11);
  std::vector<uint32_t> lengths;
  for (int i = 0; i < 3; ++i) lengths.push_back((3 << 20) + below(random, 1 << 20));
  for (int i = 0; i < 300; ++i) lengths.push_back(below(random, 3000));
  uint64_t bytes = 0;
  const std::vector<Descriptor> descriptors = scattered(lengths, 5 << 20, 1, &bytes);
  expect_right(descriptors, random_bytes(5 << 20, 2), bytes);
}

// More than may be under way, each with a destination of its own.
TEST_P(CudaUnpack, KeepsManyBatchesUnderWay) {
  constexpr uint32_t kBatches = 3 * HAWSER_UNPACK_WINDOW;
  constexpr uint64_t kBytes = 10000;
  const Bytes source = random_bytes(kRoom, 4);
  Bytes expected(kBatches * kBytes);
  ASSERT_TRUE(gpu->copy(source_on_gpu, source.data(), source.size()).ok());
  uint64_t ticket = 0;
  for (uint32_t i = 0; i < kBatches; ++i) {
    const std::vector<Descriptor> descriptors = {{i * 17, 3000, 1}, {i * 19, 5000 + i, 4000}};
    oracle(descriptors, source.data(), expected.data() + i * kBytes);
    const Status status =
        unpacker->start(batch_of(descriptors, source_on_gpu, kRoom,
                                 static_cast<unsigned char*>(destination_on_gpu) + i * kBytes, kBytes),
                        now() + kPatience, &ticket);
    ASSERT_TRUE(status.ok()) << status.text();
    ASSERT_EQ(ticket, i + 1);
  }
  bool done = false;
  ASSERT_TRUE(unpacker->completed(kBatches - HAWSER_UNPACK_WINDOW, &done).ok());
  EXPECT_TRUE(done) << "the last batches needed the slots of these";
  ASSERT_TRUE(unpacker->wait(ticket, now() + kPatience).ok());
  EXPECT_TRUE(fetch(destination_on_gpu, expected.size()) == expected);
}

TEST_P(CudaUnpack, TakesPinnedMemoryOfTheHost) {
  constexpr size_t kBytes = 100000;
  void* pinned = nullptr;
  CUdeviceptr on_device = 0;
  ASSERT_TRUE(gpu->allocate_pinned(kBytes, &pinned, &on_device).ok());
  const Bytes source = random_bytes(kBytes, 5);
  std::memcpy(pinned, source.data(), kBytes);
  const std::vector<Descriptor> descriptors = {{1, 50000, 3}, {7, 1234, 60001}};
  Bytes expected(kBytes);
  oracle(descriptors, source.data(), expected.data());
  uint64_t ticket = 0;
  const Status status =
      unpacker->start(batch_of(descriptors, pinned, kBytes, destination_on_gpu, kBytes), now() + kPatience, &ticket);
  ASSERT_TRUE(status.ok()) << status.text();
  ASSERT_TRUE(unpacker->wait(ticket, now() + kPatience).ok());
  EXPECT_TRUE(fetch(destination_on_gpu, kBytes) == expected);
  gpu->free_pinned(pinned);
}

TEST_P(CudaUnpack, RefusesMemoryThatTheGpuDoesNotSee) {
  Bytes here(100);
  const Status status = start({{0, 1, 0}}, here.data(), 100, destination_on_gpu, 100);
  EXPECT_EQ(status.code(), HAWSER_INVALID_ARGUMENT);
  EXPECT_THAT(status.text(), HasSubstr("source lies in memory that GPU 0 does not see: pin it"));
}

TEST_P(CudaUnpack, RefusesWhatEndsBehindItsAllocation) {
  const Status status = start({}, nullptr, 0, destination_on_gpu, kRoom + 1);
  EXPECT_EQ(status.code(), HAWSER_INVALID_ARGUMENT);
  EXPECT_THAT(status.text(), HasSubstr("destination ends behind its allocation"));
}

TEST_P(CudaUnpack, WritesNothingOfARefusedBatch) {
  EXPECT_EQ(start({{0, 50, 0}, {0, 50, 50}, {0, 1, 99}}, source_on_gpu, 100, destination_on_gpu, 100).code(),
            HAWSER_INVALID_ARGUMENT);
  EXPECT_EQ(start(std::vector<Descriptor>(HAWSER_UNPACK_MAX + 1), source_on_gpu, 100, destination_on_gpu, 100).code(),
            HAWSER_INVALID_ARGUMENT);
  EXPECT_EQ(fetch(destination_on_gpu, 100), Bytes(100));
}

TEST_P(CudaUnpack, TakesNothingToo) {
  uint64_t ticket = 0;
  ASSERT_TRUE(unpacker->start(batch_of({}, nullptr, 0, nullptr, 0), now(), &ticket).ok());
  EXPECT_TRUE(unpacker->wait(ticket, now() + kPatience).ok());
}

TEST_P(CudaUnpack, CopiesPlainlyToo) {
  const Bytes source = random_bytes(1 << 20, 6);
  ASSERT_TRUE(gpu->copy(source_on_gpu, source.data(), source.size()).ok());
  uint64_t ticket = 0;
  ASSERT_TRUE(unpacker->plain_copy(destination_on_gpu, source_on_gpu, source.size(), now(), &ticket).ok());
  ASSERT_TRUE(unpacker->wait(ticket, now() + kPatience).ok());
  EXPECT_TRUE(fetch(destination_on_gpu, source.size()) == source);
}

}  // namespace
}  // namespace hawser
