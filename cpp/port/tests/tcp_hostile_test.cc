// The message layer of the transport Tcp against a peer that breaks its rules, goes away, or is overtaken by the end
// of a memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "port/tests/tcp_side.h"

namespace hawser::port::testing {
namespace {

using hawser::testing::Party;
using ::testing::HasSubstr;

// A stream whose peer is a bare link, driven by the test.
struct Hostile {
  Hostile() : peer(test_config()) {
    std::unique_ptr<Link> here;
    connect_engines(peer.engine, side.engine, &peer.link, &here);
    peer.attach();
    side.open(std::move(here), "rank 0");
  }
  uint64_t send(uint64_t tag, const void* data, uint64_t bytes) { return peer.driver->send(peer.id, tag, data, bytes); }
  uint64_t send(const std::vector<unsigned char>& message) {
    return send(tcp::kRecordTag, message.data(), message.size());
  }
  bool ends_it() {
    return peer.drive_until([&] { return side.broken.load(); });
  }
  // The records as a message, cut or extended to `bytes`.
  std::vector<unsigned char> message(std::initializer_list<tcp::Record> records, size_t bytes) {
    std::vector<unsigned char> out(records.size() * sizeof(tcp::Record));
    std::memcpy(out.data(), std::data(records), out.size());
    out.resize(bytes);
    return out;
  }
  tcp::Record put(tcp::Kind kind, uint64_t offset, uint64_t bytes) {
    tcp::Record record = TcpSide::to(side.data_key, kMemory, offset);
    record.kind = kind;
    record.bytes = bytes;
    return record;
  }

  TcpSide side{"rank 1"};
  Party peer;
};

struct Breach {
  std::string name;
  std::string text;
  std::function<std::vector<unsigned char>(Hostile&)> message;
};

class TcpBreach : public ::testing::TestWithParam<Breach> {};

TEST_P(TcpBreach, EndsTheStream) {
  Hostile hostile;
  const auto message = GetParam().message(hostile);
  hostile.send(message);
  ASSERT_TRUE(hostile.ends_it());
  EXPECT_THAT(hostile.side.why().text(), HasSubstr("rank 0"));
  EXPECT_THAT(hostile.side.why().text(), HasSubstr(GetParam().text));
  EXPECT_EQ(kMemoryBytes, static_cast<size_t>(std::count(hostile.side.data.begin(), hostile.side.data.end(), 0)));
}

tcp::Record of_kind(uint32_t kind, uint64_t value) {
  tcp::Record record{};
  record.kind = static_cast<tcp::Kind>(kind);
  record.value = value;
  return record;
}

const Breach kBreaches[] = {
    {"UnknownKind", "no known kind", [](Hostile& it) { return it.message({of_kind(77, 0)}, sizeof(tcp::Record)); }},
    {"PartOfARecord", "part of a record",
     [](Hostile& it) { return it.message({of_kind(3, 0)}, sizeof(tcp::Record) - 8); }},
    {"EmptyMessage", "empty message", [](Hostile&) { return std::vector<unsigned char>(); }},
    {"PutWithoutItsBytes", "without its bytes",
     [](Hostile& it) { return it.message({it.put(tcp::Kind::kPut, 0, 64)}, sizeof(tcp::Record) + 56); }},
    {"SmallPutTooLarge", "without its bytes",
     [](Hostile& it) { return it.message({it.put(tcp::Kind::kPut, 0, ~uint64_t{0})}, sizeof(tcp::Record) + 64); }},
    {"FenceNeverAskedFor", "never asked for",
     [](Hostile& it) { return it.message({of_kind(5, 1)}, sizeof(tcp::Record)); }},
    {"MessageTooLong", "none of the Tcp transport's",
     [](Hostile& it) { return it.message({of_kind(4, 1)}, tcp::kMessageBytes + 8); }},
};
INSTANTIATE_TEST_SUITE_P(, TcpBreach, ::testing::ValuesIn(kBreaches), [](const auto& test) { return test.param.name; });

TEST(TcpHostile, PayloadsOfTheWrongLengthEndTheStream) {
  for (const uint64_t bytes : {uint64_t{99'999}, uint64_t{100'001}}) {
    Hostile hostile;
    const std::vector<unsigned char> payload(bytes);
    const auto message = hostile.message({hostile.put(tcp::Kind::kLargePut, 0, 100'000)}, sizeof(tcp::Record));
    hostile.send(message);
    hostile.send(tcp::kPayloadTag, payload.data(), payload.size());
    ASSERT_TRUE(hostile.ends_it());
    EXPECT_THAT(hostile.side.why().text(), HasSubstr("as it had announced it"));
  }
}

TEST(TcpHostile, WhoNeverSendsWhatHeAnnouncedCannotMakeItHoardSignals) {
  Hostile hostile;
  const auto announced = hostile.message({hostile.put(tcp::Kind::kLargePut, 0, 100'000)}, sizeof(tcp::Record));
  hostile.send(announced);
  std::vector<unsigned char> fences;
  const tcp::Record fence = of_kind(4, 1);
  while (fences.size() + sizeof(fence) <= tcp::kMessageBytes) {
    fences.insert(fences.end(), reinterpret_cast<const unsigned char*>(&fence),
                  reinterpret_cast<const unsigned char*>(&fence + 1));
  }
  // Far more than the stream and the lanes' credit take: the rest stays with the sender.
  constexpr int kMessages = 400;
  for (int i = 0; i < kMessages; ++i) hostile.send(fences);
  const auto sent = [&] { return hostile.peer.count(HAWSER_EVENT_SEND_DONE); };
  int before = -1;
  while (std::exchange(before, sent()) != sent()) {
    hostile.peer.drive_until([] { return false; }, 300 * kMillisecond);
  }
  EXPECT_LT(sent(), kMessages);
  EXPECT_FALSE(hostile.side.broken);
}

// False when all had landed before the memory was freed.
bool free_under_a_put() {
  Hostile hostile;
  auto payload = random_bytes(16u << 20, 3);
  const auto message = hostile.message({hostile.put(tcp::Kind::kLargePut, 0, payload.size())}, sizeof(tcp::Record));
  hostile.send(message);
  hostile.send(tcp::kPayloadTag, payload.data(), payload.size());
  // Some of it has arrived.
  const hawser_lane_state& lane = hostile.peer.link->shared()->lane[0];
  EXPECT_TRUE(hostile.peer.drive_until([&] { return lane.acked_chunks != 0; }));
  hostile.side.free(kMemory);
  const std::vector<unsigned char> left = hostile.side.data;
  const auto& broken = hostile.side.broken;
  hostile.peer.drive_until([&] { return broken.load() || hostile.peer.count(HAWSER_EVENT_SEND_DONE) == 2; });
  hostile.peer.drive_until([] { return false; }, 100 * kMillisecond);
  EXPECT_EQ(left, hostile.side.data);
  if (!broken.load()) return false;
  EXPECT_THAT(hostile.side.why().text(), HasSubstr("to offset 0 of memory 7 of rank 1: that memory was freed"));
  return true;
}

TEST(TcpHostile, AMemoryThatIsFreedUnderAPutIsNotWrittenToAnyMore) {
  constexpr int kAttempts = 10;  // on a machine that is busy with other things all may land first
  int attempts = 0;
  while (attempts < kAttempts && !free_under_a_put()) ++attempts;
  EXPECT_LT(attempts, kAttempts);
}

TEST(TcpHostile, APeerThatClosesEndsTheStreamInOrder) {
  Hostile hostile;
  hostile.peer.link->close();
  hostile.peer.engine.detach(hostile.peer.link.get());
  hostile.peer.link.reset();
  ASSERT_TRUE(eventually([&] { return hostile.side.broken.load(); }));
  EXPECT_EQ(HAWSER_CLOSED, hostile.side.why().code());
}

}  // namespace
}  // namespace hawser::port::testing
