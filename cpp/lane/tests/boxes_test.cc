// Outbox and inbox without lanes: order, credit, what is told twice, and what ends early.
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <numeric>
#include <vector>

#include "lane/inbox.h"
#include "lane/outbox.h"

namespace hawser {
namespace {

using wire::Kind;
using wire::MessageRecord;

struct Events : EventSink {
  void post(const hawser_event& event) override { all.push_back(event); }
  const hawser_event* done(uint64_t id) const {
    for (const hawser_event& event : all) {
      if (event.id == id && event.kind != HAWSER_EVENT_SEND_READY) return &event;
    }
    return nullptr;
  }
  std::vector<hawser_event> all;
};

struct NoLanes : Outbox::Chunks, Inbox::Landings {
  void forget(Send*) override {}
  void forget(Incoming*) override {}
};

hawser_op op(uint32_t kind, uint64_t id, uint64_t tag, const void* data, uint64_t bytes) {
  hawser_op made{};
  made.kind = kind;
  made.id = id;
  made.tag = tag;
  made.address = reinterpret_cast<uint64_t>(data);
  made.bytes = bytes;
  return made;
}

struct End {
  Events events;
  NoLanes lanes;
  Outbox outbox{events, lanes, 0, 64 * 1024, ChunkLimits{}, 1};
  Inbox inbox{events, outbox, lanes, 0};

  void send(uint64_t id, uint64_t tag, const void* data, uint64_t bytes) {
    outbox.post(op(HAWSER_OP_SEND, id, tag, data, bytes));
  }
  void receive(uint64_t id, uint64_t tag, void* data, uint64_t bytes) {
    inbox.post(op(HAWSER_OP_RECEIVE, id, tag, data, bytes));
  }

  // The next packet of this end; empty when there is nothing to say.
  std::vector<unsigned char> packet() {
    std::vector<unsigned char> memory(wire::kPacketBytes);
    PacketWriter writer(memory.data());
    outbox.fill(writer);
    memory.resize(writer.is_empty() ? 0 : writer.bytes());
    return memory;
  }

  // What a lane does with a packet's records.
  Status hear(const std::vector<unsigned char>& packet) {
    PacketReader reader(packet.data(), static_cast<uint32_t>(packet.size()));
    wire::RecordHeader header{};
    const unsigned char* at = nullptr;
    Status status;
    while (status.ok() && reader.next(&header, &at)) {
      MessageRecord message{};
      wire::ReadyRecord ready{};
      wire::EndRecord end{};
      if (header.kind == Kind::kMessage && PacketReader::read(header, at, &message)) {
        status = inbox.on_message(message, at + sizeof(message));
      } else if (header.kind == Kind::kReady && PacketReader::read(header, at, &ready)) {
        outbox.on_ready(ready.send);
      } else if (header.kind == Kind::kRejected && PacketReader::read(header, at, &end)) {
        outbox.on_rejected(end.send, static_cast<int32_t>(end.code));
      } else if (header.kind == Kind::kWithdrawn && PacketReader::read(header, at, &end)) {
        inbox.on_withdrawn(end.send, static_cast<int32_t>(end.code));
      }
    }
    return status;
  }

  Status chunk(uint64_t number, uint64_t offset, const unsigned char* data, uint32_t bytes) {
    auto record = make_record<wire::ChunkRecord>(Kind::kChunk);
    record.send = number;
    record.offset = offset;
    record.bytes = bytes;
    Inbox::Landing landing;
    if (Status status = inbox.begin_chunk(record, &landing); !status.ok()) return status;
    if (landing.data == nullptr) return {};
    std::memcpy(landing.data, data, bytes);
    inbox.end_chunk(landing.incoming, record);
    return {};
  }
};

TEST(Boxes, PacketsThatOvertakeEachOtherAreDeliveredInOrder) {
  End a;
  End b;
  std::vector<std::vector<unsigned char>> packets;
  for (uint64_t i = 0; i < 6; ++i) {
    const auto byte = static_cast<unsigned char>('a' + i);
    a.send(i, 1, &byte, 1);
    packets.push_back(a.packet());
  }
  unsigned char got[6] = {};
  for (uint64_t i = 0; i < 6; ++i) b.receive(100 + i, 1, &got[i], 1);
  for (const size_t i : {size_t{3}, size_t{1}, size_t{0}, size_t{5}, size_t{2}, size_t{4}}) {
    ASSERT_TRUE(b.hear(packets[i]).ok());
    ASSERT_TRUE(b.hear(packets[i]).ok()) << "told twice after a loss";
  }
  EXPECT_EQ(0, std::memcmp("abcdef", got, 6));
  EXPECT_EQ(6u, b.events.all.size());
}

TEST(Boxes, CreditHoldsBackWhatWouldNotFitAtTheReceiver) {
  End a;
  End b;
  const std::vector<unsigned char> data(8000);
  for (uint64_t i = 0; i < 1000; ++i) a.send(i, 1, data.data(), data.size());
  size_t packets = 0;
  for (auto packet = a.packet(); !packet.empty(); packet = a.packet(), ++packets) ASSERT_TRUE(b.hear(packet).ok());
  const size_t sent = a.events.all.size();
  EXPECT_EQ(wire::kCredit / (8000 + wire::kMessageCost), sent);
  EXPECT_FALSE(a.outbox.has_records());
  std::vector<unsigned char> copy(8000);
  for (uint64_t i = 0; i < 10; ++i) b.receive(5000 + i, 1, copy.data(), copy.size());
  a.outbox.on_credit(b.inbox.consumed());
  EXPECT_TRUE(a.outbox.has_records());
  for (auto packet = a.packet(); !packet.empty(); packet = a.packet()) ASSERT_TRUE(b.hear(packet).ok());
  EXPECT_EQ(sent + 10, a.events.all.size());
  a.outbox.on_credit(1);  // older news changes nothing
  a.outbox.on_credit(~uint64_t{0});
  EXPECT_TRUE(a.outbox.has_records()) << "a lie gives no more than was spent";
}

TEST(Boxes, ChunksAreAsLongAsEveryLaneGetsOne) {
  constexpr uint64_t kMiB = 1024 * 1024;
  for (const auto& [message, chunk] : std::map<uint64_t, uint64_t>{{100'000, kMiB / 2},
                                                                   {kMiB, kMiB / 2},
                                                                   {4 * kMiB - 1, kMiB / 2},
                                                                   {4 * kMiB, kMiB},
                                                                   {7 * kMiB, kMiB},
                                                                   {8 * kMiB, 2 * kMiB},
                                                                   {100 * kMiB, 2 * kMiB}}) {
    Events events;
    NoLanes lanes;
    Outbox outbox{events, lanes, 0, 64 * 1024, {kMiB / 2, 2 * kMiB}, 4};
    const unsigned char data = 0;  // which nobody reads
    outbox.post(op(HAWSER_OP_SEND, 1, 1, &data, message));
    std::vector<unsigned char> memory(wire::kPacketBytes);
    PacketWriter packet(memory.data());
    ASSERT_TRUE(outbox.fill(packet));
    wire::MessageRecord announced{};
    std::memcpy(&announced, memory.data() + sizeof(wire::PacketHeader), sizeof(announced));
    EXPECT_EQ(chunk, announced.chunk_bytes) << message;
    outbox.on_ready(announced.send);
    EXPECT_EQ(HAWSER_EVENT_SEND_READY, static_cast<int>(events.all.back().kind));
    EXPECT_EQ(chunk, events.all.back().offset) << message;
  }
}

TEST(Boxes, ChunksComeInAnyOrderAndTwice) {
  End a;
  End b;
  const uint64_t chunk = 512 * 1024;
  std::vector<unsigned char> data(3 * chunk + 5);
  std::iota(data.begin(), data.end(), static_cast<unsigned char>(0));
  std::vector<unsigned char> copy(data.size());
  a.send(1, 1, data.data(), data.size());
  ASSERT_TRUE(b.hear(a.packet()).ok());
  EXPECT_FALSE(b.chunk(1, 0, data.data(), chunk).ok()) << "nobody asked for it";
  b.receive(2, 1, copy.data(), copy.size());
  ASSERT_TRUE(a.hear(b.packet()).ok());
  ASSERT_EQ(HAWSER_EVENT_SEND_READY, static_cast<int>(a.events.all.back().kind));
  ASSERT_TRUE(a.hear([&] {
                 End twice;
                 auto ready = make_record<wire::ReadyRecord>(Kind::kReady);
                 ready.send = 1;
                 twice.outbox.control(ready);
                 return twice.packet();
               }())
                  .ok());
  EXPECT_EQ(1u, a.events.all.size()) << "ready is told once";
  EXPECT_FALSE(b.chunk(1, 7, data.data(), chunk).ok()) << "not at a chunk's place";
  EXPECT_FALSE(b.chunk(1, 4 * chunk, data.data(), chunk).ok()) << "beyond the end";
  EXPECT_FALSE(b.chunk(1, 3 * chunk, data.data(), 6).ok()) << "longer than what is left";
  for (const uint64_t at : {3 * chunk, chunk, chunk, uint64_t{0}, 3 * chunk}) {
    ASSERT_TRUE(b.chunk(1, at, data.data() + at, static_cast<uint32_t>(std::min(chunk, data.size() - at))).ok());
  }
  EXPECT_EQ(nullptr, b.events.done(2));
  ASSERT_TRUE(b.chunk(1, 2 * chunk, data.data() + 2 * chunk, chunk).ok());
  ASSERT_NE(nullptr, b.events.done(2));
  EXPECT_EQ(data, copy);
  ASSERT_TRUE(b.chunk(1, 0, data.data(), chunk).ok()) << "of a message that has ended: dropped";
  EXPECT_EQ(1u, b.events.all.size());
}

TEST(Boxes, AWithdrawalThatOvertakesItsAnnouncementStillEndsTheReceive) {
  End a;
  End b;
  const std::vector<unsigned char> data(200'000);
  std::vector<unsigned char> copy(data.size());
  a.send(1, 1, data.data(), data.size());
  const auto announcement = a.packet();
  ASSERT_TRUE(a.outbox.cancel(1));
  const auto withdrawal = a.packet();
  ASSERT_TRUE(b.hear(withdrawal).ok());
  ASSERT_TRUE(b.hear(announcement).ok());
  b.receive(2, 1, copy.data(), copy.size());
  ASSERT_TRUE(a.hear(b.packet()).ok());
  ASSERT_TRUE(b.hear(a.packet()).ok());
  ASSERT_NE(nullptr, b.events.done(2));
  EXPECT_EQ(HAWSER_CANCELLED, b.events.done(2)->code);
}

// An eager message whose chunk was lost with its lane, and which was cancelled meanwhile.
TEST(Boxes, AnEagerMessageWithdrawnInPartsEndsTheReceive) {
  for (const bool withdrawal_first : {false, true}) {
    End a;
    End b;
    const std::vector<unsigned char> data(wire::kInlineBytes + 1);
    std::vector<unsigned char> copy(data.size());
    a.send(1, 1, data.data(), data.size());
    a.outbox.advance();
    auto record = Outbox::message_record(*a.outbox.find(1), MessageRecord::kEager);
    ASSERT_TRUE(a.outbox.cancel(1));
    b.receive(2, 1, copy.data(), copy.size());
    const auto withdrawal = a.packet();
    if (!withdrawal_first) {
      ASSERT_TRUE(b.inbox.on_message(record, nullptr).ok());
    }
    ASSERT_TRUE(b.hear(withdrawal).ok());
    if (withdrawal_first) {
      ASSERT_TRUE(b.inbox.on_message(record, nullptr).ok());
    }
    EXPECT_EQ(!withdrawal_first, b.events.done(2) != nullptr);
    a.outbox.on_credit(b.inbox.consumed());
    EXPECT_EQ(b.inbox.consumed(), wire::kMessageCost + data.size()) << "its credit comes back";
    // The next message is not held up.
    unsigned char byte = 'x';
    b.receive(3, 1, &byte, 1);
    a.send(4, 1, "y", 1);
    ASSERT_TRUE(b.hear(a.packet()).ok());
    const uint64_t receiver = withdrawal_first ? 2 : 3;
    ASSERT_NE(nullptr, b.events.done(receiver));
    EXPECT_EQ(HAWSER_OK, b.events.done(receiver)->code);
  }
}

TEST(Boxes, WhatIsMissingWhenThePeerHasClosedEndsItsReceive) {
  End a;
  End b;
  const std::vector<unsigned char> data(200'000);
  std::vector<unsigned char> copy(data.size());
  a.send(1, 1, data.data(), data.size());
  a.send(2, 2, "whole", 5);
  ASSERT_TRUE(b.hear(a.packet()).ok());
  b.inbox.peer_closed(HAWSER_CLOSED);
  b.receive(10, 1, copy.data(), copy.size());
  b.receive(11, 2, copy.data(), copy.size());
  b.receive(12, 2, copy.data(), copy.size());
  ASSERT_NE(nullptr, b.events.done(10));
  EXPECT_EQ(HAWSER_CLOSED, b.events.done(10)->code);
  EXPECT_EQ(HAWSER_OK, b.events.done(11)->code);
  EXPECT_EQ(HAWSER_CLOSED, b.events.done(12)->code);
}

TEST(Boxes, RecordsOfALostPacketGoAgain) {
  End a;
  End b;
  const std::vector<unsigned char> data(200'000);
  a.send(1, 1, "one", 3);
  a.send(2, 1, data.data(), data.size());
  a.send(3, 1, "three", 5);
  const auto lost = a.packet();
  EXPECT_TRUE(a.packet().empty());
  a.outbox.requeue(lost.data(), static_cast<uint32_t>(lost.size()));
  char got[6] = {};
  std::vector<unsigned char> large(data.size());
  b.receive(1, 1, got, 5);
  b.receive(2, 1, large.data(), large.size());
  b.receive(3, 1, got, 5);
  ASSERT_TRUE(b.hear(a.packet()).ok());
  EXPECT_STREQ("three", got);
  ASSERT_TRUE(b.hear(lost).ok());
  EXPECT_EQ(2u, b.events.all.size());
}

TEST(Boxes, APeerBeyondItsCreditIsRefused) {
  End b;
  auto record = make_record<MessageRecord>(Kind::kMessage, MessageRecord::kEager);
  record.bytes = 512 * 1024;
  record.chunk_bytes = 512 * 1024;
  Status status;
  for (record.sequence = 0; record.sequence < 100 && status.ok(); ++record.sequence) {
    record.send = record.sequence + 1;
    status = b.inbox.on_message(record, nullptr);
  }
  EXPECT_EQ(HAWSER_LANE_LOST, status.code());
  EXPECT_LE(record.sequence, 17u);
}

}  // namespace
}  // namespace hawser
