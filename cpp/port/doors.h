// Where peers knock: a Unix socket for those on this machine, a TCP socket for the others. A knock names this context,
// which only those know who were told, and wants one of two things: to be joined to an endpoint, or a memory's
// descriptor.
#pragma once

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>

#include "port/control.h"
#include "port/watches.h"
#include "trust/identity.h"

namespace hawser::port {

class Doors {
 public:
  Doors();
  ~Doors();

  // `address` is a numeric address or a device's name.
  // An identity proves this context to peers on other machines, and them to it; null: in the clear.
  Status open(int32_t rank, const std::string& address, std::shared_ptr<Identity> identity, Clear clear);
  const Origin& origin() const { return origin_; }
  Watches& watches() { return watches_; }
  // Whether `peer` is on this machine and shares its Unix sockets.
  bool is_near(const Origin& peer) const;
  // Whether it is a context of this very process.
  bool is_here(const Origin& peer) const;

  // [any, blocks] Joins endpoint `mine` of this context to endpoint `theirs` of the peer's: the one with the smaller
  // name knocks. Near peers are joined by the Unix socket.
  Status join(uint64_t mine, const Origin& peer, uint64_t theirs, Nanos deadline, std::unique_ptr<Control>* out);
  // [context thread] Sends away who has not knocked in time. How long until the next one is late; < 0: nobody waits.
  Nanos dismiss();
  // [any, blocks] The descriptor of a near peer's SharedMemory.
  Status fetch(const Origin& peer, uint64_t shared_memory, Nanos deadline, UniqueFd* out);

 private:
  class Door;
  class Visitor;
  struct Knock;
  struct Arrival {
    uint64_t endpoint = 0;  // of this context
    uint64_t theirs = 0;
    Origin who;  // id and rank
    SecureSocket socket;
  };

  Status open_near();
  Status open_far(const std::string& address);
  // Connects to the peer's door. Doors are open before peers hear of them: HAWSER_REFUSED with ECONNREFUSED tells that
  // the peer is gone.
  Status reach(const Origin& peer, Nanos deadline, UniqueFd* out) const;
  Status knock(const Origin& peer, const Knock& knock, Nanos deadline, SecureSocket* out);
  // [blocks] Both ends prove themselves; HAWSER_REFUSED when the peer may not speak as its rank.
  Status secure(const Origin& peer, Nanos deadline, SecureSocket& socket);
  Status greet(const Origin& peer, uint64_t mine, uint64_t theirs, Nanos deadline, std::unique_ptr<Control>* out);
  Status await(const Origin& peer, uint64_t mine, uint64_t theirs, Nanos deadline, std::unique_ptr<Control>* out);
  // [context thread]
  void admit(UniqueFd fd);
  void serve(Visitor* visitor);
  bool answer(const Knock& knock, SecureSocket& socket);
  void forget(Visitor* visitor);

  Origin origin_;
  std::shared_ptr<Identity> identity_;
  Clear clear_ = Clear::kThisMachine;
  Watches watches_;
  std::unique_ptr<Door> near_;
  std::unique_ptr<Door> far_;
  std::list<std::unique_ptr<Visitor>> visitors_;  // context thread alone
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::list<Arrival> arrivals_;  // for endpoints that are to be joined
};

}  // namespace hawser::port
