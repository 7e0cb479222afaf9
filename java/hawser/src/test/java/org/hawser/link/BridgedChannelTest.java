package org.hawser.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Allocation;
import org.hawser.comm.Background;
import org.hawser.comm.Communicator;
import org.hawser.comm.Completion;
import org.hawser.comm.ForwardingCommunicator;
import org.hawser.comm.Key;
import org.hawser.comm.Message;
import org.hawser.comm.Payload;
import org.hawser.comm.World;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Channels as libspu calls them, without libspu. */
class BridgedChannelTest {
  private static final int WARM_UP = 30_000;
  private static final int MESSAGES = 100_000;

  private final World world = World.ofThreads(2);
  private final Arena arena = Arena.ofShared();
  private final MemorySegment key = arena.allocateFrom("root:0->1");
  private final int keyBytes = (int) key.byteSize() - 1;
  private final BaseChannel sender = new BaseChannel(world.ranks().get(0), 0, 1);
  private final BridgedChannel receiver =
      new BridgedChannel(new BaseChannel(world.ranks().get(1), 1, 0));

  @AfterEach
  void close() {
    world.close();
    arena.close();
  }

  @Test
  void copiesMessagesToWhereLibspuWantsThem() {
    MemorySegment got = arena.allocate(1000);
    sender.sendAsync("root:0->1", Payload.fill(arena.allocate(1000), 3));
    assertEquals(1000, receiver.recv(key.address(), keyBytes));
    receiver.takeInto(got.address());
    Payload.check(got, 1000, 3);
    sender.waitLinkTaskFinish();
  }

  @Test
  void dropsWhatIsNotWanted() {
    sender.sendAsync("root:0->1", arena.allocate(10));
    assertEquals(10, receiver.recv(key.address(), keyBytes));
    receiver.takeInto(0);
    sender.waitLinkTaskFinish();
  }

  @Test
  void allocatesNothingInSteadyState() {
    MemorySegment segment = arena.allocate(16 << 10);
    MemorySegment got = arena.allocate(segment.byteSize());
    Key name = Key.of("root:0->1");
    transfer(WARM_UP, name, segment, got);
    long allocated = Allocation.during(() -> transfer(MESSAGES, name, segment, got));
    // What reflection and the compiler's own steps take; a byte a message would be more.
    assertTrue(allocated < MESSAGES, "bytes allocated: " + allocated);
  }

  private void transfer(int count, Key name, MemorySegment segment, MemorySegment got) {
    for (int i = 0; i < count; i++) {
      sender.sendAsync(name, segment.address(), segment.byteSize(), Completion.IGNORED, i);
      receiver.recv(key.address(), keyBytes);
      receiver.takeInto(got.address());
    }
  }

  /** A communicator that is slow to deliver: tests say when it does. */
  private static final class Slow extends ForwardingCommunicator {
    private volatile Runnable delivery;

    Slow(Communicator carrier) {
      super(carrier);
    }

    @Override
    public void deliver(
        int to, Key key, long address, long bytes, Completion completion, long context) {
      Key kept = new Key().set(key);
      delivery = () -> super.deliver(to, kept, address, bytes, completion, context);
    }
  }

  @Test
  void keepsTheMemoryOfASyncSendThatTakesTooLong() {
    var slow = new Slow(world.ranks().get(0));
    var channel = new BaseChannel(slow, 0, 1);
    channel.setRecvTimeout(Duration.ofMillis(50));
    var told = new long[1];
    MemorySegment segment = Payload.fill(arena.allocate(100), 1);
    var failure =
        assertThrows(
            HawserException.class,
            () ->
                channel.send(
                    Key.of("tag"),
                    segment.address(),
                    100,
                    (context, reason) -> told[0] = reason == null ? context : -1,
                    42));
    assertEquals(ErrorCode.TIMEOUT, failure.code());
    assertEquals(0, told[0]);
    slow.delivery.run();
    assertEquals(42, told[0]);
    try (Message message = world.ranks().get(1).recv(0, "spu:tag", Duration.ofSeconds(20))) {
      Payload.check(message.segment(), 100, 1);
    }
  }

  /** A party that starts later than libspu allows for is waited for all the same. */
  @Test
  void waitsForAPartyThatStartsLate() throws InterruptedException {
    var slow = new Slow(world.ranks().get(0));
    var handshake =
        Background.run(() -> new BridgedChannel(new BaseChannel(slow, 0, 1)).testSend(1));
    while (slow.delivery == null) {
      Thread.sleep(1);
    }
    Thread.sleep(100);
    assertFalse(handshake.isDone());
    slow.delivery.run();
    Background.join(handshake);
  }

  @Test
  void tellsOfTheMemoryOfASyncSendThatCannotStart() {
    sender.abort();
    var told = new long[1];
    assertThrows(
        HawserException.class,
        () ->
            sender.send(
                Key.of("tag"), key.address(), 1, (context, reason) -> told[0] = context, 42));
    assertEquals(42, told[0]);
  }
}
