// Unpackers of the host, opened and closed a thousand times by the C ABI, with a batch in between.
#include "tests/cycles.h"

#include "unpack_cases.h"

namespace hawser::testing {
namespace {

TEST(Cycles, UnpackersOfTheHost) {
  constexpr uint32_t kBytes = 256 << 10;
  const Bytes source = random_bytes(kBytes, 1);
  Bytes destination(kBytes);
  const hawser_unpack_descriptor whole{0, kBytes, 0};
  const hawser_unpack_batch batch{&whole, source.data(), destination.data(), kBytes, kBytes, 1, 0};
  expect_flat_over_cycles([&] {
    hawser_unpacker* unpacker = nullptr;
    hawser_error error{};
    ASSERT_EQ(HAWSER_OK, hawser_unpacker_open(HAWSER_UNPACK_HOST, -1, 3, &unpacker, &error)) << error.text;
    uint64_t ticket = 0;
    EXPECT_EQ(HAWSER_OK, hawser_unpack_start(unpacker, &batch, kSecond, &ticket, &error)) << error.text;
    hawser_unpacker_close(unpacker);
  });
}

}  // namespace
}  // namespace hawser::testing
