// Two ranks of a benchmark, before the link between them is there.
#pragma once

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "arguments.h"
#include "base/clock.h"
#include "port/control.h"

namespace hawser::bench {

// Where the two ranks tell each other what set-up needs, and how much is to be done.
class Meeting {
 public:
  // Hears for `patience` at most. The descriptor stays open for the process's life.
  Meeting(int fd, Nanos patience) : fd_(fd) {
    const timeval limit{static_cast<time_t>(patience / kSecond), 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  }

  void tell(const std::vector<uint8_t>& bytes) {
    const auto length = static_cast<uint32_t>(bytes.size());
    send_all(&length, sizeof(length));
    send_all(bytes.data(), bytes.size());
  }
  std::vector<uint8_t> hear() {
    uint32_t length = 0;
    receive_all(&length, sizeof(length));
    std::vector<uint8_t> bytes(length);
    receive_all(bytes.data(), length);
    return bytes;
  }
  template <typename Value>
  Value exchange(const Value& mine) {
    send_all(&mine, sizeof(mine));
    Value theirs{};
    receive_all(&theirs, sizeof(theirs));
    return theirs;
  }

 private:
  void send_all(const void* data, size_t bytes) {
    if (::send(fd_, data, bytes, MSG_NOSIGNAL) != static_cast<ssize_t>(bytes)) die("the other rank is gone");
  }
  void receive_all(void* data, size_t bytes) {
    if (bytes != 0 && ::recv(fd_, data, bytes, MSG_WAITALL) != static_cast<ssize_t>(bytes)) {
      die("the other rank is gone");
    }
  }
  int fd_;
};

// Rank 0 waits at the place, rank 1 comes there.
inline int meet(const std::string& host, const std::string& service, int rank, Nanos patience) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), service.c_str(), &hints, &found) != 0) die("no host " + host);
  const Nanos deadline = now() + patience;
  if (rank == 0) {
    const int door = socket(found->ai_family, SOCK_STREAM, 0);
    const int on = 1;
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(door, found->ai_addr, found->ai_addrlen) != 0 || listen(door, 1) != 0) die("cannot wait at that port");
    const int fd = port::await_ready(door, POLLIN, deadline) ? accept(door, nullptr, nullptr) : -1;
    if (fd < 0) die("rank 1 did not come");
    return fd;
  }
  for (;;) {
    const int fd = socket(found->ai_family, SOCK_STREAM, 0);
    if (connect(fd, found->ai_addr, found->ai_addrlen) == 0) return fd;
    close(fd);
    if (now() > deadline) die("rank 0 is not there");
    usleep(20'000);
  }
}

}  // namespace hawser::bench
