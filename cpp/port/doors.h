// Where peers knock: a Unix socket for those on this machine, a TCP socket for the others. A knock names this context,
// which only those know who were told, and wants one of two things: to be joined to an endpoint, or a memory's
// descriptor.
#pragma once

#include <condition_variable>
#include <list>
#include <map>
#include <memory>
#include <mutex>

#include "port/control.h"

namespace hawser::port {

struct Knock;

class Doors {
 public:
  Doors();
  ~Doors();

  // `address` is a numeric address or a device's name; empty: `fallback`, else loopback.
  Status open(int32_t rank, const std::string& address, const std::string& fallback);
  const Origin& origin() const { return origin_; }
  Poller& poller() { return poller_; }
  // Whether `peer` is on this machine and shares its Unix sockets.
  bool is_near(const Origin& peer) const;

  // [any, blocks] Joins endpoint `mine` of this context to endpoint `theirs` of the peer's: the one with the smaller
  // name knocks. Near peers are joined by the Unix socket.
  Status join(uint64_t mine, const Origin& peer, uint64_t theirs, Nanos deadline, std::unique_ptr<Control>* out);
  // [any, blocks] The descriptor of a near peer's SharedMemory.
  Status fetch(const Origin& peer, uint64_t shared_memory, Nanos deadline, UniqueFd* out);

  // [context thread] Waits at the doors and serves them, and everything else that is watched by the poller.
  void serve(Nanos timeout);

 private:
  class Door;
  class Visitor;
  void visit(UniqueFd fd, bool near);
  void finish(Visitor* visitor);
  void hand_out(Visitor& visitor);

  Origin origin_;
  Poller poller_;
  std::unique_ptr<Door> near_door_;
  std::unique_ptr<Door> far_door_;
  std::list<std::unique_ptr<Visitor>> visitors_;  // whose knock is not read yet; context thread alone
  std::mutex mutex_;
  std::condition_variable joined_;
  struct Arrived;
  std::list<Arrived> arrived_;  // for endpoints that are to be joined
};

}  // namespace hawser::port
