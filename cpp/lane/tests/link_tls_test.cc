// Links between parties with certificates: who is refused hears why, and so does who refuses.
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lane/bootstrap.h"
#include "lane/tests/party.h"
#include "lane/tests/strangers.h"
#include "tests/authority.h"

namespace hawser::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// An identity as the C ABI hands it out.
class OpenedIdentity {
 public:
  explicit OpenedIdentity(const hawser_identity_config& config) {
    hawser_error error{};
    EXPECT_EQ(hawser_identity_open(&config, &identity_, &error), HAWSER_OK) << error.text;
  }
  ~OpenedIdentity() { close(); }
  OpenedIdentity(const OpenedIdentity&) = delete;
  OpenedIdentity& operator=(const OpenedIdentity&) = delete;
  void close() { hawser_identity_close(std::exchange(identity_, nullptr)); }
  hawser_identity* get() const { return identity_; }

 private:
  hawser_identity* identity_ = nullptr;
};

hawser_config config_of(hawser_identity* identity, int32_t rank) {
  hawser_config config = test_config();
  config.identity = identity;
  config.rank = rank;
  return config;
}

struct Meeting {
  Status connected;
  Status accepted;
};

Meeting meet(Party& a, Party& b, Nanos patience = kPatience) {
  Listener listener(b.engine);
  EXPECT_TRUE(listener.open("127.0.0.1", 0).ok());
  Meeting meeting;
  std::thread accepting([&] { meeting.accepted = listener.accept(patience, &b.link); });
  meeting.connected = connect_link(a.engine, "127.0.0.1", listener.port(), patience, &a.link);
  accepting.join();
  return meeting;
}

class TlsLinks : public ::testing::Test {
 protected:
  static constexpr Nanos kShort = 500 * kMillisecond;  // of those who wait for somebody that is refused

  hawser_identity_config named(const std::string& name) {
    hawser_identity_config config = authority_.config(authority_.issue(name, "DNS:" + name));
    config.peer_names = kNames;
    config.ranks = 2;
    return config;
  }

  static constexpr const char* kNames[] = {"alice", "bob"};
  Authority authority_;
};

void transfer(Pair& pair) {
  const auto data = random_bytes(3'000'001, 1);
  std::vector<unsigned char> copy(data.size());
  const uint64_t receive = pair.b.driver->receive(pair.b.id, 1, copy.data(), copy.size());
  const uint64_t send = pair.a.driver->send(pair.a.id, 1, data.data(), data.size());
  ASSERT_TRUE(pair.drive_until([&] { return pair.a.completion(send) && pair.b.completion(receive); }));
  EXPECT_EQ(pair.b.completion(receive)->code, HAWSER_OK);
  EXPECT_TRUE(data == copy);
}

TEST_F(TlsLinks, CarryMessagesAndNeedNoChecksumAndOutliveTheIdentity) {
  OpenedIdentity alice(named("alice"));
  OpenedIdentity bob(named("bob"));
  Pair pair(config_of(alice.get(), 0), config_of(bob.get(), 1));
  EXPECT_EQ(pair.a.engine.hello().checksum, 0u);
  transfer(pair);
  hawser_error error{};
  ASSERT_EQ(hawser_identity_reload(alice.get(), &error), HAWSER_OK) << error.text;
  alice.close();
  bob.close();
  transfer(pair);
}

TEST_F(TlsLinks, ARankThatIsNotItsOwnIsRefusedAndBothEndsSayWhy) {
  const OpenedIdentity alice(named("alice"));
  const OpenedIdentity bob(named("bob"));
  Party a(config_of(alice.get(), 1));
  Party b(config_of(bob.get(), 1));
  const Meeting meeting = meet(a, b, kShort);
  const auto why = HasSubstr("says that it is rank 1, and its certificate is for alice, not for bob");
  EXPECT_EQ(meeting.connected.code(), HAWSER_REFUSED);
  EXPECT_THAT(meeting.connected.text(), AllOf(HasSubstr("the listener refuses this end"), why));
  EXPECT_THAT(meeting.accepted.text(), why);
}

TEST_F(TlsLinks, AnotherAuthoritysPartyIsRefusedAndBothEndsSayWhy) {
  const Authority other("another root");
  hawser_identity_config stranger = other.config(other.issue("alice", "DNS:alice"));
  copy_text(stranger.roots, authority_.roots());
  const OpenedIdentity alice(stranger);
  const OpenedIdentity bob(named("bob"));
  Party a(config_of(alice.get(), 0));
  Party b(config_of(bob.get(), 1));
  const Meeting meeting = meet(a, b, kShort);
  EXPECT_EQ(meeting.connected.code(), HAWSER_REFUSED);
  EXPECT_THAT(meeting.connected.text(), HasSubstr("none of its roots vouches for this end's certificate"));
  EXPECT_THAT(meeting.accepted.text(), HasSubstr("the peer's certificate is refused"));
}

TEST_F(TlsLinks, TheClearDoesNotMeetTheEncrypted) {
  const OpenedIdentity alice(named("alice"));
  {
    Party a(config_of(alice.get(), 0));
    Party b(config_of(nullptr, 1));
    const Meeting meeting = meet(a, b, kShort);
    EXPECT_EQ(meeting.connected.code(), HAWSER_REFUSED);
    EXPECT_THAT(meeting.connected.text(), HasSubstr("does not speak TLS"));
    EXPECT_EQ(meeting.accepted.code(), HAWSER_TIMEOUT);
  }
  Party a(config_of(nullptr, 0));
  Party b(config_of(alice.get(), 1));
  const Meeting meeting = meet(a, b, kShort);
  EXPECT_FALSE(meeting.connected.ok());
  EXPECT_EQ(meeting.accepted.code(), HAWSER_TIMEOUT);
}

TEST_F(TlsLinks, StrangersDoNotDelayAParty) {
  const OpenedIdentity alice(named("alice"));
  const OpenedIdentity bob(named("bob"));
  Party a(config_of(alice.get(), 0));
  Party b(config_of(bob.get(), 1));
  meet_behind_strangers(a, b, 100);
}

TEST_F(TlsLinks, APartyThatACrowdPushedOutComesAgain) {
  const OpenedIdentity alice(named("alice"));
  const OpenedIdentity bob(named("bob"));
  Party a(config_of(alice.get(), 0));
  Party b(config_of(bob.get(), 1));
  push_out_and_meet(a, b);
}

TEST_F(TlsLinks, NetworksThatDoNotEncryptAreRefused) {
  const OpenedIdentity alice(named("alice"));
  for (const char* net : {"plugin", "ofi"}) {
    hawser_config config = config_of(alice.get(), 0);
    copy_text(config.net, net);
    Engine engine;
    const Status status = engine.open(config);
    EXPECT_EQ(status.code(), HAWSER_UNSUPPORTED);
    EXPECT_THAT(status.text(), HasSubstr("use the network socket"));
  }
}

}  // namespace
}  // namespace hawser::testing
