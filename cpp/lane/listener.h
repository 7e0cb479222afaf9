// The end that waits: a bootstrap port, and for every connector that comes a set of lanes of its own.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "lane/engine.h"
#include "trust/secure_socket.h"

namespace hawser {

class Listener {
 public:
  explicit Listener(Engine& engine) : engine_(engine) {}
  ~Listener();

  Status open(const std::string& address, uint16_t port);
  uint16_t port() const { return port_; }
  // Readable when somebody comes.
  int fd() const { return fd_; }
  Engine& engine() { return engine_; }

  // Blocks until a connector has come with all its lanes, or HAWSER_TIMEOUT. Connectors that never finish are dropped
  // after ten seconds and delay nobody.
  Status accept(Nanos timeout, std::unique_ptr<Link>* out);
  uint64_t strangers() const { return strangers_.load(std::memory_order_relaxed); }

 private:
  struct Session {
    SecureSocket socket;
    Nanos deadline = 0;
    std::vector<unsigned char> message;        // what is still to be written
    std::unique_ptr<ChannelManager> channels;  // once the connector has proven itself
    uint64_t strangers = 0;
    bool left = false;  // the connector has closed its end
  };

  void wait(Nanos deadline);
  Status take_connectors();
  Status open_session(UniqueFd fd);
  // The connector has proven itself: it is offered lanes.
  Status offer_lanes(Session& session);
  // Writes what the connector's socket takes.
  Status write(Session& session);
  // A step towards a link. An error: the session is over.
  Status advance(Session& session, std::unique_ptr<Link>* link);
  // Who has come first and not finished since goes, those who have proven nothing before the others: a crowd of
  // strangers cannot lock the others out. False when none is there.
  bool drop_oldest();
  // True when the session is over: complete (then `link` is set), broken or late.
  bool step(Session& session, std::unique_ptr<Link>* link);
  // Whoever came is no party of ours: an error of why, or nothing but late.
  void turn_away(const Status& why);
  void count_strangers(Session& session);

  Engine& engine_;
  int fd_ = -1;
  uint16_t port_ = 0;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::atomic<uint64_t> strangers_{0};
  std::string last_refusal_;
};

// What tells one connector from another where both ends have agreed on it: the listener finds it in the hello of the
// link's channels.
using Ticket = std::array<uint64_t, 2>;

// The end that comes: bootstrap, all lanes, hello. Blocks until `timeout` has passed. Comes again where the listener
// has ended the connection without a reason, as it does with those whom a crowd pushes out.
Status connect_link(Engine& engine, const std::string& host, uint16_t port, Nanos timeout, std::unique_ptr<Link>* out,
                    const Ticket& ticket = {});
// The same over a connection to the bootstrap port that the caller made.
Status connect_link(Engine& engine, UniqueFd bootstrap, Nanos deadline, std::unique_ptr<Link>* out,
                    const Ticket& ticket = {});

}  // namespace hawser
