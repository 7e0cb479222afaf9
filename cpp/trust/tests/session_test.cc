// Two ends that prove themselves to each other over a pair of sockets, in one thread; and each way in which one refuses
// the other, in words at both ends where TLS can carry them.
#include <gmock/gmock.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <functional>

#include "tests/authority.h"
#include "trust/secure_socket.h"

namespace hawser {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr Nanos kPatience = 10 * kSecond;
constexpr const char* kSharedKey = "0123456789abcdef0123456789abcdef";

std::shared_ptr<Identity> opened(const hawser_identity_config& config) {
  std::shared_ptr<Identity> identity;
  const Status status = Identity::open(config, &identity);
  EXPECT_TRUE(status.ok()) << status.text();
  return identity;
}

void make_pair(UniqueFd* left, UniqueFd* right) {
  int fds[2] = {-1, -1};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
  *left = UniqueFd(fds[0]);
  *right = UniqueFd(fds[1]);
}

struct Ends {
  SecureSocket left;   // connects
  SecureSocket right;  // listens
  Status of_left;
  Status of_right;

  Ends(Identity* connecting, Identity* listening, const std::string& meeting = "somewhere") {
    UniqueFd a;
    UniqueFd b;
    make_pair(&a, &b);
    left = SecureSocket(std::move(a));
    right = SecureSocket(std::move(b));
    EXPECT_TRUE(left.connect(connecting, Clear::kThisMachine, meeting).ok());
    EXPECT_TRUE(right.accept(listening, Clear::kThisMachine).ok());
    shake();
  }

  // Both steps by turns, until both are done or have given up; then a word each way, as an end that listens may refuse
  // what the other took for done.
  void shake() {
    bool left_done = false;
    bool right_done = false;
    const Nanos deadline = now() + kPatience;
    while (!(left_done || !of_left.ok()) || !(right_done || !of_right.ok())) {
      if (of_left.ok() && !left_done) of_left = left.handshake(&left_done);
      if (of_right.ok() && !right_done) of_right = right.handshake(&right_done);
      if (!of_left.ok()) left.reset();
      if (!of_right.ok()) right.reset();
      ASSERT_LT(now(), deadline);
    }
    if (of_right.ok() && of_left.ok()) return exchange();
    if (of_left.ok()) of_left = left_over(left);
    if (of_right.ok()) of_right = left_over(right);
  }
  // What an end that believed itself done hears from the other that is not.
  static Status left_over(SecureSocket& socket) {
    char byte = 0;
    const ssize_t count = socket.receive(&byte, 1);
    return count > 0 ? Status() : socket.explain(HAWSER_REFUSED, "reading", count < 0 ? errno : 0);
  }
  void exchange() {
    ASSERT_EQ(left.send("ping", 4), 4);
    char word[4];
    ASSERT_EQ(right.receive(word, 4), 4);
    ASSERT_EQ(right.send("pong", 4), 4);
    ASSERT_EQ(left.receive(word, 4), 4);
    EXPECT_EQ(std::string(word, 4), "pong");
  }
};

class SessionTest : public ::testing::Test {
 protected:
  hawser_identity_config named(const std::string& name) {
    return authority_.config(authority_.issue(name, "DNS:" + name + ",URI:hawser://" + name));
  }
  std::shared_ptr<Identity> identity(const std::string& name) { return opened(named(name)); }

  Authority authority_;
};

TEST_F(SessionTest, CertificatesOfOneRootMeet) {
  const Ends ends(identity("a").get(), identity("b").get());
  EXPECT_TRUE(ends.of_left.ok()) << ends.of_left.text();
  EXPECT_TRUE(ends.of_right.ok()) << ends.of_right.text();
}

TEST_F(SessionTest, ASharedKeyMeetsItself) {
  const Ends ends(opened(authority_.shared_key("a", kSharedKey)).get(),
                  opened(authority_.shared_key("b", kSharedKey)).get());
  EXPECT_TRUE(ends.of_left.ok()) << ends.of_left.text();
  EXPECT_TRUE(ends.of_right.ok()) << ends.of_right.text();
}

TEST_F(SessionTest, AnotherSharedKeyIsRefusedByBoth) {
  const Ends ends(opened(authority_.shared_key("a", kSharedKey)).get(),
                  opened(authority_.shared_key("b", std::string(kSharedKey) + "x")).get());
  EXPECT_THAT(ends.of_right.text(), HasSubstr("pre-shared key is another one"));
  EXPECT_THAT(ends.of_left.text(), HasSubstr("are both pre-shared keys the same?"));
}

TEST_F(SessionTest, ASharedKeyAndACertificateDoNotMeet) {
  const auto shared = opened(authority_.shared_key("a", kSharedKey));
  for (const Ends& ends : {Ends(shared.get(), identity("b").get()), Ends(identity("b").get(), shared.get())}) {
    EXPECT_EQ(ends.of_left.code(), HAWSER_REFUSED);
    EXPECT_EQ(ends.of_right.code(), HAWSER_REFUSED) << ends.of_right.text();
  }
}

TEST_F(SessionTest, AnUnknownRootIsRefusedByBoth) {
  const Authority other("another root");
  hawser_identity_config stranger = other.config(other.issue("b", "DNS:b"));
  // It trusts this authority, which does not trust it.
  copy_text(stranger.roots, authority_.roots());
  const Ends connecting(opened(stranger).get(), identity("a").get());
  EXPECT_THAT(connecting.of_right.text(), HasSubstr("the peer's certificate is refused: "));
  EXPECT_THAT(connecting.of_left.text(), HasSubstr("none of its roots vouches for this end's certificate"));
  const Ends listening(identity("a").get(), opened(stranger).get());
  EXPECT_THAT(listening.of_left.text(), HasSubstr("the peer's certificate is refused: "));
  EXPECT_THAT(listening.of_right.text(), HasSubstr("none of its roots vouches for this end's certificate"));
}

TEST_F(SessionTest, ARankMustHaveItsName) {
  hawser_identity_config config = named("a");
  const char* const names[] = {"a", "hawser://b", ""};
  config.peer_names = names;
  config.ranks = 3;
  const auto knowing = opened(config);
  const Ends ends(knowing.get(), identity("b").get());
  ASSERT_TRUE(ends.of_left.ok()) << ends.of_left.text();
  EXPECT_TRUE(ends.left.vouch(1).ok());
  EXPECT_TRUE(ends.left.vouch(2).ok()) << "any name will do for rank 2";
  EXPECT_TRUE(ends.left.vouch(-1).ok()) << "it is one of the parties";
  EXPECT_THAT(ends.left.vouch(0).text(),
              HasSubstr("says that it is rank 0, and its certificate is for b, hawser://b, not for a"));
  EXPECT_THAT(ends.left.vouch(3).text(), HasSubstr("names for 3 ranks"));
  EXPECT_TRUE(ends.right.vouch(0).ok()) << "the other end has no names";
  const Ends stranger(knowing.get(), identity("c").get());
  EXPECT_THAT(stranger.left.vouch(-1).text(), HasSubstr("no party's name"));
}

TEST_F(SessionTest, TheSecondMeetingIsResumedAndKnowsTheNamesStill) {
  hawser_identity_config config = named("a");
  const char* const names[] = {"b"};
  config.peer_names = names;
  config.ranks = 1;
  const auto a = opened(config);
  const auto b = identity("b");
  EXPECT_FALSE(Ends(a.get(), b.get(), "here").left.resumed());
  const Ends again(a.get(), b.get(), "here");
  EXPECT_TRUE(again.left.resumed());
  EXPECT_TRUE(again.right.resumed());
  EXPECT_TRUE(again.left.vouch(0).ok());
  EXPECT_TRUE(Ends(a.get(), b.get(), "another listener").left.resumed()) << "of the same party";
  const Ends other(a.get(), identity("c").get(), "another party");
  EXPECT_TRUE(other.of_left.ok()) << other.of_left.text();
  EXPECT_FALSE(other.left.resumed());
  ASSERT_TRUE(b->reload().ok());
  const Ends anew(a.get(), b.get(), "here");
  EXPECT_TRUE(anew.of_left.ok()) << anew.of_left.text();
  EXPECT_FALSE(anew.left.resumed()) << "who reads its files again forgets whom it knew";
}

TEST_F(SessionTest, AConnectionStaysWhenItsIdentityIsReadAgainAndClosed) {
  auto a = identity("a");
  auto b = identity("b");
  Ends ends(a.get(), b.get());
  ASSERT_TRUE(a->reload().ok());
  ends.exchange();
  a.reset();
  b.reset();
  ends.exchange();
}

// Whoever has no business here, by plain means: speaks `talk` on one end while the other end does its handshake.
Status meet_stranger(Identity* identity, bool listens, const std::function<void(int fd)>& talk) {
  UniqueFd mine;
  UniqueFd theirs;
  make_pair(&mine, &theirs);
  SecureSocket socket(std::move(mine));
  Status status = listens ? socket.accept(identity, Clear::kThisMachine)
                          : socket.connect(identity, Clear::kThisMachine, "somewhere");
  EXPECT_TRUE(status.ok());
  const Nanos deadline = now() + kPatience;
  while (status.ok() && now() < deadline) {
    talk(theirs.get());
    bool done = false;
    status = socket.handshake(&done);
    if (!done || !status.ok()) continue;
    ADD_FAILURE() << "a stranger was taken";
    return {};
  }
  return status;
}

TEST_F(SessionTest, PlainBytesAreNoHandshake) {
  const auto a = identity("a");
  const auto talk = [](int fd) { EXPECT_EQ(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL), 18); };
  EXPECT_THAT(meet_stranger(a.get(), true, talk).text(), HasSubstr("does not speak TLS"));
  EXPECT_THAT(meet_stranger(a.get(), false, talk).text(), HasSubstr("does not speak TLS"));
}

TEST_F(SessionTest, WhoHangsUpIsToldOf) {
  const auto a = identity("a");
  const auto talk = [](int fd) { shutdown(fd, SHUT_RDWR); };
  EXPECT_THAT(meet_stranger(a.get(), true, talk).text(), HasSubstr("hung up"));
  EXPECT_THAT(meet_stranger(a.get(), false, talk).text(), HasSubstr("hung up"));
}

TEST_F(SessionTest, SilenceEndsInTime) {
  const auto a = identity("a");
  UniqueFd mine;
  UniqueFd theirs;
  make_pair(&mine, &theirs);
  SecureSocket socket(std::move(mine));
  ASSERT_TRUE(socket.accept(a.get(), Clear::kThisMachine).ok());
  EXPECT_EQ(socket.handshake_until(now() + 50 * kMillisecond).code(), HAWSER_TIMEOUT);
}

// A client of OpenSSL's own with other ideas than ours.
Status meet_client(Identity* identity, const std::function<void(SSL_CTX*)>& configure) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  configure(context.get());
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  return meet_stranger(identity, true, [&](int fd) {
    if (SSL_get_fd(ssl.get()) < 0) {
      SSL_set_fd(ssl.get(), fd);
      SSL_set_connect_state(ssl.get());
    }
    SSL_do_handshake(ssl.get());
  });
}

TEST_F(SessionTest, WhoHasNoCertificateIsRefused) {
  EXPECT_THAT(meet_client(identity("a").get(), [](SSL_CTX*) {}).text(), HasSubstr("shows no certificate"));
}

TEST_F(SessionTest, AnOlderTlsIsRefused) {
  const auto only_older = [](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION); };
  EXPECT_THAT(meet_client(identity("a").get(), only_older).text(), HasSubstr("does not speak TLS 1.3"));
}

TEST_F(SessionTest, AnExpiredCertificateIsRefused) {
  const Authority::Issued old = authority_.issue("old", "DNS:old", -1);
  const auto with_old = [&](SSL_CTX* context) {
    EXPECT_EQ(SSL_CTX_use_certificate_chain_file(context, old.certificate.c_str()), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context, old.key.c_str(), SSL_FILETYPE_PEM), 1);
  };
  EXPECT_THAT(meet_client(identity("a").get(), with_old).text(),
              HasSubstr("the peer's certificate is refused: certificate has expired"));
}

// Streams of vectors in both directions at once through sockets that fill up: every byte arrives, in order.
TEST_F(SessionTest, CarriesWhatIsSentWhateverTheSocketTakesAtATime) {
  Ends ends(identity("a").get(), identity("b").get());
  std::vector<unsigned char> data(3'000'000);
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<unsigned char>(i * 2654435761u >> 13);
  std::vector<unsigned char> copy(data.size());
  size_t sent = 0;
  size_t got = 0;
  const Nanos deadline = now() + kPatience;
  while (got < data.size() && now() < deadline) {
    // Small pieces in front of large ones, as frames are in front of messages.
    std::vector<iovec> vectors;
    for (size_t at = sent; at < data.size() && vectors.size() < 8;) {
      const size_t bytes = std::min(data.size() - at, vectors.size() % 2 == 0 ? 8 : 100'000 + at % 1000);
      vectors.push_back({data.data() + at, bytes});
      at += bytes;
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = vectors.size();
    if (const ssize_t count = vectors.empty() ? 0 : ends.left.send(message, 0); count > 0) {
      sent += static_cast<size_t>(count);
    } else if (count < 0) {
      ASSERT_EQ(errno, EAGAIN);
    }
    const ssize_t count = ends.right.receive(copy.data() + got, std::min<size_t>(copy.size() - got, 77'777));
    if (count < 0) {
      ASSERT_EQ(errno, EAGAIN);
    }
    if (count > 0) got += static_cast<size_t>(count);
  }
  EXPECT_EQ(got, data.size());
  EXPECT_TRUE(data == copy);
}

TEST_F(SessionTest, AChangedByteEndsTheConnectionAndIsNotDelivered) {
  Ends ends(identity("a").get(), identity("b").get());
  UniqueFd wire_left;
  UniqueFd wire_right;
  make_pair(&wire_left, &wire_right);
  const UniqueFd away = ends.right.exchange(std::move(wire_right));
  ASSERT_EQ(ends.left.send("secret payload", 14), 14);
  char record[200];
  const ssize_t bytes = recv(away.get(), record, sizeof record, 0);
  ASSERT_GT(bytes, 14);
  EXPECT_EQ(std::string(record, static_cast<size_t>(bytes)).find("secret"), std::string::npos);
  record[10] = static_cast<char>(record[10] ^ 1);
  ASSERT_EQ(send(wire_left.get(), record, static_cast<size_t>(bytes), 0), bytes);
  char place[14] = "";
  EXPECT_EQ(ends.right.receive(place, sizeof place), -1);
  EXPECT_EQ(errno, EPROTO);
  EXPECT_EQ(place[0], '\0');
  EXPECT_THAT(ends.right.explain(HAWSER_LANE_LOST, "reading", EPROTO).text(), HasSubstr("TLS failed: "));
}

}  // namespace
}  // namespace hawser
