// What a Tcp connection has to say: records gathered in messages, and the payloads of large puts, several of each on
// their way at once.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <vector>

#include "port/tcp/driver.h"
#include "port/tcp/wire.h"

namespace hawser::port {

// What the engine's completions name.
enum class TcpOperation : uint64_t { kMessage = 0, kPayload = 1, kReceive = 2, kLanding = 3 };

constexpr uint64_t tcp_operation_id(TcpOperation operation, size_t slot) {
  return static_cast<uint64_t>(operation) << 16 | slot;
}

class TcpOutbound {
 public:
  explicit TcpOutbound(TcpDriver& driver);

  // Before anything else. `ids` is what the ids of all operations begin with.
  void open(uint32_t link, uint64_t ids);

  // [any] False: no room now, and take_hunger() tells of it. Of a small put the bytes are copied; a large one's must
  // stay until they have arrived.
  bool put(tcp::Record record, const void* data);
  bool say(const tcp::Record& record);
  // [any] What was said goes to the engine.
  void flush();

  // [driver] Answers a fence, now or when there is room.
  void say_fenced(uint64_t mark);
  void on_sent(TcpOperation operation, size_t slot);
  // [driver] Whether someone found no room since this was asked last.
  bool take_hunger();

 private:
  static constexpr size_t kMessages = 32;
  static constexpr size_t kPayloads = 16;
  struct Message {
    std::unique_ptr<unsigned char[]> data;
    uint32_t bytes = 0;
  };

  // All under the lock.
  unsigned char* room(uint64_t bytes);
  bool put_record(const tcp::Record& record, const void* data, uint64_t bytes);
  bool send_open_message();
  bool send(TcpOperation operation, size_t slot, uint64_t tag, const void* data, uint64_t bytes);
  void answer();

  TcpDriver& driver_;
  uint32_t link_ = 0;
  uint64_t ids_ = 0;
  std::mutex mutex_;
  std::array<Message, kMessages> messages_;
  std::vector<size_t> free_messages_;
  std::vector<size_t> free_payloads_;
  bool writing_ = false;  // free_messages_.back() is open: not handed to the engine yet
  uint64_t fenced_ = 0;   // the highest mark to answer, 0 when there is none
  bool hungry_ = false;
};

}  // namespace hawser::port
