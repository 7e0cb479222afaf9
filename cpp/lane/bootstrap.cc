#include "lane/bootstrap.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "net/socket/address.h"

namespace hawser {

namespace {

constexpr uint32_t kLongestRefusal = 400;
constexpr Nanos kRetryInterval = 100 * kMillisecond;

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Status resolve(const std::string& host, uint16_t port, int flags, Addresses* out) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int rc = getaddrinfo(host.empty() ? nullptr : host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (rc != 0) return {HAWSER_INVALID_ARGUMENT, "cannot resolve '" + host + "': " + gai_strerror(rc)};
  *out = Addresses(found, freeaddrinfo);
  return {};
}

int millis_until(Nanos deadline) {
  const Nanos left = deadline - now();
  return left <= 0 ? 0 : static_cast<int>(std::min<Nanos>((left + kMillisecond - 1) / kMillisecond, 1'000'000));
}

std::string where(const std::string& host, uint16_t port) { return host + ":" + std::to_string(port); }

// One attempt at one address, until `deadline`.
Status try_connect(const addrinfo& address, Nanos deadline, int* out) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Status::from_errno(HAWSER_IO, "socket");
  int error = connect(fd, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd wait{fd, POLLOUT, 0};
    int ready = 0;
    do {
      ready = poll(&wait, 1, millis_until(deadline));
    } while (ready < 0 && errno == EINTR);
    if (ready == 0) {
      error = ETIMEDOUT;
    } else {
      socklen_t length = sizeof(error);
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    }
  }
  if (error != 0) {
    close(fd);
    return Status::from_errno(HAWSER_REFUSED, "connect", error);
  }
  tune_tcp_socket(fd);  // the flights of a handshake must not wait for acknowledgements
  *out = fd;
  return {};
}

Status recv_all(SecureSocket& socket, void* data, size_t bytes, Nanos deadline, const char* what) {
  auto* at = static_cast<unsigned char*>(data);
  size_t got = 0;
  while (got < bytes) {
    const ssize_t n = socket.receive(at + got, bytes - got);
    if (n > 0) {
      got += static_cast<size_t>(n);
      continue;
    }
    if (n == 0) {
      return {HAWSER_REFUSED,
              std::string("the listener closed the connection after ") + std::to_string(got) + " of " +
                  std::to_string(bytes) + " bytes of " + what,
              ECONNRESET};
    }
    if (errno != EAGAIN && errno != EINTR) {
      return socket.explain(errno == EPROTO ? HAWSER_REFUSED : HAWSER_IO, std::string("reading ") + what, errno);
    }
    if (now() >= deadline) {
      return {HAWSER_TIMEOUT, std::string("the listener sent no ") + what + " in time: is it a Hawser bootstrap port?"};
    }
    pollfd wait{socket.fd(), POLLIN, 0};
    poll(&wait, 1, millis_until(deadline));
  }
  return {};
}

}  // namespace

Status bootstrap_server_create(const std::string& address, uint16_t port, int* listen_fd) {
  Addresses addresses(nullptr, freeaddrinfo);
  if (Status status = resolve(address, port, AI_PASSIVE, &addresses); !status.ok()) return status;
  // Without an address one IPv6 socket serves both families where the machine has IPv6.
  const addrinfo* chosen = addresses.get();
  for (const addrinfo* a = addresses.get(); a != nullptr; a = a->ai_next) {
    if (a->ai_family == AF_INET6) chosen = a;
  }
  for (const addrinfo* a : {chosen, static_cast<const addrinfo*>(addresses.get())}) {
    const int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) continue;
    const int on = 1;
    const int off = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (a->ai_family == AF_INET6 && address.empty()) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0) {
      *listen_fd = fd;
      return {};
    }
    const int error = errno;
    close(fd);
    if (error == EADDRINUSE || a == addresses.get()) {
      return Status::from_errno(HAWSER_IO,
                                "cannot listen on " + where(address.empty() ? "*" : address, port) +
                                    " (another listener? choose one with --port)",
                                error);
    }
  }
  return Status::from_errno(HAWSER_IO, "cannot make a socket for " + where(address, port));
}

uint16_t bootstrap_port(int listen_fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (getsockname(listen_fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6&>(address).sin6_port);
  return ntohs(reinterpret_cast<sockaddr_in&>(address).sin_port);
}

std::vector<unsigned char> bootstrap_message(const std::vector<Handle>& handles) {
  const auto count = static_cast<uint32_t>(handles.size());
  std::vector<unsigned char> message(sizeof(count) + handles.size() * sizeof(Handle));
  std::memcpy(message.data(), &count, sizeof(count));
  if (count != 0) std::memcpy(message.data() + sizeof(count), handles.data(), handles.size() * sizeof(Handle));
  return message;
}

std::vector<unsigned char> bootstrap_refusal(const std::string& why) {
  const auto length = static_cast<uint32_t>(std::min<size_t>(why.size(), kLongestRefusal));
  std::vector<unsigned char> message(sizeof(length) + length);
  std::memcpy(message.data(), &length, sizeof(length));
  std::memcpy(message.data() + sizeof(length), why.data(), length);
  return message;
}

Status bootstrap_client_connect(const std::string& host, uint16_t port, Nanos deadline, int* fd, NoListener refusal) {
  Addresses addresses(nullptr, freeaddrinfo);
  if (Status status = resolve(host, port, 0, &addresses); !status.ok()) return status;
  for (int attempt = 1;; ++attempt) {
    Status last;
    for (const addrinfo* a = addresses.get(); a != nullptr; a = a->ai_next) {
      last = try_connect(*a, deadline, fd);
      if (last.ok()) return {};
    }
    const bool gone = refusal == NoListener::kGone && last.sys_errno() == ECONNREFUSED;
    if (gone || now() + kRetryInterval >= deadline) {
      return Status::from_errno(last.sys_errno() == ETIMEDOUT ? HAWSER_TIMEOUT : HAWSER_REFUSED,
                                "no listener at " + where(host, port) + " after " + std::to_string(attempt) +
                                    " attempts (start it, or check address and port)",
                                last.sys_errno());
    }
    poll(nullptr, 0, static_cast<int>(kRetryInterval / kMillisecond));
  }
}

Status bootstrap_client_recv_handles(SecureSocket& socket, Nanos deadline, std::vector<Handle>* handles) {
  uint32_t count = 0;
  if (Status status = recv_all(socket, &count, sizeof(count), deadline, "lane count"); !status.ok()) return status;
  if (count == 0) return {HAWSER_REFUSED, "the listener offers no lanes: its device list is empty"};
  if (count > HAWSER_MAX_LANES) {
    return {HAWSER_REFUSED, "the other end offers " + std::to_string(count) + " lanes, more than " +
                                std::to_string(HAWSER_MAX_LANES) + ": it is no Hawser bootstrap port"};
  }
  handles->resize(count);
  return recv_all(socket, handles->data(), count * sizeof(Handle), deadline, "lane handles");
}

std::string bootstrap_client_recv_refusal(SecureSocket& socket, Nanos deadline) {
  uint32_t length = 0;
  if (!recv_all(socket, &length, sizeof(length), deadline, "refusal").ok() || length > kLongestRefusal) return {};
  std::string why(length, ' ');
  return recv_all(socket, why.data(), length, deadline, "refusal").ok() ? why : std::string();
}

}  // namespace hawser
