// Random losses of random lanes under thousands of mixed messages both ways: nothing lost, nothing twice, order kept.
#include <algorithm>
#include <deque>

#include "lane/tests/faulty_pair.h"

namespace hawser::testing {
namespace {

constexpr size_t kTags = 4;
constexpr uint64_t kHead = 16;  // every message begins with its number and its length

size_t random_length(std::mt19937_64& random) {
  switch (random() % 8) {
    case 0:
      return kHead + random() % 300'000;  // announced
    case 1:
      return kHead + 8'192 + random() % 50'000;  // eager
    default:
      return kHead + random() % 2'000;  // inline
  }
}

// One direction: messages numbered by tag, checked in the order of their receives.
struct Flow {
  Flow(Party& from, Party& to, uint64_t seed) : sender(from), receiver(to), random(seed) {}

  void offer() {
    if (in_flight >= 40) return;
    const uint64_t tag = random() % kTags;
    std::vector<unsigned char> message(random_length(random));
    const uint64_t length = message.size();
    std::memcpy(message.data(), &next[tag], sizeof(uint64_t));
    std::memcpy(message.data() + 8, &length, sizeof(length));
    for (size_t i = kHead; i < length; ++i) message[i] = pattern(tag, next[tag], i);
    ++next[tag];
    ++in_flight;
    ++offered;
    const bool receive_first = random() % 2 == 0;
    if (receive_first) expect(tag);
    sends[sender.driver->send(sender.id, tag, message.data(), length)] = std::move(message);
    if (!receive_first) expect(tag);
  }

  void expect(uint64_t tag) {
    auto memory = std::make_unique<std::vector<unsigned char>>(310'000);
    const uint64_t op = receiver.driver->receive(receiver.id, tag, memory->data(), memory->size());
    receives[op] = {tag, expected[tag]++, std::move(memory)};
  }

  static unsigned char pattern(uint64_t tag, uint64_t number, size_t at) {
    return static_cast<unsigned char>(tag * 31 + number * 7 + at);
  }

  // Takes the completions that have come; false when one is wrong.
  bool settle() {
    for (const hawser_event& event : take(sender, HAWSER_EVENT_SEND_DONE)) {
      if (event.code != HAWSER_OK || sends.erase(event.id) != 1) return false;
    }
    for (const hawser_event& event : take(receiver, HAWSER_EVENT_RECEIVE_DONE)) {
      const auto found = receives.find(event.id);
      if (event.code != HAWSER_OK || found == receives.end() || !right(found->second, event.bytes)) return false;
      receives.erase(found);
      --in_flight;
    }
    return true;
  }

  struct Expected {
    uint64_t tag = 0;
    uint64_t number = 0;
    std::unique_ptr<std::vector<unsigned char>> memory;
  };

  static bool right(const Expected& expected, uint64_t bytes) {
    uint64_t number = 0;
    uint64_t length = 0;
    std::memcpy(&number, expected.memory->data(), 8);
    std::memcpy(&length, expected.memory->data() + 8, 8);
    if (number != expected.number || length != bytes) return false;
    for (size_t i = kHead; i < bytes; ++i) {
      if ((*expected.memory)[i] != pattern(expected.tag, number, i)) return false;
    }
    return true;
  }

  static std::vector<hawser_event> take(Party& party, hawser_event_kind kind) {
    std::vector<hawser_event> taken;
    std::erase_if(party.events, [&](const hawser_event& event) {
      if (event.kind != static_cast<uint32_t>(kind)) return false;
      taken.push_back(event);
      return true;
    });
    return taken;
  }

  Party& sender;
  Party& receiver;
  std::mt19937_64 random;
  std::array<uint64_t, kTags> next{};
  std::array<uint64_t, kTags> expected{};
  std::unordered_map<uint64_t, std::vector<unsigned char>> sends;
  std::unordered_map<uint64_t, Expected> receives;
  int in_flight = 0;
  uint64_t offered = 0;
};

void break_something(FaultyPair& pair, std::mt19937_64& random) {
  LaneFaults& faults = pair.wire.lane(random() % 4);
  switch (random() % 6) {
    case 0:
      faults.resets = 1;
      break;
    case 1:
      faults.failing_sends = 1;
      break;
    case 2:
      corrupt_payloads(faults, 2);
      break;
    case 3:
      faults.flips_above = 0;
      faults.flips = 1;
      break;
    case 4:
      faults.paused_until = faults.paused_until == 0 ? LaneFaults::kUntilTold : 0;
      break;
    default: {
      const Comm* comm = pair.b.link->channels().get_channel(static_cast<int>(random() % 4)).comm.get();
      if (comm != nullptr) shut_socket(*comm);
    }
  }
}

void heal(FaultyPair& pair) {
  for (size_t lane = 0; lane < 4; ++lane) pair.wire.lane(lane).paused_until = 0;
}

class Hammer : public ::testing::TestWithParam<uint64_t> {};

TEST_P(Hammer, LosesNothingAndKeepsOrder) {
  hawser_config config = test_config();
  config.silence_ns = 100 * kMillisecond;
  config.chunk_bytes = 64 * 1024;
  FaultyPair pair(config);
  std::mt19937_64 random(GetParam());
  Flow there(pair.a, pair.b, GetParam() + 1);
  Flow back(pair.b, pair.a, GetParam() + 2);
  const Nanos end = now() + 2500 * kMillisecond;
  Nanos next_fault = now() + 20 * kMillisecond;
  ASSERT_TRUE(pair.drive_until(
      [&] {
        const Nanos time = now();
        if (time >= next_fault && time < end) {
          break_something(pair, random);
          next_fault = time + static_cast<Nanos>(random() % 40) * kMillisecond;
        }
        if (time < end) {
          there.offer();
          back.offer();
        } else {
          heal(pair);
        }
        if (!there.settle() || !back.settle()) return true;
        return time >= end && there.in_flight == 0 && back.in_flight == 0 && there.sends.empty() && back.sends.empty();
      },
      12 * kSecond))
      << there.in_flight << " and " << back.in_flight << " messages are missing, " << there.sends.size() << " and "
      << back.sends.size() << " sends have not ended; " << pair.living() << " lanes live; "
      << pair.a.link->error().text() << pair.b.link->error().text();
  EXPECT_TRUE(there.receives.empty() && back.receives.empty()) << "a message was wrong or came twice";
  EXPECT_GT(there.offered + back.offered, 100u);
  uint64_t losses = 0;
  for (uint32_t lane = 0; lane < 4; ++lane) losses += pair.a.link->shared()->lane[lane].losses;
  EXPECT_GT(losses, 3u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Hammer, ::testing::Range<uint64_t>(1, 7));

}  // namespace
}  // namespace hawser::testing
