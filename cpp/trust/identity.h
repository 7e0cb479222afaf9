// Who this party is and whom it trusts, for connections to be: TLS 1.3, both ends proven by certificates or by a key
// that they share.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <string>

#include "base/status.h"
#include "hawser_trust.h"

namespace hawser {

// TLS over one connected socket that does not block, which stays its owner's and outlives the session. One thread at a
// time.
class TlsSession {
 public:
  virtual ~TlsSession() = default;

  // A step, without waiting; *done once both ends have proven themselves. Until then call again when the socket has
  // what awaits() says. An error says in one line why one end refuses the other; its errno is that of a connection
  // which the peer has ended without a reason.
  virtual Status handshake(bool* done) = 0;
  // POLLIN or POLLOUT.
  virtual short awaits() const = 0;

  // As sendmsg and recvmsg on a socket that does not block: a short count of send means that the socket is full, one of
  // receive that nothing more is there; 0 is the peer's orderly end. After -1 with EAGAIN the next send must begin with
  // the same bytes. -1 with EPROTO: what came is not what the peer sent, and failure() tells.
  virtual ssize_t send(const iovec* vectors, size_t count) = 0;
  virtual ssize_t receive(const iovec* vectors, size_t count) = 0;
  virtual const std::string& failure() const = 0;
  // Whether a short count of receive met the end or an error, which the next call returns, rather than nothing more.
  virtual bool ended() const = 0;
  // The socket has another descriptor from now on.
  virtual void move_to(int fd) = 0;

  // After the handshake: whether the peer may speak as `rank`; -1: as a party without one.
  virtual Status vouch(int rank) const = 0;
  // Whether both ends remembered each other from a session before.
  virtual bool resumed() const = 0;
};

// How far what is in the clear may go, where there is no identity: the operator says so.
enum class Clear { kThisMachine, kAnywhere };

class Identity {
 public:
  virtual ~Identity() = default;

  // [any] See hawser_identity_open.
  static Status open(const hawser_identity_config& config, std::shared_ptr<Identity>* out);
  // [any]
  virtual Status reload() = 0;

  // [any] The end that connects. `meeting` names the listener: the last session with it is
  // resumed, or else the last one of all.
  virtual Status connect(int fd, const std::string& meeting, std::unique_ptr<TlsSession>* out) = 0;
  // [any] The end that listens.
  virtual Status accept(int fd, std::unique_ptr<TlsSession>* out) = 0;
};

}  // namespace hawser

// What the C ABI hands out: the links of engines that were opened with it outlive it.
struct hawser_identity {
  std::shared_ptr<hawser::Identity> identity;
};
