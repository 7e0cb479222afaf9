// One link of the Tcp transport and what is said on it in both directions.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "port/tcp/inbound.h"
#include "port/tcp/outbound.h"

namespace hawser::port {

class TcpStream : public TcpClient, public std::enable_shared_from_this<TcpStream> {
 public:
  // Calls come from the driver's thread, until close() has returned.
  class Owner {
   public:
    virtual ~Owner() = default;
    // All before this fence is in the peer's memory.
    virtual void on_fenced(uint64_t mark) = 0;
    // There is room for what found none.
    virtual void on_room() = 0;
    // Once.
    virtual void on_broken(Status why) = 0;
  };

  TcpStream(TcpDriver& driver, TcpMemories& memories, std::unique_ptr<Link> link, Owner& owner, std::string me,
            std::string peer);
  // After close().
  ~TcpStream() override = default;

  // [driver]
  Status open();
  void close();

  TcpOutbound& outbound() { return outbound_; }
  // [under the lock that orders what is said] A fence with this mark was said.
  void expect_fenced(uint64_t mark) { expected_.store(mark, std::memory_order_relaxed); }

 private:
  void on_event(const hawser_event& event) override;
  Nanos after_events(Nanos time) override;
  void evict(uint64_t memory) override { inbound_.evict(memory); }
  void on_receive_done(TcpOperation operation, size_t slot, const hawser_event& event);
  void suspect(Status why);
  void end(Status why);

  TcpDriver& driver_;
  std::unique_ptr<Link> link_;
  Owner& owner_;
  std::string peer_;
  TcpOutbound outbound_;
  TcpInbound inbound_;
  uint32_t id_ = 0;
  uint64_t ids_ = 0;
  bool open_ = false;
  bool broken_ = false;
  std::atomic<uint64_t> expected_{0};
  uint64_t fenced_ = 0;
  Nanos patience_ends_ = 0;  // 0: nothing is suspected
  Status suspicion_;
};

}  // namespace hawser::port
