// What the peer of a Tcp connection says: puts land in this process's memories, and a signal is stored or a fence
// answered when every put before it has landed. The driver's thread alone. Nothing that the peer says is believed.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "port/tcp/driver.h"
#include "port/tcp/memories.h"
#include "port/tcp/outbound.h"
#include "port/tcp/wire.h"

namespace hawser::port {

class TcpInbound {
 public:
  // `me` and `peer` are names for messages.
  TcpInbound(TcpDriver& driver, TcpMemories& memories, TcpOutbound& outbound, std::string me, std::string peer);
  // No operation of it is under way any more.
  ~TcpInbound();

  // Receives from now on.
  void open(uint32_t link, uint64_t ids);

  // A record message, or the payload of a large put, is there. An error: the peer must not do that, or may not.
  Status on_message(size_t slot, uint64_t bytes);
  Status on_landed(size_t slot, int32_t code, uint64_t bytes);
  void evict(uint64_t memory);

  // The highest fence of this side that the peer has answered.
  uint64_t fenced() const { return fenced_; }

 private:
  static constexpr size_t kReceives = 16;
  static constexpr size_t kLandings = 32;
  static constexpr size_t kWaiting = 1024;

  struct Receive {
    std::vector<unsigned char> data;
    size_t bytes = 0;  // 0: nothing is there yet
    size_t read = 0;
  };
  struct Landing {
    tcp::Record record{};
    unsigned char* at = nullptr;
    bool used = false;    // a waiting entry speaks of it
    bool landed = false;  // its memory is not written to any more
  };
  // In the order of the peer's words: a large put, or a signal or fence behind one.
  struct Waiting {
    tcp::Record record{};
    size_t landing = 0;  // kLargePut
  };

  void receive(size_t slot);
  Status read();
  // *taken false: not before a landing has ended.
  Status take(Receive& message, bool* taken);
  Status take_put(const tcp::Record& record, const unsigned char* data, bool* taken);
  Status take_large_put(const tcp::Record& record, bool* taken);
  Status apply(const tcp::Record& record);
  Status settle();
  bool hits_landing(const unsigned char* at, uint64_t bytes) const;
  Status refuse(const tcp::Record& record, const Status& why) const;
  Status broken(const char* what) const;

  TcpDriver& driver_;
  TcpMemories& memories_;
  TcpOutbound& outbound_;
  std::string me_;
  std::string peer_;
  uint32_t link_ = 0;
  uint64_t ids_ = 0;
  std::array<Receive, kReceives> receives_;
  size_t first_ = 0;  // messages come in the order in which their receives were posted
  std::array<Landing, kLandings> landings_;
  size_t under_way_ = 0;
  std::deque<Waiting> waiting_;
  uint64_t fenced_ = 0;
};

}  // namespace hawser::port
