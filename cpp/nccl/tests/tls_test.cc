// Identities from the environment: who meets whom under NCCL, and what is no identity.
#include <gmock/gmock.h>

#include "nccl/tests/host.h"
#include "tests/authority.h"

namespace hawser::nccl::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kVariables[] = {"HAWSER_TLS_CERTIFICATE", "HAWSER_TLS_KEY",      "HAWSER_TLS_ROOTS",
                                      "HAWSER_TLS_PEERS",       "HAWSER_TLS_PSK_FILE", "HAWSER_TLS_PSK"};
constexpr const char* kSharedKey = "0123456789abcdef0123456789abcdef";

class PluginTls : public ::testing::Test {
 protected:
  PluginTls() {
    setenv("HAWSER_LANES", "=lo,lo", 1);
    nobody();
  }
  ~PluginTls() override { nobody(); }

  static void nobody() {
    for (const char* variable : kVariables) unsetenv(variable);
  }

  static void be(const Authority& authority, const std::string& name, const char* peers = "") {
    const Authority::Issued issued = authority.issue(name, "DNS:" + name);
    setenv("HAWSER_TLS_CERTIFICATE", issued.certificate.c_str(), 1);
    setenv("HAWSER_TLS_KEY", issued.key.c_str(), 1);
    setenv("HAWSER_TLS_ROOTS", authority.roots().c_str(), 1);
    setenv("HAWSER_TLS_PEERS", peers, 1);
  }

  // A host as the environment has it now.
  static std::unique_ptr<Host> opened() {
    auto host = make_host(kNewestVersion);
    EXPECT_EQ(kSuccess, host->init(&Log::write)) << Log::instance().text();
    return host;
  }

  static void exchange(Host& from, Host& to) {
    const CommPair pair(from, to);
    ASSERT_TRUE(pair);
    const auto data = random_bytes(1 << 20, 1);
    std::vector<unsigned char> copy(data.size());
    void* sending = nullptr;
    void* receiving = nullptr;
    ASSERT_EQ(kSuccess, to.irecv(pair.receive, {{copy.data(), copy.size(), 1}}, &receiving));
    ASSERT_EQ(kSuccess, from.isend(pair.send, data.data(), data.size(), 1, &sending));
    EXPECT_EQ(kSuccess, from.await(sending));
    EXPECT_EQ(kSuccess, to.await(receiving));
    EXPECT_TRUE(data == copy);
  }

  // What `from` hears when it connects to `to`, and one does not take the other; `to` may have thought that it did.
  static std::string refusal(Host& from, Host& to) {
    std::array<unsigned char, kHandleBytes> handle{};
    void* listening = nullptr;
    EXPECT_EQ(kSuccess, to.listen(handle.data(), &listening));
    const size_t before = Log::instance().text().size();
    const Nanos deadline = now() + kPatience;
    Result result = kSuccess;
    void* comm = nullptr;
    void* accepted = nullptr;
    while (result == kSuccess && now() < deadline) {
      if (accepted == nullptr) {
        EXPECT_EQ(kSuccess, to.accept(listening, &accepted));
      }
      result = from.connect(handle.data(), &comm);
    }
    EXPECT_NE(kSuccess, result);
    EXPECT_EQ(nullptr, comm);
    if (accepted != nullptr) {
      EXPECT_EQ(kSuccess, to.close_receive(accepted));
    }
    EXPECT_EQ(kSuccess, to.close_listen(listening));
    return Log::instance().text().substr(before);
  }

  static void expect_no_identity(const std::string& why) {
    const size_t before = Log::instance().text().size();
    EXPECT_EQ(kInvalidArgument, make_host(kNewestVersion)->init(&Log::write));
    EXPECT_THAT(Log::instance().text().substr(before), HasSubstr(why));
  }
};

TEST_F(PluginTls, FriendsMeetAndStrangersDoNot) {
  const Authority ours;
  be(ours, "alice", "0=alice, 1=bob");
  const auto alice = opened();
  be(ours, "bob");
  const auto bob = opened();
  be(ours, "carol");
  const auto carol = opened();
  const Authority others("others' root");
  be(others, "bob");
  const auto impostor = opened();
  nobody();
  const auto careless = opened();
  exchange(*alice, *bob);
  exchange(*bob, *alice);
  EXPECT_THAT(refusal(*impostor, *alice), HasSubstr("certificate is refused"));
  EXPECT_THAT(refusal(*alice, *carol), HasSubstr("carol"));
  refusal(*careless, *alice);
  for (Host* host : {alice.get(), bob.get(), carol.get(), impostor.get(), careless.get()})
    EXPECT_EQ(kSuccess, host->finalize());
}

TEST_F(PluginTls, WhoSharesAKeyMeets) {
  const Authority folder;
  setenv("HAWSER_TLS_PSK_FILE", folder.write("key", std::string(kSharedKey) + "\n").c_str(), 1);
  const auto by_file = opened();
  nobody();
  setenv("HAWSER_TLS_PSK", kSharedKey, 1);
  const auto by_variable = opened();
  exchange(*by_file, *by_variable);
  EXPECT_EQ(kSuccess, by_file->finalize());
  EXPECT_EQ(kSuccess, by_variable->finalize());
}

TEST_F(PluginTls, WhatIsNoIdentityIsRefused) {
  setenv("HAWSER_TLS_PEERS", "0=alice", 1);
  expect_no_identity("HAWSER_TLS_PEERS is set without a certificate");
  for (const char* peers : {"alice", "x=alice", "0=", "0=alice,"}) {
    setenv("HAWSER_TLS_PEERS", peers, 1);
    expect_no_identity("such as 0=alice,1=bob");
  }
  const Authority ours;
  be(ours, "alice");
  setenv("HAWSER_TLS_PSK", kSharedKey, 1);
  expect_no_identity("HAWSER_TLS_PSK is set, and variables");
  EXPECT_EQ(std::string::npos, Log::instance().text().find(kSharedKey));
  unsetenv("HAWSER_TLS_PSK");
  unsetenv("HAWSER_TLS_KEY");
  expect_no_identity("all three files");
}

}  // namespace
}  // namespace hawser::nccl::testing
