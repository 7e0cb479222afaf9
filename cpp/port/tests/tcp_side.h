// One end of a Tcp stream in a test: an engine, its driving thread, a memory with a word in it, and what was heard.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "lane/tests/party.h"
#include "port/tcp/stream.h"
#include "port/word.h"

namespace hawser::port::testing {

using hawser::testing::kPatience;
using hawser::testing::random_bytes;
using hawser::testing::test_config;

constexpr uint64_t kMemory = 7;
constexpr uint64_t kBoard = 8;
constexpr size_t kMemoryBytes = 24u << 20;

template <typename Done>
bool eventually(Done&& done, Nanos patience = kPatience) {
  const Nanos deadline = now() + patience;
  while (!done()) {
    if (now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

class TcpSide : private TcpStream::Owner {
 public:
  explicit TcpSide(std::string name) : name_(std::move(name)), data(kMemoryBytes) {
    hawser_config config = test_config();
    config.link_timeout_ns = kSecond;
    const Status status = engine.open(config);
    EXPECT_TRUE(status.ok()) << status.text();
    driver = std::make_unique<TcpDriver>(engine);
    EXPECT_TRUE(memories.add(kMemory, data.data(), data.size(), &data_key).ok());
    EXPECT_TRUE(memories.add(kBoard, &board, sizeof(board), &board_key).ok());
  }
  ~TcpSide() override { close(); }

  void open(std::unique_ptr<Link> link, const std::string& peer) {
    stream = std::make_shared<TcpStream>(*driver, memories, std::move(link), static_cast<TcpStream::Owner&>(*this),
                                         name_, peer);
    Status status;
    driver->run([&] { status = stream->open(); });
    ASSERT_TRUE(status.ok()) << status.text();
  }
  void close() {
    if (stream != nullptr) driver->run([&] { stream->close(); });
  }
  // Frees the memory of this number, as its registration's end does.
  void free(uint64_t number) {
    if (memories.remove(number)) driver->evict(number);
  }

  // What this side says to `peer`; each waits for room.
  void put(const TcpSide& peer, uint64_t offset, const void* from, uint64_t bytes) {
    tcp::Record record = to(peer.data_key, kMemory, offset);
    record.bytes = bytes;
    record.value = 5;
    until_said([&] { return stream->outbound().put(record, from); });
  }
  void signal(const TcpSide& peer, uint64_t value, size_t word = 0) {
    tcp::Record record = to(peer.board_key, kBoard, word * sizeof(hawser_port_word));
    record.kind = tcp::Kind::kSignal;
    record.value = value;
    say(record);
  }
  void fence(uint64_t mark) {
    tcp::Record record{};
    record.kind = tcp::Kind::kFence;
    record.value = mark;
    stream->expect_fenced(mark);
    say(record);
  }
  void say(const tcp::Record& record) {
    until_said([&] { return stream->outbound().say(record); });
  }
  static tcp::Record to(uint64_t key, uint64_t memory, uint64_t offset) {
    tcp::Record record{};
    record.key = key;
    record.memory = memory;
    record.offset = offset;
    return record;
  }

  Status why() {
    const std::scoped_lock lock(mutex_);
    return why_;
  }

 private:
  std::string name_;

 public:
  Engine engine;
  TcpMemories memories;
  std::unique_ptr<TcpDriver> driver;
  std::shared_ptr<TcpStream> stream;
  std::vector<unsigned char> data;
  std::array<hawser_port_word, 4> board{};
  uint64_t data_key = 0;
  uint64_t board_key = 0;
  std::atomic<uint64_t> fenced{0};
  std::atomic<uint64_t> rooms{0};
  std::atomic<bool> broken{false};

 private:
  template <typename Say>
  void until_said(Say&& said) {
    ASSERT_TRUE(eventually([&] { return said() || broken; }));
    stream->outbound().flush();
  }

  void on_fenced(uint64_t mark) override { fenced = mark; }
  void on_room() override { ++rooms; }
  void on_broken(Status status) override {
    {
      const std::scoped_lock lock(mutex_);
      why_ = std::move(status);
    }
    broken = true;
  }

  std::mutex mutex_;
  Status why_;
};

inline void connect_engines(Engine& from, Engine& to, std::unique_ptr<Link>* there, std::unique_ptr<Link>* here) {
  Listener listener(to);
  ASSERT_TRUE(listener.open("127.0.0.1", 0).ok());
  std::thread accepting([&] { EXPECT_TRUE(listener.accept(kPatience, here).ok()); });
  EXPECT_TRUE(connect_link(from, "127.0.0.1", listener.port(), kPatience, there).ok());
  accepting.join();
}

struct TcpSides {
  TcpSides() {
    std::unique_ptr<Link> there;
    std::unique_ptr<Link> here;
    connect_engines(a.engine, b.engine, &there, &here);
    a.open(std::move(there), "rank 1");
    b.open(std::move(here), "rank 0");
  }
  TcpSide a{"rank 0"};
  TcpSide b{"rank 1"};
};

}  // namespace hawser::port::testing
