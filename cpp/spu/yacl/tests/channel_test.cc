// What yacl asks of a channel, over lanes of loopback.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <future>

#include "lane_world.h"
#include "yacl/base/exception.h"

namespace hawser::testing {
namespace {

using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

TEST(LaneChannel, CarriesMessagesOfAllSizesBothWays) {
  LaneWorld world(2);
  ChannelPair pair(world);
  const size_t border = kEnvelopeBytes - payload_at(std::string_view("spu:border").size());
  for (const size_t bytes :
       {size_t{0}, size_t{1}, size_t{8 << 10}, border, border + 1, size_t{1} << 20, size_t{24} << 20}) {
    SCOPED_TRACE(bytes);
    const auto there = random_buffer(bytes, 1);
    const auto back = random_buffer(bytes, 2);
    in_threads(2, [&](size_t rank) {
      if (rank == 0) {
        pair.a->Send("border", there);
        EXPECT_TRUE(same(back, pair.a->Recv("border")));
      } else {
        EXPECT_TRUE(same(there, pair.b->Recv("border")));
        pair.b->Send("border", back);
      }
    });
  }
}

TEST(LaneChannel, QueuesMessagesBeforeTheFirstReceive) {
  LaneWorld world(2);
  ChannelPair pair(world);
  for (const char* key : {"x", "y", "x", "x"}) pair.a->SendAsync(key, ::yacl::ByteContainerView(key));
  pair.a->SendAsync("x", random_buffer(1 << 20));
  pair.a->SendAsync("x", ::yacl::ByteContainerView("last"));
  EXPECT_EQ("y", text(pair.b->Recv("y")));
  for (int i = 0; i < 3; ++i) EXPECT_EQ("x", text(pair.b->Recv("x")));
  EXPECT_TRUE(same(random_buffer(1 << 20), pair.b->Recv("x"))) << "a long message keeps its place among short ones";
  EXPECT_EQ("last", text(pair.b->Recv("x")));
}

TEST(LaneChannel, KeepsPrefixesApart) {
  LaneWorld world(2);
  ChannelPair one(world, "one");
  ChannelPair two(world, "two");
  one.a->Send("key", "for one");
  two.a->Send("key", "for two");
  EXPECT_EQ("for two", text(two.b->Recv("key")));
  EXPECT_EQ("for one", text(one.b->Recv("key")));
}

TEST(LaneChannel, KeepsPeersApartInARing) {
  constexpr size_t kParties = 3;
  LaneWorld world(kParties);
  in_threads(kParties, [&](size_t rank) {
    const auto next = world.channel(rank, (rank + 1) % kParties);
    const auto previous = world.channel(rank, (rank + 2) % kParties);
    for (size_t round = 0; round < 20; ++round) {
      next->SendAsync("tag", ::yacl::Buffer("to the next of " + std::to_string(rank)));
      previous->SendAsync("tag", random_buffer(100'000, rank));
      EXPECT_EQ("to the next of " + std::to_string((rank + 2) % kParties), text(previous->Recv("tag")));
      EXPECT_TRUE(same(random_buffer(100'000, (rank + 1) % kParties), next->Recv("tag")));
    }
  });
}

TEST(LaneChannel, ServesManyThreadsAtOnce) {
  LaneWorld world(2);
  ChannelPair pair(world);
  constexpr size_t kThreads = 4;
  in_threads(2 * kThreads, [&](size_t thread) {
    const std::string key = "thread " + std::to_string(thread / 2);
    for (uint64_t round = 0; round < 200; ++round) {
      const auto message = random_buffer(round % 10 == 0 ? 200'000 : 64, round);
      if (thread % 2 == 0) {
        pair.a->Send(key, message);
        EXPECT_TRUE(same(message, pair.a->Recv(key)));
      } else {
        EXPECT_TRUE(same(message, pair.b->Recv(key)));
        pair.b->Send(key, message);
      }
    }
  });
}

TEST(LaneChannel, MovesBytesWhileNobodyWaits) {
  LaneWorld world(2);
  ChannelPair pair(world);
  const auto message = random_buffer(8 << 20);
  pair.a->SendAsync("key", message);
  // This thread is the only one: from here on it waits for rank 1 alone, and rank 0 must send all the same.
  EXPECT_TRUE(same(message, pair.b->Recv("key")));
  pair.a->WaitLinkTaskFinish();
}

TEST(LaneChannel, ShakesHands) {
  LaneWorld world(2);
  ChannelPair pair(world);
  pair.a->TestSend(5000);
  pair.b->TestRecv();
  pair.a->Send("__test__", "wrong");
  EXPECT_THAT(thrown_by<::yacl::InvalidFormat>([&] { pair.b->TestRecv(); }), HasSubstr("5 bytes"));
  pair.a->Send("__test__", std::string(1, '\0'));
  pair.b->TestRecv();
}

TEST(LaneChannel, TimesOutNamingWhatItWaitedFor) {
  LaneWorld world(2);
  ChannelPair pair(world);
  pair.b->SetRecvTimeout(150);
  EXPECT_EQ(150u, pair.b->GetRecvTimeout());
  const auto began = Clock::now();
  const std::string why = thrown_by<::yacl::IoError>([&] { pair.b->Recv("never\x01sent"); });
  EXPECT_GE(Clock::now() - began, std::chrono::milliseconds(150));
  EXPECT_THAT(why, HasSubstr("rank 1: cannot receive from rank 0 under key spu:never.sent"));
  EXPECT_THAT(why, HasSubstr("150 ms"));
  pair.a->Send("key", "later");
  EXPECT_EQ("later", text(pair.b->Recv("key")));
}

TEST(LaneChannel, HoldsThrottledSendersBack) {
  LaneOptions options = test_options();
  options.mailbox_bytes = 1 << 20;
  LaneWorld world(2, options);
  ChannelPair pair(world);
  pair.a->SetThrottleWindowSize(2);
  pair.a->SetRecvTimeout(300);
  // The first fills the mailbox of rank 1; the next two stay under way, and the fourth waits for the window.
  for (int i = 0; i < 3; ++i) pair.a->SendAsyncThrottled("key", random_buffer(1 << 20, i));
  EXPECT_THAT(thrown_by<::yacl::IoError>([&] { pair.a->SendAsyncThrottled("key", random_buffer(1 << 20, 3)); }),
              HasSubstr("throttle window"));
  EXPECT_THROW(pair.a->WaitLinkTaskFinish(), ::yacl::IoError);
  pair.a->SetRecvTimeout(kPatienceMillis);
  auto fourth = std::async(std::launch::async, [&] { pair.a->SendAsyncThrottled("key", random_buffer(1 << 20, 4)); });
  for (const uint64_t seed : {0, 1, 2, 4}) EXPECT_TRUE(same(random_buffer(1 << 20, seed), pair.b->Recv("key")));
  fourth.get();
  pair.a->WaitLinkTaskFinish();
}

TEST(LaneChannel, FetchesWhatSomebodyWaitsForEvenWhenFull) {
  LaneOptions options = test_options();
  options.mailbox_bytes = 3 << 19;
  LaneWorld world(2, options);
  ChannelPair pair(world);
  pair.a->SendAsync("first", random_buffer(1 << 20, 1));
  pair.a->SendAsync("second", random_buffer(1 << 20, 2));
  EXPECT_TRUE(same(random_buffer(1 << 20, 2), pair.b->Recv("second")));
  EXPECT_TRUE(same(random_buffer(1 << 20, 1), pair.b->Recv("first")));
}

TEST(LaneChannel, GivesMemoryBackWhenASendTimesOut) {
  LaneOptions options = test_options();
  options.mailbox_bytes = 1;
  LaneWorld world(2, options);
  ChannelPair pair(world);
  pair.a->SendAsync("unwanted", ::yacl::ByteContainerView("fills the mailbox"));
  pair.a->SetRecvTimeout(200);
  const auto message = random_buffer(4 << 20);
  EXPECT_THAT(thrown_by<::yacl::IoError>([&] { pair.a->Send("key", message); }),
              HasSubstr("rank 0: cannot send to rank 1 under key spu:key"));
}

TEST(LaneChannel, WakesWaitersWhenAborted) {
  LaneWorld world(2);
  ChannelPair pair(world);
  ChannelPair other(world, "other");
  auto waiting = std::async(std::launch::async, [&] { return pair.b->Recv("never"); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  pair.b->Abort();
  EXPECT_THAT(thrown_by<::yacl::LinkAborted>([&] { waiting.get(); }), HasSubstr("aborted"));
  EXPECT_THROW(pair.b->Send("key", "value"), ::yacl::LinkAborted);
  EXPECT_THROW(pair.b->SendAsync("key", ::yacl::ByteContainerView("value")), ::yacl::LinkAborted);
  EXPECT_THROW(pair.b->TestSend(100), ::yacl::LinkAborted);
  EXPECT_THROW(pair.b->Recv("key"), ::yacl::LinkAborted);
  pair.b->WaitLinkTaskFinish();
  other.a->Send("key", "unharmed");
  EXPECT_EQ("unharmed", text(other.b->Recv("key")));
}

TEST(LaneChannel, WakesSendersWhenAborted) {
  LaneOptions options = test_options();
  options.mailbox_bytes = 1;
  LaneWorld world(2, options);
  ChannelPair pair(world);
  pair.a->SendAsync("unwanted", ::yacl::ByteContainerView("fills the mailbox"));
  auto sending = std::async(std::launch::async, [&] { pair.a->Send("key", random_buffer(4 << 20)); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  pair.a->Abort();
  EXPECT_THAT(thrown_by<::yacl::LinkAborted>([&] { sending.get(); }), HasSubstr("aborted"));
}

TEST(LaneChannel, EndsSendsToAPeerThatGaveUp) {
  LaneOptions options = test_options();
  options.mailbox_bytes = 1;
  LaneWorld world(2, options);
  ChannelPair pair(world);
  pair.a->SendAsync("unwanted", ::yacl::ByteContainerView("fills the mailbox"));
  pair.a->SendAsync("unwanted", random_buffer(4 << 20));
  auto sending = std::async(std::launch::async, [&] { pair.a->Send("key", random_buffer(4 << 20)); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  world[1]->abort("no more memory");
  EXPECT_THAT(thrown_by<::yacl::LinkAborted>([&] { sending.get(); }), HasSubstr("no more memory"));
  EXPECT_THAT(thrown_by<::yacl::LinkAborted>([&] { pair.a->WaitLinkTaskFinish(); }), HasSubstr("no more memory"));
}

TEST(LaneChannel, TellsPeersThatACommunicatorGaveUp) {
  LaneWorld world(3);
  auto waiting = std::async(std::launch::async, [&] { return world.channel(2, 0)->Recv("never"); });
  world[0]->abort("the input file is missing");
  EXPECT_THAT(thrown_by<::yacl::LinkAborted>([&] { waiting.get(); }), HasSubstr("the input file is missing"));
  EXPECT_THROW(world.channel(0, 1)->Send("key", "value"), ::yacl::LinkAborted);
  world.channel(1, 2)->Send("key", "between the others");
  EXPECT_EQ("between the others", text(world.channel(2, 1)->Recv("key")));
}

TEST(LaneChannel, FailsWhenThePeerCloses) {
  LaneWorld world(2);
  const auto channel = world.channel(0, 1);
  world.channel(1, 0)->Send("key", "goodbye");
  world[1].reset();
  EXPECT_EQ("goodbye", text(channel->Recv("key")));
  EXPECT_THAT(thrown_by<::yacl::LinkAborted>([&] { channel->Recv("key"); }), HasSubstr("rank 1"));
}

TEST(LaneChannel, RefusesWhatCannotBe) {
  LaneWorld world(2);
  ChannelPair pair(world);
  EXPECT_THROW(pair.a->Send("", "value"), ::yacl::ArgumentError);
  EXPECT_THROW(pair.a->Send(std::string(1021, 'k'), "value"), ::yacl::ArgumentError);
  EXPECT_THROW(world.channel(0, 0)->Send("key", "value"), ::yacl::ArgumentError);
  EXPECT_THROW(world.channel(0, 2)->Recv("key"), ::yacl::ArgumentError);
}

// The peer is a process, so that it can be killed.
TEST(LaneChannel, NamesAPeerThatDies) {
  int pipe_ends[2];
  ASSERT_EQ(0, pipe(pipe_ends));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  LaneOptions options = test_options();
  options.silence = std::chrono::milliseconds(200);
  options.link_timeout = std::chrono::milliseconds(500);
  if (child == 0) {
    LaneCommunicator rank_1(1, 2, options);
    std::string port(5, '\0');
    while (port.back() == '\0') {
      if (read(pipe_ends[0], port.data(), port.size()) != static_cast<ssize_t>(port.size())) _exit(1);
    }
    rank_1.connect({"127.0.0.1:" + port, "127.0.0.1:1"});
    pause();
    _exit(0);
  }
  {
    const auto rank_0 = std::make_shared<LaneCommunicator>(0, 2, options);
    std::string port = std::to_string(rank_0->listen("127.0.0.1:0"));
    port.insert(0, 5 - port.size(), '0');
    EXPECT_EQ(5, write(pipe_ends[1], port.data(), port.size()));
    rank_0->connect({"127.0.0.1:1", "127.0.0.1:1"});
    LaneChannel channel(rank_0, 1);
    channel.SetRecvTimeout(kPatienceMillis);
    auto waiting = std::async(std::launch::async, [&] { return channel.Recv("never"); });
    kill(child, SIGKILL);
    EXPECT_THAT(thrown_by<::yacl::LinkError>([&] { waiting.get(); }), HasSubstr("rank 0: cannot receive from rank 1"));
    EXPECT_THROW(channel.Send("key", "value"), ::yacl::LinkError);
  }
  EXPECT_EQ(child, waitpid(child, nullptr, 0));
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

}  // namespace
}  // namespace hawser::testing
