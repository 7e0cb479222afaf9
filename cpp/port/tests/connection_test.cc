// What every transport's connections have from their base.
#include <sys/socket.h>

#include "port/tests/pair.h"

namespace hawser::port {
namespace {

using testing::Side;

constexpr uint64_t kBytes = 64;

// A transport that has room when the test says so, and looks at a memory whenever it is called under the lock.
class Halting : public Connection {
 public:
  Halting(Context& context, std::unique_ptr<Control> control)
      : Connection(context, HAWSER_PORT_MEMORY, std::move(control)) {}

  bool room = false;
  std::weak_ptr<Memory> watched;
  bool gone_under_the_lock = false;

 private:
  bool advance(Work&) override { return room; }
  void advanced() override { gone_under_the_lock |= watched.expired(); }
  void stop() override { gone_under_the_lock |= watched.expired(); }
};

// A put waits in the queue, and nothing but the queue keeps the memory that it goes from.
struct LastReference : public ::testing::Test {
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    peer = UniqueFd(ends[1]);
    connection = std::make_shared<Halting>(
        here.context, std::make_unique<Control>(SecureSocket(UniqueFd(ends[0])), there.context.origin(), true));
    target = here.import(*there.make_memory(kBytes, HAWSER_PORT_MEMORY));
    auto source = here.make_memory(kBytes, HAWSER_PORT_MEMORY);
    connection->watched = source;
    ASSERT_TRUE(connection->submit({Work::put(target.get(), 0, source.get(), 0, kBytes)}).ok());
    ASSERT_TRUE(connection->waits());
  }
  void TearDown() override { connection->close(); }

  Side here{0};
  Side there{1};
  UniqueFd peer;
  std::shared_ptr<Memory> target;
  std::shared_ptr<Halting> connection;
};

TEST_F(LastReference, GoesAfterTheLockWhenItsPutIsDone) {
  connection->room = true;
  EXPECT_FALSE(connection->pump());
  EXPECT_FALSE(connection->gone_under_the_lock);
  EXPECT_TRUE(connection->watched.expired());
}

TEST_F(LastReference, GoesAfterTheLockWhenItsPutIsDropped) {
  connection->close();
  EXPECT_FALSE(connection->gone_under_the_lock);
  EXPECT_TRUE(connection->watched.expired());
}

}  // namespace
}  // namespace hawser::port
