// The wire form of lane communicators, byte for byte: Java speaks it too.
#include "spu/yacl/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "spu/yacl/mailbox.h"

namespace hawser::testing {
namespace {

using ::testing::HasSubstr;
using Bytes = std::vector<unsigned char>;

Bytes written(Envelope::Kind kind, const MessageKey& key, uint64_t payload_bytes, uint64_t sequence) {
  Bytes bytes(payload_at(key.size()), 0xee);
  write_envelope(kind, key, payload_bytes, sequence, bytes.data());
  return bytes;
}

TEST(Envelope, HasTheBytesThatJavaExpects) {
  EXPECT_EQ((Bytes{1,    1,    9,    0,   0,   0,   0,   0,    // version, kind, key bytes
                   0x40, 0xe2, 0x01, 0,   0,   0,   0,   0,    // 123456
                   3,    0,    0,    0,   0,   0,   0,   0,    // sequence
                   's',  'p',  'u',  ':', 'a', 'b', 'c', 'd',  //
                   'e',  0,    0,    0,   0,   0,   0,   0}),
            written(Envelope::kAnnounced, {"spu:", "abcde"}, 123456, 3));
}

TEST(Envelope, ReadsWhatItWrites) {
  for (size_t key_bytes : {0, 1, 7, 8, 9, 1024}) {
    const std::string key(key_bytes, 'k');
    Bytes bytes = written(Envelope::kWhole, {"", key}, 3, 0);
    bytes.insert(bytes.end(), {7, 8, 9});
    Envelope envelope;
    std::string why;
    ASSERT_TRUE(read_envelope(bytes.data(), bytes.size(), &envelope, &why)) << why;
    EXPECT_EQ(Envelope::kWhole, envelope.kind);
    EXPECT_EQ(key, envelope.key);
    ASSERT_EQ(3u, envelope.payload_bytes);
    EXPECT_EQ(0, std::memcmp("\7\10\11", envelope.payload, 3));
  }
}

TEST(Envelope, HoldsMessagesUpToItsLength) {
  EXPECT_EQ(24u, payload_at(0));
  EXPECT_EQ(32u, payload_at(1));
  EXPECT_EQ(32u, payload_at(8));
  EXPECT_TRUE(is_whole(8, kEnvelopeBytes - 32));
  EXPECT_FALSE(is_whole(8, kEnvelopeBytes - 31));
}

TEST(Envelope, IsRefusedWhenItContradictsItself) {
  const Bytes sound = written(Envelope::kAnnounced, {"spu:", "key"}, 100'000, 1);
  Envelope envelope;
  std::string why;
  ASSERT_TRUE(read_envelope(sound.data(), sound.size(), &envelope, &why)) << why;
  EXPECT_FALSE(read_envelope(sound.data(), 23, &envelope, &why));
  EXPECT_THAT(why, HasSubstr("the shortest has 24"));
  EXPECT_FALSE(read_envelope(sound.data(), sound.size() - 1, &envelope, &why));
  for (const auto& [at, value] : {std::pair{0, 2}, {1, 3}, {1, 0}, {2, 9}, {3, 255}, {15, 255}, {16, 0}}) {
    Bytes bent = sound;
    bent[static_cast<size_t>(at)] = static_cast<unsigned char>(value);
    EXPECT_FALSE(read_envelope(bent.data(), bent.size(), &envelope, &why)) << at << " = " << value;
  }
}

TEST(Mailbox, KeepsAQueueForEachKeyInOrder) {
  Mailbox mailbox;
  const auto put = [&](std::string_view key, const std::string& payload) {
    Arrival* message = mailbox.append(mailbox.find_or_add({"spu:", key}));
    message->payload = ::yacl::Buffer(payload);
    message->ready = true;
  };
  const auto take = [&](std::string_view key) {
    MessageQueue& queue = mailbox.find_or_add({"spu:", key});
    const std::string payload = queue.has_message() ? std::string(std::string_view(mailbox.take(queue))) : "none";
    mailbox.leave({"", "spu:" + std::string(key)});
    return payload;
  };
  for (int round = 0; round < 3; ++round) {
    put("a", "1");
    put("b", "2");
    put("a", "3");
    EXPECT_EQ("1", take("a"));
    EXPECT_EQ("2", take("b"));
    EXPECT_EQ("3", take("a"));
    EXPECT_EQ("none", take("a"));
  }
}

}  // namespace
}  // namespace hawser::testing
