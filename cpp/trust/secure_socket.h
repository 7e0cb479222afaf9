// A connected TCP socket that does not block, and what makes it safe: TLS where this party has an identity, nothing in
// the clear. One thread at a time.
#pragma once

#include <sys/socket.h>

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "trust/identity.h"

namespace hawser {

class SecureSocket {
 public:
  SecureSocket() = default;
  explicit SecureSocket(UniqueFd fd) : fd_(std::move(fd)) {}

  // The end that connects and the end that listens; a null identity: in the clear, which is refused where the peer is
  // on another machine and the operator has not said that it may be: before a byte is sent or read. See Identity.
  Status connect(Identity* identity, Clear clear, const std::string& meeting);
  Status accept(Identity* identity, Clear clear);

  // See TlsSession; in the clear it is done at once.
  Status handshake(bool* done);
  short awaits() const;
  // [blocks] The whole of it.
  Status handshake_until(Nanos deadline);
  Status vouch(int rank) const { return tls_ == nullptr ? Status() : tls_->vouch(rank); }

  // As sendmsg with `flags` and recvmsg, and never a signal. See TlsSession for what short counts mean.
  ssize_t send(const msghdr& message, int flags);
  ssize_t receive(msghdr* message);
  ssize_t send(const void* data, size_t bytes);
  ssize_t receive(void* data, size_t bytes);
  // Whether receive() has found the connection's end or an error behind what it returned: the socket does not tell.
  bool ended() const { return tls_ != nullptr && tls_->ended(); }
  // What a call that ended with this errno met; `what` in the clear.
  Status explain(int32_t code, const std::string& what, int sys_errno) const;

  int fd() const { return fd_.get(); }
  bool valid() const { return fd_.valid(); }
  bool encrypted() const { return tls_ != nullptr; }
  bool resumed() const { return tls_ != nullptr && tls_->resumed(); }
  // Another descriptor of the same socket in its place; the one before is returned.
  UniqueFd exchange(UniqueFd fd);
  void reset() {
    tls_.reset();
    fd_.reset();
  }

 private:
  UniqueFd fd_;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace hawser
