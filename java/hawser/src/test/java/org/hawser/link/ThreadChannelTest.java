package org.hawser.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Allocation;
import org.hawser.comm.Background;
import org.hawser.comm.Completion;
import org.hawser.comm.Key;
import org.hawser.comm.Message;
import org.hawser.comm.World;
import org.junit.jupiter.api.Test;

/** Between threads a send ends when its receiver closes the message: tests say when that is. */
class ThreadChannelTest extends ChannelContract {
  private static final int WARM_UP = 30_000;
  private static final int MESSAGES = 100_000;

  @Override
  protected World open(int size) {
    return World.ofThreads(size);
  }

  private void throttled(Channel channel) {
    MemorySegment segment = payload(100, 1);
    channel.sendAsyncThrottled(
        Key.of("tag"), segment.address(), segment.byteSize(), Completion.IGNORED, 0);
  }

  @Test
  void holdsSendersBackWhileTheWindowIsFull() {
    Channel here = channel(0, 1);
    Channel there = channel(1, 0);
    here.setThrottleWindowSize(2);
    throttled(here);
    throttled(here);
    var third = Background.run(() -> throttled(here));
    Background.pause(100);
    assertFalse(third.isDone());
    here.sendAsync("not throttled", payload(100, 2));
    expect(there, "tag", 100, 1);
    Background.join(third);
    expect(there, "tag", 100, 1);
    expect(there, "tag", 100, 1);
    expect(there, "not throttled", 100, 2);
    here.waitLinkTaskFinish();
  }

  @Test
  void letsSendersGoWhenTheWindowGrows() {
    Channel here = channel(0, 1);
    here.setThrottleWindowSize(1);
    throttled(here);
    var second = Background.run(() -> throttled(here));
    Background.pause(50);
    assertFalse(second.isDone());
    here.setThrottleWindowSize(0);
    Background.join(second);
  }

  @Test
  void wakesSendersThatAreHeldBackWhenItIsAborted() {
    Channel here = channel(0, 1);
    here.setThrottleWindowSize(1);
    throttled(here);
    var second = Background.failing(() -> throttled(here));
    Background.pause(50);
    here.abort();
    assertEquals(ErrorCode.CLOSED, Background.join(second).code());
  }

  @Test
  void saysThatTheWindowStaysFull() {
    Channel here = channel(0, 1);
    here.setThrottleWindowSize(1);
    here.setRecvTimeout(Duration.ofMillis(100));
    throttled(here);
    assertNames(failure(ErrorCode.TIMEOUT, () -> throttled(here)), "rank 0", "rank 1", "window");
  }

  @Test
  void waitsForItsOwnSendsAlone() {
    Channel here = channel(0, 1);
    channel(0, 2).sendAsync("never received", payload(10, 1));
    channel(0, 1, "other").sendAsync("never received", payload(10, 1));
    here.sendAsync("tag", payload(10, 1));
    var waiting = Background.run(here::waitLinkTaskFinish);
    Background.pause(50);
    assertFalse(waiting.isDone());
    expect(channel(1, 0), "tag", 10, 1);
    Background.join(waiting);
    here.setRecvTimeout(Duration.ofMillis(50));
    here.sendAsync("tag", payload(10, 1));
    assertNames(failure(ErrorCode.TIMEOUT, here::waitLinkTaskFinish), "1 sends");
  }

  @Test
  void raisesTheFailureOfASendUnderWay() {
    Channel here = channel(0, 1);
    var told = new AtomicReference<HawserException>();
    MemorySegment segment = payload(10, 1);
    here.sendAsync(Key.of("tag"), segment.address(), 10, (context, e) -> told.set(e), 0);
    rank(1).abort("the disk is full");
    var failure = failure(ErrorCode.CLOSED, here::waitLinkTaskFinish);
    assertNames(failure, "rank 1", "the disk is full");
    assertEquals(failure.getMessage(), told.get().getMessage());
    here.waitLinkTaskFinish();
  }

  /** Both threads wait again and again, so that queues, waiters and messages are used anew. */
  @Test
  void allocatesNothingInSteadyState() {
    MemorySegment segment = payload(64, 1);
    CompletableFuture<Long> echo =
        Background.start(
            () -> {
              BaseChannel there = channel(1, 0);
              Key request = Key.of("request");
              Key answer = Key.of("answer");
              exchange(WARM_UP, there, request, answer, segment, false);
              return Allocation.during(
                  () -> exchange(MESSAGES, there, request, answer, segment, false));
            });
    BaseChannel here = channel(0, 1);
    Key request = Key.of("request");
    Key answer = Key.of("answer");
    exchange(WARM_UP, here, answer, request, segment, true);
    long allocated =
        Allocation.during(() -> exchange(MESSAGES, here, answer, request, segment, true));
    allocated += Background.join(echo);
    // What reflection and the compiler's own steps take; a byte a message would be more.
    assertTrue(allocated < MESSAGES, "bytes allocated: " + allocated);
  }

  private static void exchange(
      int count, Channel channel, Key in, Key out, MemorySegment segment, boolean begins) {
    for (int i = 0; i < count; i++) {
      if (begins) {
        channel.sendAsync(out, segment.address(), segment.byteSize(), Completion.IGNORED, i);
      }
      try (Message message = channel.recv(in)) {
        if (message.bytes() != segment.byteSize()) {
          throw new AssertionError("bytes: " + message.bytes());
        }
      }
      if (!begins) {
        channel.sendAsync(out, segment.address(), segment.byteSize(), Completion.IGNORED, i);
      }
    }
  }
}
