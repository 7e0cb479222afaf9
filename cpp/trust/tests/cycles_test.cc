// Identities, opened, read again and closed a thousand times by the C ABI.
#include "tests/cycles.h"

#include "tests/authority.h"

namespace hawser {
namespace {

void expect_flat(const hawser_identity_config& config) {
  testing::expect_flat_over_cycles([&] {
    hawser_identity* identity = nullptr;
    hawser_error error{};
    ASSERT_EQ(HAWSER_OK, hawser_identity_open(&config, &identity, &error)) << error.text;
    EXPECT_EQ(HAWSER_OK, hawser_identity_reload(identity, &error)) << error.text;
    hawser_identity_close(identity);
  });
}

TEST(Cycles, IdentitiesOfCertificates) {
  const Authority authority;
  expect_flat(authority.config(authority.issue("a", "DNS:a")));
}

TEST(Cycles, IdentitiesOfASharedKey) {
  const Authority authority;
  expect_flat(authority.shared_key("psk", "0123456789abcdef0123456789abcdef"));
}

}  // namespace
}  // namespace hawser
