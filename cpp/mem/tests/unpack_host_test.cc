#include <gmock/gmock.h>

#include <thread>

#include "unpack_cases.h"

namespace hawser {
namespace {

using testing::all_alignments;
using testing::all_lengths;
using testing::batch_of;
using testing::below;
using testing::Bytes;
using testing::Descriptor;
using testing::oracle;
using testing::random_bytes;
using testing::scattered;

constexpr Nanos kPatience = 60 * kSecond;

// As many threads as the parameter says.
struct UnpackHost : public ::testing::TestWithParam<uint32_t> {
  void SetUp() override { ASSERT_TRUE(Unpacker::open(HAWSER_UNPACK_HOST, -1, GetParam(), &unpacker).ok()); }

  // Compares with the oracle over a destination that was random before.
  void expect_right(const std::vector<Descriptor>& descriptors, const Bytes& source, uint64_t destination_bytes) {
    Bytes found = random_bytes(destination_bytes, 3);
    Bytes expected = found;
    oracle(descriptors, source.data(), expected.data());
    uint64_t ticket = 0;
    const Status status = unpacker->start(
        batch_of(descriptors, source.data(), source.size(), found.data(), found.size()), now() + kPatience, &ticket);
    ASSERT_TRUE(status.ok()) << status.text();
    bool done = false;
    ASSERT_TRUE(unpacker->completed(ticket, &done).ok());
    EXPECT_TRUE(done);
    EXPECT_TRUE(found == expected);
  }

  std::unique_ptr<Unpacker> unpacker;
};

INSTANTIATE_TEST_SUITE_P(Threads, UnpackHost, ::testing::Values(1u, 2u, 5u));

TEST_P(UnpackHost, DoesAllLengths) {
  const Bytes source = random_bytes(20000, 1);
  uint32_t seed = 0;
  for (const std::vector<uint32_t>& lengths : all_lengths()) {
    uint64_t bytes = 0;
    const std::vector<Descriptor> descriptors = scattered(lengths, 20000, ++seed, &bytes);
    expect_right(descriptors, source, bytes);
  }
}

TEST_P(UnpackHost, DoesAllAlignments) {
  for (const uint32_t length : {1u, 15u, 16u, 17u, 63u, 64u, 255u, 256u, 1500u, 4096u, 4097u, 9000u}) {
    const std::vector<Descriptor> descriptors = all_alignments(length);
    expect_right(descriptors, random_bytes(length + 16, length), descriptors.back().dst_off + length + 16);
  }
}

TEST_P(UnpackHost, DoesLongFragmentsAmongShortOnes) {
  std::mt19937 random(11);
  const Bytes source = random_bytes(3 << 20, 2);
  for (int round = 0; round < 5; ++round) {
    std::vector<uint32_t> lengths;
    for (int i = 0; i < 3; ++i) lengths.push_back((1 << 20) + below(random, 1 << 20));
    for (int i = 0; i < 500; ++i) lengths.push_back(below(random, 3000));
    uint64_t bytes = 0;
    const std::vector<Descriptor> descriptors = scattered(lengths, 3 << 20, static_cast<uint32_t>(round), &bytes);
    expect_right(descriptors, source, bytes);
  }
}

TEST_P(UnpackHost, DoesManyBatchesOneAfterTheOther) {
  const Bytes source = random_bytes(1 << 20, 4);
  Bytes destination(1 << 20);
  std::vector<Descriptor> descriptors;
  for (uint32_t i = 0; i < 256; ++i) descriptors.push_back({i * 4096, 4096, uint64_t{255 - i} * 4096});
  uint64_t before = 0;
  for (int round = 0; round < 300; ++round) {
    descriptors[static_cast<size_t>(round % 256)].len = static_cast<uint32_t>(round);
    std::fill(destination.begin(), destination.end(), static_cast<unsigned char>(round));
    Bytes expected = destination;
    oracle(descriptors, source.data(), expected.data());
    uint64_t ticket = 0;
    ASSERT_TRUE(unpacker
                    ->start(batch_of(descriptors, source.data(), source.size(), destination.data(), destination.size()),
                            now() + kPatience, &ticket)
                    .ok());
    EXPECT_GT(ticket, before);
    before = ticket;
    ASSERT_TRUE(destination == expected) << "round " << round;
  }
}

TEST_P(UnpackHost, WritesNothingOfARefusedBatch) {
  const Bytes source = random_bytes(100, 5);
  Bytes destination(100);
  uint64_t ticket = 0;
  const std::vector<Descriptor> bad = {{0, 50, 0}, {0, 50, 50}, {0, 1, 99}};
  EXPECT_EQ(unpacker->start(batch_of(bad, source.data(), 100, destination.data(), 100), now(), &ticket).code(),
            HAWSER_INVALID_ARGUMENT);
  EXPECT_EQ(destination, Bytes(100));
}

TEST_P(UnpackHost, CopiesPlainlyToo) {
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{1000}, size_t{1} << 20, (size_t{3} << 20) + 7}) {
    const Bytes source = random_bytes(bytes, 6);
    Bytes destination(bytes);
    uint64_t ticket = 0;
    ASSERT_TRUE(unpacker->plain_copy(destination.data(), source.data(), bytes, now(), &ticket).ok());
    ASSERT_TRUE(unpacker->wait(ticket, now()).ok());
    EXPECT_TRUE(destination == source);
  }
}

TEST(UnpackOpen, NamesWhatThereIsNot) {
  std::unique_ptr<Unpacker> none;
  const Status status = Unpacker::open(3, 0, 0, &none);
  EXPECT_EQ(status.code(), HAWSER_INVALID_ARGUMENT);
  EXPECT_THAT(status.text(), ::testing::HasSubstr("no executor 3"));
}

// An event stays incomplete for as long as its batch does, and tells of its failure.
struct Slow : Unpacker {
  Status plain_copy(void*, const void*, uint64_t, Nanos, uint64_t*) override { return {}; }
  Status execute(const hawser_unpack_batch&, Nanos, uint64_t*) override { return {}; }
  Status completed(uint64_t ticket, bool* out) override {
    *out = ticket <= reached;
    return failed;
  }
  uint64_t reached = 0;
  Status failed;
};

TEST(UnpackEvent, FreesASlotWhenItsBatchHasEnded) {
  Slow slow;
  UnpackEvent event;
  event.watch(&slow, 2);
  slow.reached = 1;
  EXPECT_FALSE(event.completed());
  EXPECT_EQ(slow.wait(2, now() + kMillisecond).code(), HAWSER_TIMEOUT);
  slow.reached = 2;
  EXPECT_TRUE(event.completed());
  EXPECT_TRUE(event.status().ok());
  event.watch(&slow, 3);
  slow.failed = Status(HAWSER_IO, "broken");
  EXPECT_TRUE(event.completed());
  EXPECT_EQ(event.status().code(), HAWSER_IO);
}

}  // namespace
}  // namespace hawser
