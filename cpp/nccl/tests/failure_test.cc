// What NCCL hears when lanes, peers or settings fail it.
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "base/unique_fd.h"
#include "nccl/tests/host.h"
#include "net/socket/address.h"

namespace hawser::nccl::testing {
namespace {

// Beneath the plugin: shuts one of this process's TCP connections down, as a reset on the way would.
bool shut_one_connection() {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename());
    sockaddr_storage peer{};
    socklen_t length = sizeof(peer);
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) != 0 || peer.ss_family != AF_INET) continue;
    return shutdown(fd, SHUT_RDWR) == 0;
  }
  return false;
}

class PluginFailure : public ::testing::Test {
 protected:
  PluginFailure() {
    setenv("HAWSER_LANES", "=lo,lo,lo,lo", 1);
    setenv("HAWSER_LINK_TIMEOUT_MS", "1000", 1);
    unsetenv("HAWSER_CHUNK");
    unsetenv("HAWSER_NET");
    host = make_host(kNewestVersion);
  }

  void expect_refused(const char* variable, const char* value) {
    setenv(variable, value, 1);
    EXPECT_EQ(kInvalidArgument, host->init(&Log::write));
    unsetenv(variable);
    EXPECT_NE(std::string::npos, Log::instance().text().find(std::string(variable) + " is \"" + value + "\""));
  }

  std::unique_ptr<Host> host;
};

TEST_F(PluginFailure, ALaneThatIsCutLosesNothing) {
  ASSERT_EQ(kSuccess, host->init(&Log::write));
  {
    const CommPair pair(*host);
    ASSERT_TRUE(pair);
    const auto data = random_bytes(64 << 20, 1);
    std::vector<unsigned char> copy(data.size());
    void* sending = nullptr;
    void* receiving = nullptr;
    ASSERT_EQ(kSuccess, host->irecv(pair.receive, {{copy.data(), copy.size(), 1}}, &receiving));
    ASSERT_EQ(kSuccess, host->isend(pair.send, data.data(), data.size(), 1, &sending));
    int done = 0;
    for (int i = 0; i < 10 && done == 0; ++i) ASSERT_EQ(kSuccess, host->test(sending, &done, nullptr));
    ASSERT_TRUE(shut_one_connection());
    EXPECT_EQ(kSuccess, host->await(receiving));
    EXPECT_EQ(kSuccess, host->await(sending));
    EXPECT_TRUE(data == copy);
    EXPECT_NE(std::string::npos, Log::instance().text().find("is lost, the others go on"));
  }
  EXPECT_EQ(kSuccess, host->finalize());
}

// A process that sends one message and then waits to be killed.
[[noreturn]] void send_and_wait(Host& host, int handles) {
  std::array<unsigned char, kHandleBytes> handle{};
  if (read(handles, handle.data(), handle.size()) != kHandleBytes) _exit(1);
  if (host.init(nullptr) != kSuccess) _exit(2);
  void* comm = nullptr;
  while (comm == nullptr) {
    if (host.connect(handle.data(), &comm) != kSuccess) _exit(3);
  }
  const auto data = random_bytes(100'000, 5);
  void* request = nullptr;
  if (host.isend(comm, data.data(), data.size(), 1, &request) != kSuccess) _exit(4);
  if (host.await(request) != kSuccess) _exit(5);
  for (;;) pause();
}

TEST_F(PluginFailure, APeerThatIsKilledIsAnErrorInTime) {
  std::array<int, 2> ends{};
  ASSERT_EQ(0, pipe(ends.data()));
  const UniqueFd reads(ends[0]);
  const UniqueFd writes(ends[1]);
  const pid_t child = fork();
  if (child == 0) send_and_wait(*host, reads.get());
  ASSERT_GT(child, 0);
  ASSERT_EQ(kSuccess, host->init(&Log::write));
  std::array<unsigned char, kHandleBytes> handle{};
  void* listening = nullptr;
  ASSERT_EQ(kSuccess, host->listen(handle.data(), &listening));
  ASSERT_EQ(kHandleBytes, write(writes.get(), handle.data(), handle.size()));
  void* comm = nullptr;
  const Nanos deadline = now() + kPatience;
  while (comm == nullptr && now() < deadline) ASSERT_EQ(kSuccess, host->accept(listening, &comm));
  ASSERT_NE(nullptr, comm);
  std::vector<unsigned char> copy(100'000);
  std::array<void*, 2> requests{};
  for (void*& request : requests) {
    ASSERT_EQ(kSuccess, host->irecv(comm, {{copy.data(), copy.size(), 1}}, &request));
  }
  EXPECT_EQ(kSuccess, host->await(requests[0]));
  EXPECT_TRUE(copy == random_bytes(100'000, 5));
  ASSERT_EQ(0, kill(child, SIGKILL));
  ASSERT_EQ(child, waitpid(child, nullptr, 0));
  const Nanos killed = now();
  EXPECT_EQ(kRemoteError, host->await(requests[1]));
  EXPECT_LT(now() - killed, 20 * kSecond);
  EXPECT_NE(std::string::npos, Log::instance().text().find("receiving from "));
  EXPECT_EQ(kSuccess, host->close_receive(comm));
  EXPECT_EQ(kSuccess, host->close_listen(listening));
  EXPECT_EQ(kSuccess, host->finalize());
}

TEST_F(PluginFailure, APeerThatClosesEndsWhatWaitsForIt) {
  ASSERT_EQ(kSuccess, host->init(&Log::write));
  for (const bool receiver_closes : {true, false}) {
    CommPair pair(*host);
    ASSERT_TRUE(pair);
    std::vector<unsigned char> data(8 << 20);
    void* request = nullptr;
    if (receiver_closes) {
      ASSERT_EQ(kSuccess, host->isend(pair.send, data.data(), data.size(), 1, &request));
      pair.close_receive();
    } else {
      ASSERT_EQ(kSuccess, host->irecv(pair.receive, {{data.data(), data.size(), 1}}, &request));
      pair.close_send();
    }
    EXPECT_EQ(kRemoteError, host->await(request));
  }
  EXPECT_EQ(kSuccess, host->finalize());
}

TEST_F(PluginFailure, SettingsThatMakeNoSenseAreRefusedByName) {
  expect_refused("HAWSER_CHUNK", "512Q");
  expect_refused("HAWSER_CHUNK", "-1");
  expect_refused("HAWSER_CHUNK", "9G");
  expect_refused("HAWSER_ON_LANE_LOSS", "panic");
  setenv("HAWSER_NET", "plugin:x", 1);
  EXPECT_EQ(kSuccess, host->init(&Log::write)) << "lanes over a plugin may run over this one";
  EXPECT_EQ(kSuccess, host->finalize());
  unsetenv("HAWSER_NET");
  expect_refused("HAWSER_SCHEDULER", "round-robin");
  setenv("HAWSER_CHUNK", "64k", 1);
  EXPECT_EQ(kSuccess, host->init(&Log::write));
  EXPECT_EQ(kSuccess, host->finalize());
}

TEST_F(PluginFailure, AMachineWithoutSuchDevicesIsToldOf) {
  setenv("HAWSER_LANES", "=nosuch0", 1);
  EXPECT_EQ(kInvalidArgument, host->init(&Log::write));
  EXPECT_NE(std::string::npos, Log::instance().text().find("nosuch0"));
}

}  // namespace
}  // namespace hawser::nccl::testing
