// The message layer of the transport Tcp, over engines and real lanes: what lands, in which order, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "port/tcp/stream.h"
#include "port/tests/tcp_side.h"

namespace hawser::port::testing {
namespace {

using ::testing::HasSubstr;

TEST(TcpStream, PutsOfAllSizesLandBeforeTheirSignal) {
  TcpSides sides;
  const auto from = random_bytes(4'000'000, 1);
  uint64_t value = 0;
  for (const uint64_t bytes : {uint64_t{0}, uint64_t{1}, uint64_t{8}, uint64_t{4095}, tcp::kSmallPut,
                               tcp::kSmallPut + 1, uint64_t{65536}, uint64_t{65537}, uint64_t{3'000'001}}) {
    const uint64_t offset = 3 * value + 1;
    std::fill_n(sides.b.data.begin(), offset + bytes + 1, 0);
    sides.a.put(sides.b, offset, from.data() + offset, bytes);
    sides.a.signal(sides.b, ++value);
    ASSERT_TRUE(eventually([&] { return load_word(sides.b.board[0]) == value; })) << sides.b.why().text();
    EXPECT_EQ(0, std::memcmp(from.data() + offset, sides.b.data.data() + offset, bytes)) << bytes;
    EXPECT_EQ(0, sides.b.data[offset - 1]);
    EXPECT_EQ(0, sides.b.data[offset + bytes]);
  }
}

// Random sizes from 0 to 8 MiB, both ways at once. Whoever sees the signal looks at every byte at once, while the next
// puts are under way.
void hammer(TcpSide& from, TcpSide& to, uint64_t seed, int puts) {
  constexpr size_t kSlots = 3;
  constexpr size_t kSlotBytes = 8u << 20;
  std::vector<unsigned char> sources[kSlots];
  std::mt19937_64 random(seed);
  std::vector<uint64_t> sizes;
  for (int i = 0; i < puts; ++i) {
    const uint64_t limit = uint64_t{1} << (random() % 24);
    sizes.push_back(std::min<uint64_t>(random() % (limit + 1), kSlotBytes));
  }
  std::atomic<uint64_t> seen{0};
  std::thread reader([&] {
    for (uint64_t i = 0; i < sizes.size(); ++i) {
      ASSERT_TRUE(eventually([&] { return load_word(to.board[0]) > i; })) << to.why().text();
      const std::vector<unsigned char> expected(sizes[i], static_cast<unsigned char>(i + 1));
      ASSERT_TRUE(expected.empty() ||
                  std::memcmp(to.data.data() + i % kSlots * kSlotBytes, expected.data(), expected.size()) == 0)
          << "put " << i << " of " << sizes[i] << " bytes was seen before it was whole";
      seen = i + 1;
    }
  });
  for (uint64_t i = 0; i < sizes.size(); ++i) {
    // The place was read there, and the source is this side's again.
    ASSERT_TRUE(eventually([&] { return seen + kSlots > i && from.fenced + kSlots > i; }));
    auto& source = sources[i % kSlots];
    source.assign(sizes[i], static_cast<unsigned char>(i + 1));
    from.put(to, i % kSlots * kSlotBytes, source.data(), sizes[i]);
    from.signal(to, i + 1);
    from.fence(i + 1);
  }
  EXPECT_TRUE(eventually([&] { return from.fenced == sizes.size(); }));
  reader.join();
}

TEST(TcpStream, ASignalIsNeverSeenBeforeTheBytesItFollows) {
  TcpSides sides;
  std::thread back([&] { hammer(sides.b, sides.a, 11, 120); });
  hammer(sides.a, sides.b, 12, 120);
  back.join();
}

TEST(TcpStream, OfTwoPutsToOnePlaceTheLaterStays) {
  TcpSides sides;
  const std::vector<unsigned char> first(8u << 20, 1);
  const std::vector<unsigned char> second(5u << 20, 2);
  const std::vector<unsigned char> third(100, 3);
  for (uint64_t round = 1; round <= 5; ++round) {
    sides.a.put(sides.b, 0, first.data(), first.size());
    sides.a.put(sides.b, 1u << 20, second.data(), second.size());
    sides.a.put(sides.b, 2u << 20, third.data(), third.size());
    sides.a.signal(sides.b, round);
    ASSERT_TRUE(eventually([&] { return load_word(sides.b.board[0]) == round; })) << sides.b.why().text();
    EXPECT_EQ(1, sides.b.data[(1u << 20) - 1]);
    EXPECT_EQ(2, sides.b.data[1u << 20]);
    EXPECT_EQ(3, sides.b.data[2u << 20]);
    EXPECT_EQ(3, sides.b.data[(2u << 20) + 99]);
    EXPECT_EQ(2, sides.b.data[(2u << 20) + 100]);
    EXPECT_EQ(1, sides.b.data[6u << 20]);
  }
}

TEST(TcpStream, AFenceIsAnsweredWhenAllBeforeItHasLanded) {
  TcpSides sides;
  for (uint64_t mark = 1; mark <= 20; ++mark) {
    const std::vector<unsigned char> from(mark * 100'000, static_cast<unsigned char>(mark));
    sides.a.put(sides.b, 0, from.data(), from.size());
    sides.a.fence(mark);
    ASSERT_TRUE(eventually([&] { return sides.a.fenced == mark; }));
    EXPECT_TRUE(std::equal(from.begin(), from.end(), sides.b.data.begin()));
  }
}

TEST(TcpStream, WhoFindsNoRoomIsToldWhenThereIsSome) {
  TcpSides sides;
  const std::vector<unsigned char> from(4u << 20, 9);
  tcp::Record record = TcpSide::to(sides.b.data_key, kMemory, 0);
  record.bytes = from.size();
  int taken = 0;
  while (taken < 1000 && sides.a.stream->outbound().put(record, from.data())) ++taken;
  ASSERT_LT(taken, 1000);
  sides.a.stream->outbound().flush();
  EXPECT_TRUE(eventually([&] { return sides.a.rooms > 0; }));
  EXPECT_TRUE(eventually([&] { return sides.a.stream->outbound().put(record, from.data()); }));
  sides.a.fence(1);
  EXPECT_TRUE(eventually([&] { return sides.a.fenced == 1; }));
}

// What a peer may not do: its text names the memory, its owner and what it came from.
struct Refusal {
  std::string name;
  std::string text;
  std::function<tcp::Record(const TcpSide& to)> record;
};

class TcpRefusal : public ::testing::TestWithParam<Refusal> {};

TEST_P(TcpRefusal, EndsTheStreamAndChangesNothing) {
  TcpSides sides;
  store_word(sides.b.board[1], 2);
  const std::vector<unsigned char> from(64, 1);
  tcp::Record record = GetParam().record(sides.b);
  if (record.kind == tcp::Kind::kSignal) {
    sides.a.say(record);
  } else {
    record.value = 5;
    ASSERT_TRUE(sides.a.stream->outbound().put(record, from.data()));
    sides.a.stream->outbound().flush();
  }
  ASSERT_TRUE(eventually([&] { return sides.b.broken.load(); }));
  EXPECT_THAT(sides.b.why().text(), HasSubstr(GetParam().text));
  EXPECT_THAT(sides.b.why().text(), HasSubstr("of memory " + std::to_string(record.memory) + " of rank 1"));
  EXPECT_EQ(kMemoryBytes, static_cast<size_t>(std::count(sides.b.data.begin(), sides.b.data.end(), 0)));
  EXPECT_EQ(2u, load_word(sides.b.board[1]));
}

tcp::Record put_to(uint64_t key, uint64_t memory, uint64_t offset, uint64_t bytes) {
  tcp::Record record = TcpSide::to(key, memory, offset);
  record.bytes = bytes;
  return record;
}

tcp::Record signal_to(const TcpSide& side, uint64_t offset, uint64_t value) {
  tcp::Record record = TcpSide::to(side.board_key, kBoard, offset);
  record.kind = tcp::Kind::kSignal;
  record.value = value;
  return record;
}

const Refusal kRefusals[] = {
    {"UnknownMemory", "from memory 5 of rank 0", [](const TcpSide& to) { return put_to(to.data_key, 99, 0, 8); }},
    {"KeyOfAnother", "not told", [](const TcpSide& to) { return put_to(to.board_key, kMemory, 0, 8); }},
    {"PastTheEnd", "that memory has",
     [](const TcpSide& to) { return put_to(to.data_key, kMemory, kMemoryBytes - 7, 8); }},
    {"LargePastTheEnd", "that memory has",
     [](const TcpSide& to) { return put_to(to.data_key, kMemory, 1, kMemoryBytes); }},
    {"OffsetPastTheEnd", "that memory has",
     [](const TcpSide& to) { return put_to(to.data_key, kMemory, kMemoryBytes + 1, 0); }},
    {"SumThatOverflows", "that memory has",
     [](const TcpSide& to) { return put_to(to.data_key, kMemory, ~uint64_t{0} - 3, 8); }},
    {"SignalBetweenWords", "a signal of rank 0", [](const TcpSide& to) { return signal_to(to, 4, 9); }},
    {"SignalPastTheEnd", "a signal of rank 0",
     [](const TcpSide& to) { return signal_to(to, sizeof(to.board) - 8, 9); }},
    {"SignalThatShrinks", "next value", [](const TcpSide& to) { return signal_to(to, sizeof(hawser_port_word), 1); }},
};
INSTANTIATE_TEST_SUITE_P(, TcpRefusal, ::testing::ValuesIn(kRefusals),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace hawser::port::testing
