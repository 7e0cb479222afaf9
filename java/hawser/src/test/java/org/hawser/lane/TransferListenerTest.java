package org.hawser.lane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.hawser.ErrorCode;
import org.hawser.mem.Buffer;
import org.junit.jupiter.api.Test;

class TransferListenerTest {
  private static final long TAG = 5;

  @Test
  void isToldBeforeTheOneWhoAwaits() {
    try (var pair = new Pair();
        var sent = Pair.pattern(1 << 20, 1);
        var received = Buffer.allocate(1 << 20)) {
      var told = new ConcurrentLinkedQueue<Long>();
      var receive =
          pair.toLeft.receive(received.segment(), TAG, transfer -> told.add(transfer.bytes()));
      pair.toRight.send(sent.segment(), TAG);
      assertEquals(1 << 20, receive.await(Pair.SOON));
      assertEquals(1 << 20, told.poll());
      assertNull(told.poll());
      assertNull(receive.failure());
    }
  }

  @Test
  void answersFromListenersAlone() {
    int rounds = 2_000;
    try (var pair = new Pair();
        var here = Buffer.allocate(64);
        var there = Buffer.allocate(64)) {
      echo(pair.toLeft, there);
      var left = new AtomicInteger(rounds);
      ping(pair.toRight, here, left);
      assertTrue(pair.left.await(() -> left.get() == 0, Pair.SOON.toNanos()));
    }
  }

  private static void echo(Link link, Buffer buffer) {
    link.receive(
        buffer.segment(),
        TAG,
        received -> {
          if (received.failure() == null) {
            link.send(buffer.segment(), TAG, sent -> echo(link, buffer));
          }
        });
  }

  private static void ping(Link link, Buffer buffer, AtomicInteger left) {
    link.receive(
        buffer.segment(),
        TAG,
        received -> {
          if (received.failure() == null && left.decrementAndGet() > 0) {
            ping(link, buffer, left);
          }
        });
    link.send(buffer.segment(), TAG);
  }

  /** More than the ring of operations holds: a listener is the one who would have to empty it. */
  @Test
  void startsMoreThanTheRingHolds() {
    int messages = 10_000;
    try (var pair = new Pair();
        var memory = Buffer.allocate(8)) {
      var arrived = new AtomicInteger();
      pair.toLeft.receive(
          memory.segment(),
          TAG,
          first -> {
            for (int i = 0; i < messages; i++) {
              pair.toLeft.receive(memory.segment(), TAG + 1, next -> arrived.incrementAndGet());
            }
          });
      pair.toRight.send(memory.segment(), TAG);
      for (int i = 0; i < messages; i++) {
        pair.toRight.send(memory.segment(), TAG + 1);
      }
      assertTrue(pair.right.await(() -> arrived.get() == messages, Pair.SOON.toNanos()));
    }
  }

  @Test
  void isToldWhyATransferFailed() {
    var codes = new ConcurrentLinkedQueue<ErrorCode>();
    try (var pair = new Pair();
        var memory = Buffer.allocate(8)) {
      pair.toLeft.receive(memory.segment(), TAG, end -> codes.add(end.failure().code()));
    }
    assertEquals(ErrorCode.CLOSED, codes.poll());
  }

  @Test
  void mayFailWithoutHarmToOthers() throws Exception {
    var uncaught = new CompletableFuture<Throwable>();
    try (var pair = new Pair();
        var memory = Buffer.allocate(8)) {
      Thread waiter =
          Thread.ofPlatform()
              .uncaughtExceptionHandler((thread, failure) -> uncaught.complete(failure))
              .start(
                  () ->
                      pair.toLeft
                          .receive(
                              memory.segment(),
                              TAG,
                              end -> {
                                throw new IllegalStateException("a listener's mistake");
                              })
                          .await(Pair.SOON));
      // The waiter drives by now, and so is the one who tells its listener.
      while (waiter.getState() != Thread.State.TERMINATED && !uncaught.isDone()) {
        pair.toRight.send(memory.segment(), TAG).await(Pair.SOON);
        TimeUnit.MILLISECONDS.sleep(100);
      }
      waiter.join();
      assertTrue(pair.toRight.send(memory.segment(), TAG + 1).await(Pair.SOON) == 8);
      assertEquals(8, pair.toLeft.receive(memory.segment(), TAG + 1).await(Pair.SOON));
    }
  }

  @Test
  void waitsForConditionsOnVirtualThreadsToo() throws Exception {
    try (var pair = new Pair();
        var memory = Buffer.allocate(8)) {
      var result = new CompletableFuture<Boolean>();
      var done = new AtomicInteger();
      Thread virtual =
          Thread.ofVirtual()
              .unstarted(
                  () ->
                      result.complete(
                          pair.right.await(() -> done.get() == 1, Pair.SOON.toNanos())));
      pair.toLeft.receive(
          memory.segment(),
          TAG,
          end -> {
            done.set(1);
            LockSupport.unpark(virtual);
          });
      virtual.start();
      pair.toRight.send(memory.segment(), TAG);
      assertTrue(result.get(20, TimeUnit.SECONDS));
      assertFalse(pair.right.await(() -> false, 1_000_000));
    }
  }
}
