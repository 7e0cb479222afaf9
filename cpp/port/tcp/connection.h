// A connection of the transport Tcp: works become records and payloads of its stream.
#pragma once

#include "port/connection.h"
#include "port/tcp/stream.h"

namespace hawser::port {

// A peer's memory.
class TcpPeerMemory : public Registration {
 public:
  explicit TcpPeerMemory(uint64_t key) : key_(key) {}
  uint64_t key() const { return key_; }

 private:
  uint64_t key_;
};

// HAWSER_UNSUPPORTED when the memory is a GPU's.
Status only_host_memory(const Memory& memory);

class TcpConnection final : public Connection, private TcpStream::Owner {
 public:
  TcpConnection(Context& context, std::unique_ptr<Control> control, TcpDriver& driver, TcpMemories& memories,
                std::unique_ptr<Link> link);
  ~TcpConnection() override;

  // Once, before anyone submits.
  Status open();

  // The bytes of small puts are copied, the others are read by the driver's thread.
  bool posts_without_copying() const override { return true; }

 private:
  // The link does, and outlives what is cut beside it.
  bool notices_death() const override { return true; }
  bool advance(Work& work) override;
  void advanced() override { stream_->outbound().flush(); }
  void stop() override;
  void settle() override;
  void on_fenced(uint64_t mark) override { complete(mark); }
  void on_room() override { pump(); }
  void on_broken(Status why) override { fail(std::move(why)); }

  TcpDriver& driver_;
  // The last task that names it may run after this connection's end.
  std::shared_ptr<TcpStream> stream_;
};

}  // namespace hawser::port
