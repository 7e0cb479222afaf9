// What an identity is opened from, and each way in which that is refused: the error names the file, never its contents.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "tests/authority.h"

namespace hawser {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSharedKey = "0123456789abcdef0123456789abcdef";

Status opened(const hawser_identity_config& config) {
  std::shared_ptr<Identity> identity;
  return Identity::open(config, &identity);
}

std::string text_of(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(IdentityTest, ACertificateItsKeyAndRootsMakeOne) {
  const Authority authority;
  const Status status = opened(authority.config(authority.issue("a", "DNS:a")));
  EXPECT_TRUE(status.ok()) << status.text();
}

TEST(IdentityTest, ASharedKeyMakesOne) {
  const Authority authority;
  const Status status = opened(authority.shared_key("psk", kSharedKey));
  EXPECT_TRUE(status.ok()) << status.text();
}

TEST(IdentityTest, TheSharedKeyMayComeFromTheEnvironment) {
  hawser_identity_config config{};
  config.struct_size = sizeof config;
  unsetenv("HAWSER_TLS_PSK");
  const Status without = opened(config);
  EXPECT_THAT(without.text(), HasSubstr("HAWSER_TLS_PSK"));
  setenv("HAWSER_TLS_PSK", kSharedKey, 1);
  const Status with = opened(config);
  setenv("HAWSER_TLS_PSK", "short-and-secret", 1);
  const Status shorter = opened(config);
  unsetenv("HAWSER_TLS_PSK");
  EXPECT_TRUE(with.ok()) << with.text();
  EXPECT_THAT(shorter.text(), AllOf(HasSubstr("32 to 256 bytes"), Not(HasSubstr("short-and-secret"))));
}

TEST(IdentityTest, AFileThatIsNotThereIsNamed) {
  const Authority authority;
  hawser_identity_config config = authority.config(authority.issue("a", "DNS:a"));
  copy_text(config.roots, "/nowhere/roots.pem");
  EXPECT_THAT(opened(config).text(), AllOf(HasSubstr("/nowhere/roots.pem"), HasSubstr("No such file")));
}

TEST(IdentityTest, TheKeyOfAnotherCertificateIsRefused) {
  const Authority authority;
  const Authority::Issued a = authority.issue("a", "DNS:a");
  const Authority::Issued b = authority.issue("b", "DNS:b");
  EXPECT_THAT(opened(authority.config({a.certificate, b.key})).text(),
              AllOf(HasSubstr(b.key + " is not the key of the certificate " + a.certificate)));
}

TEST(IdentityTest, AnExpiredCertificateIsRefused) {
  const Authority authority;
  const Authority::Issued old = authority.issue("old", "DNS:old", -1);
  EXPECT_THAT(opened(authority.config(old)).text(), AllOf(HasSubstr(old.certificate), HasSubstr("has expired at 20")));
}

TEST(IdentityTest, AKeyThatOthersCanReadIsRefused) {
  const Authority authority;
  const Authority::Issued a = authority.issue("a", "DNS:a");
  chmod(a.key.c_str(), 0644);
  EXPECT_THAT(opened(authority.config(a)).text(), AllOf(HasSubstr(a.key), HasSubstr("chmod 600")));
  hawser_identity_config shared = authority.shared_key("psk", kSharedKey);
  chmod(shared.psk_file, 0640);
  EXPECT_THAT(opened(shared).text(), AllOf(HasSubstr(shared.psk_file), HasSubstr("chmod 600")));
}

TEST(IdentityTest, GarbageIsRefusedAndNotRepeated) {
  const Authority authority;
  const Authority::Issued a = authority.issue("a", "DNS:a");
  const std::string secret = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0IHBheWxvYWQ=\n-----END PRIVATE KEY-----\n";
  const std::string garbage = authority.write("garbage", secret);
  for (const Authority::Issued& wrong :
       {Authority::Issued{garbage, a.key}, Authority::Issued{a.certificate, garbage}}) {
    const Status status = opened(authority.config(wrong));
    EXPECT_EQ(status.code(), HAWSER_INVALID_ARGUMENT);
    EXPECT_THAT(status.text(), AllOf(HasSubstr(garbage), Not(HasSubstr("c2Vj")), Not(HasSubstr("BEGIN"))));
  }
  const std::string torn = authority.write("torn.pem", text_of(a.certificate).substr(0, 300));
  EXPECT_THAT(opened(authority.config({torn, a.key})).text(), HasSubstr(torn));
}

TEST(IdentityTest, HalfAConfigurationIsRefused) {
  const Authority authority;
  hawser_identity_config config = authority.config(authority.issue("a", "DNS:a"));
  config.key[0] = '\0';
  EXPECT_THAT(opened(config).text(), HasSubstr("all three files"));
  config = authority.config(authority.issue("a", "DNS:a"));
  copy_text(config.psk_file, "/some/where");
  EXPECT_THAT(opened(config).text(), HasSubstr("not both"));
  config.struct_size = 8;
  EXPECT_EQ(opened(config).code(), HAWSER_VERSION_MISMATCH);
  hawser_identity_config shared = authority.shared_key("psk", kSharedKey);
  const char* const names[] = {"a"};
  shared.peer_names = names;
  shared.ranks = 1;
  EXPECT_THAT(opened(shared).text(), HasSubstr("need certificates"));
}

TEST(IdentityTest, AReloadThatFailsLeavesItAsItWas) {
  const Authority authority;
  const Authority::Issued a = authority.issue("a", "DNS:a");
  const hawser_identity_config config = authority.config(a);
  std::shared_ptr<Identity> identity;
  ASSERT_TRUE(Identity::open(config, &identity).ok());
  const std::string good = text_of(a.key);
  authority.write("a.key", "nothing");
  EXPECT_THAT(identity->reload().text(), HasSubstr(a.key));
  std::unique_ptr<TlsSession> session;
  EXPECT_TRUE(identity->accept(0, &session).ok());
  authority.write("a.key", good);
  EXPECT_TRUE(identity->reload().ok());
}

}  // namespace
}  // namespace hawser
