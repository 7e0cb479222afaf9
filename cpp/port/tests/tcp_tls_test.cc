// Ports between parties with certificates that do not take each other for neighbours: their control connections and
// their lanes are encrypted, and a rank must be who it says.
#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "base/text.h"
#include "hawser_trust.h"
#include "port/tests/pair.h"
#include "tests/authority.h"

namespace hawser::port::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kNames[] = {"alice", "bob"};

// What a peer on another machine would be told: this one's host by another name.
std::vector<uint8_t> from_afar(const Context& context, std::vector<uint8_t> told) {
  const std::string& host = context.origin().host;
  const auto found = std::search(told.begin(), told.end(), host.begin(), host.end());
  EXPECT_NE(found, told.end());
  if (found != told.end()) *found = static_cast<uint8_t>(*found ^ 1);
  return told;
}

struct FarSide {
  FarSide(const Authority& authority, const std::string& name, int32_t rank) {
    hawser_identity_config identity = authority.config(authority.issue(name, "DNS:" + name));
    identity.peer_names = kNames;
    identity.ranks = 2;
    hawser_identity* opened = nullptr;
    hawser_error error{};
    EXPECT_EQ(hawser_identity_open(&identity, &opened, &error), HAWSER_OK) << error.text;
    hawser_port_config config = port_config(rank);
    config.lanes.identity = opened;
    const Status status = context.open(config);
    EXPECT_TRUE(status.ok()) << status.text();
    // The context keeps what it needs.
    hawser_identity_close(opened);
    const Status made = Endpoint::open(context, endpoint_config(HAWSER_PORT_TCP), &endpoint);
    EXPECT_TRUE(made.ok()) << made.text();
  }
  ~FarSide() {
    if (connection != nullptr) connection->close();
  }
  Status connect(const FarSide& peer, Nanos deadline) {
    const std::vector<uint8_t> told = from_afar(peer.context, peer.endpoint->told());
    return endpoint->connect(reader(told), deadline, &connection);
  }

  Context context;
  std::unique_ptr<Endpoint> endpoint;
  std::shared_ptr<Connection> connection;
};

struct Outcome {
  Status a;
  Status b;
};

Outcome meet(FarSide& a, FarSide& b, Nanos patience) {
  const Nanos deadline = now() + patience;
  auto other = std::async(std::launch::async, [&] { return b.connect(a, deadline); });
  const Status mine = a.connect(b, deadline);
  return {mine, other.get()};
}

TEST(TcpTls, PutsSignalsAndFarewellsPass) {
  const Authority authority;
  FarSide a(authority, "alice", 0);
  FarSide b(authority, "bob", 1);
  const Outcome outcome = meet(a, b, kPatience);
  ASSERT_TRUE(outcome.a.ok()) << outcome.a.text();
  ASSERT_TRUE(outcome.b.ok()) << outcome.b.text();
  std::vector<unsigned char> source(3'000'001, 7);
  std::vector<unsigned char> target(source.size(), 0);
  std::shared_ptr<Memory> from;
  std::shared_ptr<Memory> to;
  std::shared_ptr<Memory> imported;
  constexpr uint32_t kTransports = 1u << HAWSER_PORT_TCP;
  ASSERT_TRUE(
      Memory::register_local(a.context, source.data(), source.size(), HAWSER_MEMORY_HOST, kTransports, &from).ok());
  ASSERT_TRUE(
      Memory::register_local(b.context, target.data(), target.size(), HAWSER_MEMORY_HOST, kTransports, &to).ok());
  ASSERT_TRUE(Memory::import(a.context, reader(to->told()), soon(), &imported).ok());
  uint64_t mark = 0;
  Status status =
      a.connection->submit({Work::put(imported.get(), 0, from.get(), 0, source.size()), Work::fence()}, &mark);
  ASSERT_TRUE(status.ok()) << status.text();
  if (a.connection->waits()) a.context.pump(a.connection);
  status = a.connection->await_fence(mark, soon(), 0);
  ASSERT_TRUE(status.ok()) << status.text();
  EXPECT_TRUE(source == target);
  a.connection->close();
  const Nanos deadline = soon();
  while (b.connection->open() && now() < deadline) std::this_thread::yield();
  EXPECT_THAT(b.connection->error().text(), HasSubstr("rank 0 closed the connection"));
}

TEST(TcpTls, WhoSpeaksAsAnotherRankIsRefused) {
  const Authority authority;
  FarSide a(authority, "alice", 0);
  FarSide b(authority, "alice", 1);
  const Outcome outcome = meet(a, b, kSecond);
  EXPECT_FALSE(outcome.a.ok());
  EXPECT_FALSE(outcome.b.ok());
  // Whichever of them knocks learns at once that the other is not who it says, or is not heard.
  EXPECT_THAT(outcome.a.text() + outcome.b.text(),
              ::testing::AnyOf(HasSubstr("not for bob"), HasSubstr("left during set-up"),
                               HasSubstr("did not connect in time")));
}

TEST(TcpTls, PartiesOfDifferentAuthoritiesDoNotMeet) {
  const Authority one;
  const Authority another("another");
  FarSide a(one, "alice", 0);
  FarSide b(another, "bob", 1);
  const Outcome outcome = meet(a, b, kSecond);
  EXPECT_FALSE(outcome.a.ok());
  EXPECT_FALSE(outcome.b.ok());
  EXPECT_THAT(outcome.a.text() + outcome.b.text(), HasSubstr("the peer's certificate is refused"));
}

TEST(TcpTls, TransportsThatDoNotEncryptAreRefused) {
  const Authority authority;
  FarSide a(authority, "alice", 0);
  Transport* transport = nullptr;
  const Status status = a.context.transport(HAWSER_PORT_IB0, &transport);
  EXPECT_EQ(status.code(), HAWSER_UNSUPPORTED);
  EXPECT_THAT(status.text(), HasSubstr("does not encrypt"));
}

}  // namespace
}  // namespace hawser::port::testing
