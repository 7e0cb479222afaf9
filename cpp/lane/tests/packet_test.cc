// Packets as they are written and read, and the reader against garbage: it must read nothing outside (ASan watches).
#include "lane/packet.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace hawser {
namespace {

using wire::Kind;
using wire::RecordHeader;

TEST(Packet, RecordsComeOutAsTheyWentIn) {
  std::vector<unsigned char> memory(wire::kPacketBytes);
  PacketWriter writer(memory.data());
  EXPECT_TRUE(writer.is_empty());
  auto ready = make_record<wire::ReadyRecord>(Kind::kReady);
  ready.send = 42;
  writer.put(ready);
  const char payload[] = "hello";
  auto message = make_record<wire::MessageRecord>(Kind::kMessage, wire::MessageRecord::kInline);
  message.bytes = 5;
  message.tag = 7;
  message.header.bytes += 5;
  writer.put(message, payload, 5);
  auto goodbye = make_record<wire::GoodbyeRecord>(Kind::kGoodbye);
  writer.put(goodbye);
  EXPECT_EQ(0u, writer.bytes() % 8);

  PacketReader reader(memory.data(), writer.bytes());
  RecordHeader header{};
  const unsigned char* at = nullptr;
  ASSERT_TRUE(reader.next(&header, &at));
  wire::ReadyRecord read_ready{};
  ASSERT_TRUE(PacketReader::read(header, at, &read_ready));
  EXPECT_EQ(42u, read_ready.send);
  ASSERT_TRUE(reader.next(&header, &at));
  wire::MessageRecord read_message{};
  ASSERT_TRUE(PacketReader::read(header, at, &read_message));
  EXPECT_EQ(7u, read_message.tag);
  EXPECT_EQ(0, std::memcmp(at + sizeof(read_message), payload, 5));
  EXPECT_FALSE(reader.at_end());
  ASSERT_TRUE(reader.next(&header, &at));
  EXPECT_EQ(Kind::kGoodbye, header.kind);
  EXPECT_FALSE(PacketReader::read(header, at, &read_ready)) << "a record shorter than its kind must not be read";
  EXPECT_TRUE(reader.at_end());
  EXPECT_FALSE(reader.next(&header, &at));
  EXPECT_FALSE(reader.malformed());
}

TEST(Packet, FitsCountsThePadding) {
  std::vector<unsigned char> memory(wire::kPacketBytes);
  PacketWriter writer(memory.data());
  const uint32_t room = wire::kPacketBytes - sizeof(wire::PacketHeader);
  EXPECT_TRUE(writer.fits(room));
  EXPECT_FALSE(writer.fits(room + 1));
  auto goodbye = make_record<wire::GoodbyeRecord>(Kind::kGoodbye);
  while (writer.fits(sizeof(goodbye))) writer.put(goodbye);
  EXPECT_EQ(wire::kPacketBytes, writer.bytes());
  EXPECT_FALSE(writer.fits(1));
}

TEST(Packet, ALyingLengthIsMalformed) {
  for (const uint32_t length : {0u, 1u, 7u, 17u, 1u << 31, ~0u}) {
    std::vector<unsigned char> memory(sizeof(wire::PacketHeader) + 16, 0);
    RecordHeader header{Kind::kGoodbye, 0, 0, length};
    std::memcpy(memory.data() + sizeof(wire::PacketHeader), &header, sizeof(header));
    PacketReader reader(memory.data(), static_cast<uint32_t>(memory.size()));
    const unsigned char* at = nullptr;
    EXPECT_FALSE(reader.next(&header, &at)) << length;
    EXPECT_TRUE(reader.malformed()) << length;
  }
}

// Reads every record as each kind, as a lane would, in memory of exactly the packet's size.
uint64_t read_all(const std::vector<unsigned char>& packet) {
  const std::unique_ptr<unsigned char[]> exact(new unsigned char[packet.size()]);
  std::memcpy(exact.get(), packet.data(), packet.size());
  PacketReader reader(exact.get(), static_cast<uint32_t>(packet.size()));
  RecordHeader header{};
  const unsigned char* at = nullptr;
  uint64_t sum = 0;
  for (int records = 0; reader.next(&header, &at); ++records) {
    EXPECT_LE(records, 8192) << "the reader makes no headway";
    for (uint32_t i = 0; i < header.bytes; ++i) sum += at[i];
    wire::MessageRecord message{};
    if (PacketReader::read(header, at, &message)) sum += message.tag;
    wire::ChunkRecord chunk{};
    if (PacketReader::read(header, at, &chunk)) sum += chunk.offset;
  }
  EXPECT_TRUE(reader.malformed() || reader.at_end());
  return sum;
}

TEST(Packet, GarbageIsReadWithinItsBounds) {
  std::mt19937 random(99);
  uint64_t sum = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<unsigned char> packet(sizeof(wire::PacketHeader) + random() % 400);
    for (unsigned char& byte : packet) byte = static_cast<unsigned char>(random() % 4 == 0 ? random() : random() % 24);
    sum += read_all(packet);
  }
  EXPECT_NE(0u, sum);
}

TEST(Packet, TruncatedAndFlippedPacketsAreReadWithinTheirBounds) {
  std::mt19937 random(7);
  for (int round = 0; round < 5'000; ++round) {
    std::vector<unsigned char> memory(wire::kPacketBytes);
    PacketWriter writer(memory.data());
    for (unsigned i = 0; i < 1 + random() % 6; ++i) {
      const std::vector<unsigned char> payload(random() % 100, 3);
      auto message = make_record<wire::MessageRecord>(Kind::kMessage, wire::MessageRecord::kInline);
      message.bytes = payload.size();
      message.header.bytes += static_cast<uint32_t>(payload.size());
      writer.put(message, payload.data(), payload.size());
    }
    memory.resize(writer.bytes());
    if (round % 2 == 0)
      memory.resize(sizeof(wire::PacketHeader) + random() % (memory.size() - sizeof(wire::PacketHeader)));
    const auto at = static_cast<size_t>(random() % memory.size());
    memory[at] = static_cast<unsigned char>(memory[at] ^ (1u << (random() % 8)));
    read_all(memory);
  }
}

}  // namespace
}  // namespace hawser
