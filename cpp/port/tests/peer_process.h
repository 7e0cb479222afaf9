// A peer in a process of its own, which a test may kill. Made before the test has threads: the child goes on from fork.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace hawser::port::testing {

// How the two tell each other their bytes.
class Pipe {
 public:
  explicit Pipe(UniqueFd fd) : fd_(std::move(fd)) {}
  void tell(const std::vector<uint8_t>& bytes) {
    const auto length = static_cast<uint32_t>(bytes.size());
    EXPECT_EQ(::send(fd_.get(), &length, sizeof(length), MSG_NOSIGNAL), static_cast<ssize_t>(sizeof(length)));
    EXPECT_EQ(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  std::vector<uint8_t> hear() {
    uint32_t length = 0;
    if (::recv(fd_.get(), &length, sizeof(length), MSG_WAITALL) != static_cast<ssize_t>(sizeof(length))) return {};
    std::vector<uint8_t> bytes(length);
    if (::recv(fd_.get(), bytes.data(), length, MSG_WAITALL) != static_cast<ssize_t>(length)) return {};
    return bytes;
  }

 private:
  UniqueFd fd_;
};

class PeerProcess {
 public:
  // `body` runs in the child; true is success.
  explicit PeerProcess(const std::function<bool(Pipe&)>& body) {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid_ = fork();
    if (pid_ == 0) {
      alarm(60);  // no child outlives a test that died
      ::close(ends[0]);
      Pipe pipe{UniqueFd(ends[1])};
      _exit(body(pipe) && !::testing::Test::HasFailure() ? 0 : 1);
    }
    ::close(ends[1]);
    pipe_ = std::make_unique<Pipe>(UniqueFd(ends[0]));
  }
  ~PeerProcess() {
    if (pid_ > 0) {
      kill();
      wait();
    }
  }
  Pipe& pipe() { return *pipe_; }
  void kill() { ::kill(pid_, SIGKILL); }
  // The child's exit status, or -1 when it was killed.
  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = 0;
  std::unique_ptr<Pipe> pipe_;
};

}  // namespace hawser::port::testing
