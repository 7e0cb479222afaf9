package org.hawser.port;

import static org.hawser.port.Side.SOON;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Background;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CustomProxyServiceTest {
  private static Trigger trigger(int channel, long bytes) {
    return new Trigger().set(8, channel, 2, 3, ~bytes, 5, bytes);
  }

  @Test
  void everyTriggerOfManyThreadsIsServedOnceAndInItsThreadsOrder() {
    int producers = 4;
    int each = 20_000;
    var last = new AtomicLongArray(producers);
    var served = new AtomicInteger();
    try (var service =
        new CustomProxyService(
            16,
            trigger -> {
              assertEquals(~trigger.bytes(), trigger.destinationOffset());
              assertEquals(
                  8 + 2 + 3 + 5,
                  trigger.kind()
                      + trigger.destination()
                      + trigger.source()
                      + trigger.sourceOffset());
              assertTrue(
                  last.compareAndSet(trigger.channel(), trigger.bytes() - 1, trigger.bytes()));
              served.incrementAndGet();
              return true;
            })) {
      service.startProxy();
      List<CompletableFuture<Void>> pushing = new ArrayList<>();
      for (int producer = 0; producer < producers; producer++) {
        int channel = producer;
        pushing.add(
            Background.run(
                () -> {
                  for (long i = 1; i <= each; i++) {
                    service.push(trigger(channel, i), SOON);
                  }
                }));
      }
      pushing.forEach(Background::join);
      service.stopProxy(SOON);
    }
    assertEquals(producers * each, served.get());
  }

  @Test
  void aSleepingProxyWakes() {
    var served = new AtomicInteger();
    try (var service =
        new CustomProxyService(
            trigger -> {
              served.incrementAndGet();
              return true;
            })) {
      service.startProxy();
      for (int i = 1; i <= 5; i++) {
        Background.pause(30);
        service.push(new Trigger(), SOON);
        int expected = i;
        Background.until(() -> served.get() == expected);
      }
    }
  }

  @Test
  void aRefusedTriggerComesAgainBeforeAllOthers() {
    var seen = new ArrayList<Long>();
    try (var service =
        new CustomProxyService(
            trigger -> {
              seen.add(trigger.bytes());
              return seen.size() > 3;
            })) {
      service.startProxy();
      service.push(trigger(0, 1), SOON);
      service.push(trigger(0, 2), SOON);
      service.stopProxy(SOON);
    }
    assertEquals(List.of(1L, 1L, 1L, 1L, 2L), seen);
  }

  @Test
  void whatAHandlerThrowsIsToldToEveryUser() {
    var cause = new IllegalStateException("no such channel");
    try (var service =
        new CustomProxyService(
            trigger -> {
              throw cause;
            })) {
      service.startProxy();
      service.push(new Trigger(), SOON);
      var pushing =
          Background.failing(
              () -> {
                while (true) {
                  service.push(new Trigger(), SOON);
                }
              });
      HawserException failure = Background.join(pushing);
      assertEquals(ErrorCode.INTERNAL, failure.code());
      assertTrue(failure.getMessage().contains("no such channel"), failure::getMessage);
      assertSame(cause, failure.getCause().getCause());
      assertThrows(HawserException.class, () -> service.stopProxy(SOON));
      assertThrows(HawserException.class, service::startProxy);
    }
  }

  @Test
  void aFullFifoIsATimeoutAndNothingIsPosted() {
    var served = new ArrayList<Long>();
    try (var service =
        new CustomProxyService(
            4,
            trigger -> {
              served.add(trigger.bytes());
              return true;
            })) {
      for (long i = 0; i < 4; i++) {
        service.push(trigger(0, i), SOON);
      }
      var failure =
          assertThrows(
              HawserException.class, () -> service.push(trigger(0, 9), Duration.ofMillis(20)));
      assertEquals(ErrorCode.TIMEOUT, failure.code());
      service.startProxy();
      service.stopProxy(SOON);
    }
    assertEquals(List.of(0L, 1L, 2L, 3L), served);
  }

  @Test
  void stoppingDoesNotWaitForAHandlerThatHangs() {
    var hang = new CountDownLatch(1);
    var service =
        new CustomProxyService(
            trigger -> {
              try {
                hang.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return true;
            });
    service.startProxy();
    service.push(new Trigger(), SOON);
    var failure =
        assertThrows(HawserException.class, () -> service.stopProxy(Duration.ofMillis(50)));
    assertEquals(ErrorCode.TIMEOUT, failure.code());
    hang.countDown();
    service.stopProxy(SOON);
  }
}
