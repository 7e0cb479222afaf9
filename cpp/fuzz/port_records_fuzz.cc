// What the peer of a Tcp connection of ports says on its link: puts, signals, fences, payloads. Input: messages, each a
// byte whose lowest bit says whether it is a payload, a length, and its bytes. A record's key that is 0 becomes the
// right one, but for the memory that this peer was never told of.
#include <array>
#include <atomic>
#include <thread>

#include "base/text.h"
#include "fuzz/target.h"
#include "lane/driver.h"
#include "lane/listener.h"
#include "port/tcp/stream.h"

namespace hawser::fuzz {
namespace {

using port::TcpDriver;
using port::TcpMemories;
using port::TcpStream;
using port::tcp::Kind;
using port::tcp::kMessageBytes;
using port::tcp::kPayloadTag;
using port::tcp::kRecordTag;
using port::tcp::Record;

constexpr uint64_t kData = 7;
constexpr uint64_t kBoard = 8;
constexpr uint64_t kUntold = 9;
constexpr size_t kDataBytes = 200'000;  // room for a large put
constexpr size_t kWords = 4;
constexpr size_t kMostMessages = 8;
constexpr uint64_t kMark = 77;
constexpr Nanos kMeeting = 5 * kSecond;
// A peer that announces a payload and never sends it is waited for, here not for long.
constexpr Nanos kQuiet = 20 * kMillisecond;

void open(Engine& engine) {
  hawser_config config{};
  config.struct_size = sizeof(config);
  config.rank = -1;
  copy_text(config.lanes, "=lo");
  require(engine.open(config).ok(), "an engine opens");
}

// The two machines, for all inputs: here, where what is said arrives, and there.
struct Hosts {
  Hosts() : listener(here) {
    open(here);
    open(there);
    driver = std::make_unique<TcpDriver>(here);
    speaker = std::make_unique<Driver>(there, [this](const hawser_event& event) {
      ended = ended || event.kind == HAWSER_EVENT_LINK_CLOSED || event.kind == HAWSER_EVENT_LINK_FAILED;
      answered = answered || (event.kind == HAWSER_EVENT_RECEIVE_DONE && event.code == HAWSER_OK);
    });
    require(listener.open("127.0.0.1", 0).ok(), "a listener opens");
  }
  void meet(std::unique_ptr<Link>* at_here, std::unique_ptr<Link>* at_there) {
    std::thread accepting([&] { require(listener.accept(kMeeting, at_here).ok(), "a link is accepted"); });
    require(connect_link(there, "127.0.0.1", listener.port(), kMeeting, at_there).ok(), "a link is made");
    accepting.join();
    ended = answered = false;
  }

  Engine here;
  Engine there;
  Listener listener;
  std::unique_ptr<TcpDriver> driver;
  std::unique_ptr<Driver> speaker;
  bool ended = false;
  bool answered = false;
};

Hosts& hosts() {
  static auto* const both = new Hosts;
  return *both;
}

// The stream under test, and the memories that its peer may write to.
class Target : private TcpStream::Owner {
 public:
  explicit Target(std::unique_ptr<Link> link) : data_(kDataBytes), words_(kWords), untold_(kDataBytes) {
    const bool added = memories_.add(kData, data_.data(), data_.size(), &data_key_).ok() &&
                       memories_.add(kBoard, words_.data(), words_.size() * sizeof(words_[0]), &board_key_).ok() &&
                       memories_.add(kUntold, untold_.data(), untold_.size(), &untold_key_).ok();
    require(added, "memories are registered");
    stream_ = std::make_shared<TcpStream>(*hosts().driver, memories_, std::move(link),
                                          static_cast<TcpStream::Owner&>(*this), "rank 0", "rank 1");
    hosts().driver->run([&] { require(stream_->open().ok(), "a stream opens"); });
  }
  ~Target() override {
    hosts().driver->run([&] { stream_->close(); });
    require(untold_ == std::vector<unsigned char>(kDataBytes), "nobody writes where they were not told of");
  }

  bool broken() const { return broken_; }
  void put_keys(std::vector<uint8_t>* message) const {
    Record record;
    for (size_t at = 0; message->size() - at >= sizeof(record);) {
      std::memcpy(static_cast<void*>(&record), message->data() + at, sizeof(record));
      if (record.key == 0 && record.memory != kUntold) record.key = record.memory == kBoard ? board_key_ : data_key_;
      std::memcpy(message->data() + at, &record, sizeof(record));
      const size_t left = message->size() - at - sizeof(record);
      const bool has_bytes = record.kind == Kind::kPut && record.bytes <= left;
      at += sizeof(record) + (has_bytes ? std::min<size_t>(port::tcp::padded(record.bytes), left) : 0);
    }
  }

 private:
  void on_fenced(uint64_t) override { require(false, "an answer to no question ends the connection"); }
  void on_room() override {}
  void on_broken(Status why) override {
    require(!why.ok(), "a connection ends with a reason");
    require(!broken_.exchange(true), "a connection ends once");
  }

  TcpMemories memories_;
  std::vector<unsigned char> data_;
  std::vector<hawser_port_word> words_;
  std::vector<unsigned char> untold_;
  uint64_t data_key_ = 0;
  uint64_t board_key_ = 0;
  uint64_t untold_key_ = 0;
  std::shared_ptr<TcpStream> stream_;
  std::atomic<bool> broken_{false};
};

struct Message {
  uint64_t tag;
  std::vector<uint8_t> bytes;
};

std::vector<uint8_t> fence(uint64_t mark) {
  Record record{};
  record.kind = Kind::kFence;
  record.value = mark;
  return Script().put(record).bytes();
}

void run(const uint8_t* data, size_t size) {
  Input input(data, size);
  std::unique_ptr<Link> here;
  std::unique_ptr<Link> there;
  hosts().meet(&here, &there);
  uint32_t id = 0;
  Driver& speaker = *hosts().speaker;
  require(speaker.attach(there.get(), &id).ok(), "a link is driven");
  std::vector<uint8_t> answer(kMessageBytes);
  std::vector<Message> messages;
  {
    Target target(std::move(here));
    while (!input.empty() && messages.size() < kMostMessages) {
      const bool payload = (input.get<uint8_t>() & 1) != 0;
      messages.push_back({payload ? kPayloadTag : kRecordTag, input.block(input.get<uint16_t>())});
      if (!payload) target.put_keys(&messages.back().bytes);
    }
    messages.push_back({kRecordTag, fence(kMark)});
    (void)speaker.receive(id, kRecordTag, answer.data(), answer.size());
    for (const Message& message : messages)
      (void)speaker.send(id, message.tag, message.bytes.data(), message.bytes.size());
    const Nanos end = now() + kQuiet;
    while (!target.broken() && !hosts().ended && !hosts().answered && now() < end) speaker.drive(kMillisecond, 0);
  }
  there->close();
  hosts().there.detach(there.get());
}

Script message(uint8_t payload, const Script& body) {
  return Script()
      .put(payload)
      .put(static_cast<uint16_t>(body.bytes().size()))
      .put_bytes(body.bytes().data(), body.bytes().size());
}

Record record(Kind kind, uint64_t memory, uint64_t offset, uint64_t bytes, uint64_t value) {
  return {kind, 0, memory, 0, offset, bytes, value};
}

std::vector<Seed> seeds() {
  const std::vector<uint8_t> large(300, 3);
  const Script small = message(0, Script()
                                      .put(record(Kind::kPut, kData, 8, 5, 1))
                                      .put_bytes("hello\0\0\0", 8)
                                      .put(record(Kind::kSignal, kBoard, 16, 0, 1)));
  Script apart = message(
      0, Script().put(record(Kind::kLargePut, kData, 64, large.size(), 1)).put(record(Kind::kSignal, kBoard, 0, 0, 1)));
  const Script payload = message(1, Script().put_bytes(large.data(), large.size()));
  apart.put_bytes(payload.bytes().data(), payload.bytes().size());
  return {{"small", small.bytes()},
          {"large", apart.bytes()},
          {"beyond", message(0, Script().put(record(Kind::kSignal, kBoard, 28, 0, 1))).bytes()},
          {"untold", message(0, Script().put(record(Kind::kPut, kUntold, 0, 8, 1)).put(uint64_t{7})).bytes()},
          {"unasked", message(0, Script().put(record(Kind::kFenced, 0, 0, 0, 9))).bytes()}};
}

const Registered registered({"port_records", run, seeds});

}  // namespace
}  // namespace hawser::fuzz
