#include "trust/secure_socket.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "net/socket/address.h"

namespace hawser {

namespace {

// Between addresses of one machine the kernel hands bytes over itself: none of them is on a wire.
Status check_clear(int fd, Clear clear) {
  if (clear == Clear::kAnywhere) return {};
  const SocketAddress peer = SocketAddress::peer_of(fd);
  if ((peer.family() != AF_INET && peer.family() != AF_INET6) || peer.is_local()) return {};
  return {HAWSER_REFUSED,
          "what goes to and from " + peer.text() +
              " would be in the clear, for all on the network to read and to forge: give an identity "
              "(HAWSER_TLS_CERTIFICATE or HAWSER_TLS_PSK_FILE), or say --insecure or HAWSER_INSECURE=1"};
}

}  // namespace

Status SecureSocket::connect(Identity* identity, Clear clear, const std::string& meeting) {
  return identity == nullptr ? check_clear(fd_.get(), clear) : identity->connect(fd_.get(), meeting, &tls_);
}

Status SecureSocket::accept(Identity* identity, Clear clear) {
  return identity == nullptr ? check_clear(fd_.get(), clear) : identity->accept(fd_.get(), &tls_);
}

Status SecureSocket::handshake(bool* done) {
  *done = tls_ == nullptr;
  return *done ? Status() : tls_->handshake(done);
}

short SecureSocket::awaits() const { return tls_ == nullptr ? POLLIN : tls_->awaits(); }

Status SecureSocket::handshake_until(Nanos deadline) {
  for (;;) {
    bool done = false;
    if (Status status = handshake(&done); !status.ok() || done) return status;
    const Nanos left = deadline - now();
    if (left <= 0) return {HAWSER_TIMEOUT, "the peer did not prove itself in time: has it an identity, too?"};
    pollfd ready{fd_.get(), awaits(), 0};
    ::poll(&ready, 1, static_cast<int>(std::min<Nanos>(left / kMillisecond + 1, 60'000)));
  }
}

ssize_t SecureSocket::send(const msghdr& message, int flags) {
  if (tls_ != nullptr) return tls_->send(message.msg_iov, message.msg_iovlen);
  return ::sendmsg(fd_.get(), &message, flags | MSG_NOSIGNAL | MSG_DONTWAIT);
}

ssize_t SecureSocket::receive(msghdr* message) {
  if (tls_ != nullptr) return tls_->receive(message->msg_iov, message->msg_iovlen);
  return ::recvmsg(fd_.get(), message, MSG_DONTWAIT);
}

ssize_t SecureSocket::send(const void* data, size_t bytes) {
  iovec vector{const_cast<void*>(data), bytes};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  return send(message, 0);
}

ssize_t SecureSocket::receive(void* data, size_t bytes) {
  iovec vector{data, bytes};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  return receive(&message);
}

Status SecureSocket::explain(int32_t code, const std::string& what, int sys_errno) const {
  if (sys_errno == EPROTO && tls_ != nullptr) return {code, what + ": " + tls_->failure(), sys_errno};
  return sys_errno == 0 ? Status(code, what) : Status::from_errno(code, what, sys_errno);
}

UniqueFd SecureSocket::exchange(UniqueFd fd) {
  std::swap(fd, fd_);
  if (tls_ != nullptr) tls_->move_to(fd_.get());
  return fd;
}

}  // namespace hawser
