// A link of two lanes against a peer that says whatever it likes: hellos, packets, records and chunks, while operations
// of this end are under way. Input: a byte of flags, then the steps of a script, each a byte of what, and its
// arguments. Packets carry no checksum, so that a changed one still means something.
#include <map>

#include "base/crc32c.h"
#include "fuzz/scripted_net.h"
#include "fuzz/target.h"
#include "lane/link.h"
#include "net/poller.h"

namespace hawser::fuzz {
namespace {

enum Step : uint8_t { kSay, kSayRecords, kReceive, kSend, kCancel, kBreak, kWait, kSteps };
constexpr uint8_t kOwnHello = 1;  // flags: the script begins with the peer's hello
constexpr size_t kMostSteps = 200;

wire::Hello hello_of(int lane) {
  wire::Hello hello{};
  hello.magic = wire::kHelloMagic;
  hello.version = wire::kVersion;
  hello.lane = static_cast<uint16_t>(lane);
  hello.rank = 1;
  return hello;
}

std::vector<uint8_t> bytes_of(wire::Hello hello) {
  hello.sum = 0;
  hello.sum = crc32c(0, &hello, sizeof(hello));
  return Script().put(hello).bytes();
}

struct Greeting {
  Input* input = nullptr;
  bool own = false;
};

std::vector<uint8_t> greet(void* script, int device) {
  const auto& greeting = *static_cast<Greeting*>(script);
  wire::Hello hello = hello_of(device);
  // The sum is right, or no input would ever be read behind it.
  if (greeting.own) greeting.input->fill(&hello, sizeof(hello));
  return bytes_of(hello);
}

// This end: its operations, each of which must end exactly once.
class End : public EventSink {
 public:
  explicit End(Input& input) : input_(input) {}

  void post(const hawser_event& event) override {
    if (event.kind == HAWSER_EVENT_SEND_READY) ready_.push_back(event);
    if (event.kind == HAWSER_EVENT_CHUNK_RETURNED) ready_.push_back(event);
    if (event.kind != HAWSER_EVENT_SEND_DONE && event.kind != HAWSER_EVENT_RECEIVE_DONE) return;
    const auto found = memories_.find(event.id);
    require(found != memories_.end(), "an operation ends once");
    const bool sent = event.kind == HAWSER_EVENT_SEND_DONE;
    require(event.code != HAWSER_OK || event.bytes <= found->second.size(), "no more arrives than there is room for");
    require(!sent || event.code != HAWSER_OK || event.bytes == found->second.size(), "what was sent was sent whole");
    memories_.erase(found);
  }

  hawser_op operation(uint32_t kind) {
    hawser_op op{};
    op.kind = kind;
    op.id = ++ids_;
    op.tag = input_.get<uint8_t>() & 3;
    std::vector<uint8_t>& memory = memories_[op.id];
    memory.resize(input_.get<uint8_t>() * size_t{400});
    op.address = reinterpret_cast<uint64_t>(memory.data());
    op.bytes = memory.size();
    return op;
  }
  hawser_op cancel() {
    hawser_op op{};
    op.kind = HAWSER_OP_CANCEL;
    op.id = input_.get<uint8_t>() % (ids_ + 1);
    return op;
  }
  // As a driver does: every chunk of every send that is ready goes to a lane that has room.
  void give_chunks(Link& link) {
    hawser_link_shared* shared = link.shared();
    for (; !ready_.empty(); ready_.pop_front()) {
      const hawser_event event = ready_.front();
      if (!memories_.contains(event.id)) continue;
      uint32_t lane = 0;
      const auto room = [&] {
        return shared->lane[lane].alive != 0 && shared->lane[lane].submitted_chunks - shared->lane[lane].acked_chunks -
                                                        shared->lane[lane].returned_chunks <
                                                    HAWSER_WINDOW;
      };
      while (lane < shared->lanes && !room()) ++lane;
      if (lane == shared->lanes) return;
      SpscRing<hawser_chunk> ring(shared->chunks[lane], HAWSER_CHUNK_RING, &shared->lane[lane].submitted_chunks,
                                  &shared->lane[lane].taken_chunks);
      shared->lane[lane].submitted_bytes += event.bytes;
      // Sends here are no longer than a chunk.
      ring.try_post({event.id, event.kind == HAWSER_EVENT_CHUNK_RETURNED ? event.offset : 0, event.bytes, 0});
    }
  }
  bool idle() const { return memories_.empty(); }

 private:
  Input& input_;
  uint64_t ids_ = 0;
  std::map<uint64_t, std::vector<uint8_t>> memories_;  // of the operations under way
  std::deque<hawser_event> ready_;
};

// A packet with a right header around records from the input.
std::vector<uint8_t> packet_of(const std::vector<uint8_t>& records, uint32_t packets, uint32_t chunks,
                               uint64_t consumed) {
  wire::PacketHeader header{};
  header.magic = wire::kPacketMagic;
  header.version = wire::kVersion;
  header.bytes = static_cast<uint32_t>(sizeof(header) + records.size());
  header.packets_received = packets;
  header.chunks_received = chunks;
  header.consumed = consumed;
  return Script().put(header).put_bytes(records.data(), records.size()).bytes();
}

void step(Link& link, End& end, ScriptedTransport& transport, Input& input) {
  const auto what = input.get<uint8_t>();
  const size_t device = what >> 7;
  const auto lane = [&]() -> ScriptedComm* {
    // After a loss the newest comm is the lane's only while it lives.
    return link.shared()->lane[device].alive != 0 ? transport.comm(device) : nullptr;
  };
  switch ((what & 0x7f) % kSteps) {
    case kSay: {
      auto message = input.block(input.get<uint16_t>());
      if (lane() != nullptr) lane()->say(std::move(message));
      break;
    }
    case kSayRecords: {
      const auto packets = input.get<uint8_t>();
      const auto chunks = input.get<uint8_t>();
      const auto consumed = input.get<uint32_t>();
      const auto records = input.block(input.get<uint16_t>());
      if (lane() != nullptr) lane()->say(packet_of(records, packets, chunks, consumed));
      break;
    }
    case kReceive:
      link.post(end.operation(HAWSER_OP_RECEIVE));
      break;
    case kSend:
      link.post(end.operation(HAWSER_OP_SEND));
      break;
    case kCancel:
      link.post(end.cancel());
      break;
    case kBreak:
      if (lane() != nullptr) lane()->break_off();
      break;
    default:
      link.tend(now() + kSecond);
      break;
  }
}

void run(const uint8_t* data, size_t size) {
  Input input(data, size);
  Greeting greeting{&input, (input.get<uint8_t>() & kOwnHello) != 0};
  ScriptedTransport transport(greet, &greeting);
  End end(input);
  Poller poller;
  require(poller.open().ok(), "there is a poller");
  auto channels = std::make_unique<ChannelManager>(transport, std::vector<int>{0, 1}, hello_of(0));
  if (!channels->client_connect_all(std::vector<Handle>(2), now() + kSecond).ok()) return;
  LinkOptions options;
  options.checksum = false;
  options.link_timeout = 10 * kSecond;
  Link link(options, std::move(channels), true, end);
  require(link.initialise().ok() && link.attach(0, poller).ok(), "a link begins");
  for (size_t steps = 0; !input.empty() && steps < kMostSteps; ++steps) {
    step(link, end, transport, input);
    bool moved = true;
    for (int rounds = 0; moved && rounds < 4; ++rounds) {
      moved = false;
      link.receive(&moved);
      end.give_chunks(link);
      link.transmit(&moved);
    }
    link.prepare_sleep(now());
  }
  link.close();
  require(end.idle(), "every operation has ended when its link has");
}

template <typename Record>
Script say(uint8_t what, const Record& record, const void* payload = nullptr, size_t bytes = 0) {
  Script script;
  script.put(what).put(uint8_t{0}).put(uint8_t{0}).put(uint32_t{0});
  return script.put(static_cast<uint16_t>(sizeof(record) + bytes)).put(record).put_bytes(payload, bytes);
}

wire::MessageRecord message(uint8_t flags, uint64_t sequence, uint64_t bytes) {
  auto record = make_record<wire::MessageRecord>(wire::Kind::kMessage, flags);
  record.sequence = sequence;
  record.bytes = bytes;
  record.send = sequence + 1;
  record.chunk_bytes = 4096;
  if ((flags & wire::MessageRecord::kInline) != 0) record.header.bytes += static_cast<uint32_t>(bytes);
  return record;
}

Script begin() { return Script().put(uint8_t{0}); }
Script& add(Script& to, const Script& more) { return to.put_bytes(more.bytes().data(), more.bytes().size()); }

std::vector<Seed> seeds() {
  const std::vector<uint8_t> payload(400);
  const Script receive = Script().put(uint8_t{kReceive}).put(uint8_t{0}).put(uint8_t{1});
  const Script send = Script().put(uint8_t{kSend}).put(uint8_t{0}).put(uint8_t{200});
  auto chunk = make_record<wire::ChunkRecord>(wire::Kind::kChunk);
  chunk.send = 1;
  chunk.bytes = 400;
  auto ready = make_record<wire::ReadyRecord>(wire::Kind::kReady);
  ready.send = 1;
  auto end = make_record<wire::EndRecord>(wire::Kind::kWithdrawn);
  end.send = 1;
  end.code = HAWSER_CANCELLED;
  auto down = make_record<wire::LaneDownRecord>(wire::Kind::kLaneDown);
  down.lane = 1;
  down.incarnation = 1;
  const Script raw_chunk = Script().put(uint8_t{kSay}).put(uint16_t{400}).put_bytes(payload.data(), payload.size());

  Script inlined = begin();
  add(add(inlined, receive), say(kSayRecords, message(wire::MessageRecord::kInline, 0, 400), payload.data(), 400));
  Script announced = begin();
  add(add(announced, receive), say(kSayRecords, message(0, 0, 400)));
  add(add(announced, say(kSayRecords, chunk)), raw_chunk);
  Script eager = begin();
  add(add(eager, say(kSayRecords, message(wire::MessageRecord::kEager, 0, 400))), say(kSayRecords, chunk));
  add(add(eager, raw_chunk), receive);
  Script withdrawn = begin();
  add(add(add(withdrawn, say(kSayRecords, message(0, 0, 400))), receive), say(kSayRecords, end));
  end.header.kind = wire::Kind::kRejected;
  Script rejected = begin();
  add(add(rejected, send), say(kSayRecords, end));
  Script asked = begin();
  add(add(asked, send), say(kSayRecords, ready)).put(uint8_t{kSayRecords}).put(uint8_t{2}).put(uint8_t{1});
  asked.put(uint32_t{80'128}).put(uint16_t{0});
  Script lane_down = begin();
  add(lane_down, say(kSayRecords, down)).put(uint8_t{kWait}).put(uint8_t{kWait});
  Script broken = begin();
  broken.put(uint8_t{kBreak}).put(uint8_t{kWait}).put(uint8_t{kWait});
  Script goodbye = begin();
  add(add(goodbye, receive), say(kSayRecords, make_record<wire::GoodbyeRecord>(wire::Kind::kGoodbye)));
  Script number_twice = begin();
  auto again = message(0, 1, 400);
  again.send = 1;
  add(add(add(number_twice, receive), receive), say(kSayRecords, message(0, 0, 400)));
  add(number_twice, say(kSayRecords, again));
  Script number_of_another = begin();
  again = message(wire::MessageRecord::kInline, 1, 8);
  again.send = 1;
  add(add(number_of_another, receive), say(kSayRecords, message(0, 0, 400)));
  add(add(number_of_another, say(kSayRecords, again, payload.data(), 8)), receive);
  Script own_hello = Script().put(kOwnHello).put(hello_of(0)).put(hello_of(1));
  add(add(own_hello, send), receive);
  return {{"inline", inlined.bytes()},
          {"announced", announced.bytes()},
          {"eager", eager.bytes()},
          {"withdrawn", withdrawn.bytes()},
          {"rejected", rejected.bytes()},
          {"asked", asked.bytes()},
          {"lane-down", lane_down.bytes()},
          {"broken", broken.bytes()},
          {"goodbye", goodbye.bytes()},
          {"own-hello", own_hello.bytes()},
          {"number-twice", number_twice.bytes()},
          {"number-of-another", number_of_another.bytes()}};
}

const Registered registered({"lane", run, seeds});

}  // namespace
}  // namespace hawser::fuzz
