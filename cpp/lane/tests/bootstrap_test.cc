// The bootstrap's client against listeners that lie, stop early, stay silent or are somebody else.
#include "lane/bootstrap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "lane/tests/party.h"
#include "lane/tests/strangers.h"

namespace hawser::testing {
namespace {

using ::testing::HasSubstr;

// Accepts one connection, writes `bytes`, and hangs up unless it is to stay.
class Impostor {
 public:
  Impostor(std::vector<unsigned char> bytes, bool stays) : bytes_(std::move(bytes)), stays_(stays) {
    const Status status = bootstrap_server_create("127.0.0.1", 0, &listen_fd_);
    EXPECT_TRUE(status.ok()) << status.text();
    thread_ = std::thread([this] { serve(); });
  }
  ~Impostor() {
    stop_ = true;
    thread_.join();
    if (fd_ >= 0) ::close(fd_);
    ::close(listen_fd_);
  }
  uint16_t port() const { return bootstrap_port(listen_fd_); }

 private:
  void serve() {
    while (!stop_ && fd_ < 0) {
      fd_ = ::accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd_ < 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (fd_ < 0) return;
    if (!bytes_.empty()) {
      EXPECT_EQ(static_cast<ssize_t>(bytes_.size()), ::send(fd_, bytes_.data(), bytes_.size(), MSG_NOSIGNAL));
    }
    if (!stays_) ::shutdown(fd_, SHUT_WR);
  }

  std::vector<unsigned char> bytes_;
  bool stays_;
  int listen_fd_ = -1;
  int fd_ = -1;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

Status fetch(uint16_t port, Nanos timeout, std::vector<Handle>* handles) {
  int fd = -1;
  const Nanos deadline = now() + timeout;
  if (Status status = bootstrap_client_connect("127.0.0.1", port, deadline, &fd); !status.ok()) return status;
  SecureSocket socket{UniqueFd(fd)};
  return bootstrap_client_recv_handles(socket, deadline, handles);
}

std::vector<unsigned char> count_only(uint32_t count) {
  std::vector<unsigned char> bytes(4);
  std::memcpy(bytes.data(), &count, 4);
  return bytes;
}

Status from(std::vector<unsigned char> bytes, bool stays = false, Nanos timeout = 2 * kSecond) {
  Impostor impostor(std::move(bytes), stays);
  std::vector<Handle> handles;
  return fetch(impostor.port(), timeout, &handles);
}

TEST(Bootstrap, CarriesCountAndHandles) {
  std::vector<Handle> sent(5);
  for (size_t i = 0; i < sent.size(); ++i) std::memset(sent[i].bytes, static_cast<int>(i) + 1, sizeof(sent[i].bytes));
  const auto message = bootstrap_message(sent);
  ASSERT_EQ(4u + 5 * 128, message.size());
  EXPECT_EQ(5, message[0]);
  Impostor listener(message, true);
  std::vector<Handle> got;
  const Status status = fetch(listener.port(), 5 * kSecond, &got);
  ASSERT_TRUE(status.ok()) << status.text();
  ASSERT_EQ(5u, got.size());
  EXPECT_EQ(0, std::memcmp(sent.data(), got.data(), 5 * sizeof(Handle)));
}

TEST(Bootstrap, RefusesACountOfZero) {
  const Status status = from(count_only(0));
  EXPECT_EQ(HAWSER_REFUSED, status.code());
  EXPECT_THAT(status.text(), HasSubstr("no lanes"));
}

TEST(Bootstrap, RefusesAnAbsurdCount) {
  for (const uint32_t count : {uint32_t{HAWSER_MAX_LANES} + 1, uint32_t{1} << 31, ~uint32_t{0}}) {
    const Status status = from(count_only(count), true);
    EXPECT_EQ(HAWSER_REFUSED, status.code());
    EXPECT_THAT(status.text(), HasSubstr(std::to_string(count)));
  }
}

TEST(Bootstrap, TellsHowMuchAShortAnswerLacks) {
  auto bytes = count_only(4);
  bytes.resize(4 + 200);
  const Status handles = from(bytes);
  EXPECT_EQ(HAWSER_REFUSED, handles.code());
  EXPECT_THAT(handles.text(), HasSubstr("200 of 512"));
  const Status count = from({1, 0});
  EXPECT_EQ(HAWSER_REFUSED, count.code());
  EXPECT_THAT(count.text(), HasSubstr("2 of 4"));
  EXPECT_EQ(HAWSER_REFUSED, from({}).code());
}

TEST(Bootstrap, GivesUpOnASilentListener) {
  const Nanos began = now();
  const Status status = from({}, true, 200 * kMillisecond);
  EXPECT_EQ(HAWSER_TIMEOUT, status.code());
  EXPECT_THAT(status.text(), HasSubstr("bootstrap port"));
  EXPECT_LT(now() - began, 2 * kSecond);
}

TEST(Bootstrap, RefusesAStranger) {
  const std::string greeting = "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n";
  const Status status = from({greeting.begin(), greeting.end()}, true);
  EXPECT_EQ(HAWSER_REFUSED, status.code());
  EXPECT_THAT(status.text(), HasSubstr("no Hawser bootstrap port"));
}

TEST(Bootstrap, ReportsThatNobodyListens) {
  int fd = -1;
  ASSERT_TRUE(bootstrap_server_create("127.0.0.1", 0, &fd).ok());
  const uint16_t port = bootstrap_port(fd);
  ::close(fd);
  const Nanos began = now();
  std::vector<Handle> handles;
  const Status status = fetch(port, 250 * kMillisecond, &handles);
  EXPECT_EQ(HAWSER_REFUSED, status.code());
  EXPECT_EQ(ECONNREFUSED, status.sys_errno());
  EXPECT_THAT(status.text(), HasSubstr("127.0.0.1:" + std::to_string(port)));
  EXPECT_LT(now() - began, 2 * kSecond);
}

TEST(Bootstrap, WaitsForAListenerThatStartsLate) {
  int fd = -1;
  ASSERT_TRUE(bootstrap_server_create("127.0.0.1", 0, &fd).ok());
  const uint16_t port = bootstrap_port(fd);
  ::close(fd);
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    EXPECT_TRUE(bootstrap_server_create("127.0.0.1", port, &fd).ok());
  });
  int client = -1;
  const Status status = bootstrap_client_connect("127.0.0.1", port, now() + 5 * kSecond, &client);
  later.join();
  EXPECT_TRUE(status.ok()) << status.text();
  ::close(client);
  ::close(fd);
}

TEST(Bootstrap, ReportsANameThatDoesNotResolve) {
  int fd = -1;
  const Status status = bootstrap_client_connect("256.256.256.256", 1, now() + kSecond, &fd);
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, status.code());
  EXPECT_THAT(status.text(), HasSubstr("256.256.256.256"));
}

TEST(Bootstrap, ReportsAPortThatIsTaken) {
  int first = -1;
  int second = -1;
  ASSERT_TRUE(bootstrap_server_create("127.0.0.1", 0, &first).ok());
  const Status status = bootstrap_server_create("127.0.0.1", bootstrap_port(first), &second);
  EXPECT_EQ(HAWSER_IO, status.code());
  EXPECT_EQ(EADDRINUSE, status.sys_errno());
  EXPECT_THAT(status.text(), HasSubstr("--port"));
  ::close(first);
}

// Strangers at the bootstrap port of a real listener: they are counted and delay nobody.
TEST(Bootstrap, StrangersDoNotDelayAParty) {
  Party a(test_config());
  Party b(test_config());
  meet_behind_strangers(a, b, 70);
}

TEST(Bootstrap, APartyThatACrowdPushedOutComesAgain) {
  Party a(test_config());
  Party b(test_config());
  push_out_and_meet(a, b);
}

}  // namespace
}  // namespace hawser::testing
