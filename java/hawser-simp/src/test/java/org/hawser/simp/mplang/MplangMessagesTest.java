package org.hawser.simp.mplang;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Message;
import org.hawser.http.HttpCommunicator;
import org.hawser.http.HttpCommunicatorOptions;
import org.hawser.http.HttpNode;
import org.hawser.http.HttpOptions;
import org.hawser.simp.serde.Serde;
import org.hawser.simp.serde.Tuple;
import org.hawser.spu.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A communicator over HTTP, and one of the real mplang for a peer. */
@RequiresMplang
@Timeout(180)
class MplangMessagesTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int PEER = 1;
  private static final int LARGE = 16 << 20;

  /** What is sent as bytes, and what as a value. */
  private static final List<byte[]> BYTES =
      List.of(new byte[0], new byte[] {0, -1, 13, 10}, new byte[LARGE], "text".getBytes());

  private static final List<Object> VALUES =
      List.of(
          Tuple.of(1L, true, List.of("x")),
          Tensor.of(new float[] {1, 2}, 2),
          Tensor.of(new double[LARGE / 8], LARGE / 8),
          new byte[] {1, 0});

  private final Arena arena = Arena.ofShared();

  @Test
  void followsTheScript() {
    var options =
        HttpCommunicatorOptions.DEFAULT.withContainers(key -> !key.toString().startsWith("spu:"));
    List<String> arguments =
        List.of(MplangProcess.script("messages"), Integer.toString(BYTES.size()));
    try (var peer = MplangProcess.start(arguments);
        arena;
        var node = HttpNode.open(HttpOptions.DEFAULT)) {
      String endpoint = "127.0.0.1:" + peer.line(SOON);
      List<String> endpoints = List.of(node.address().toString(), endpoint);
      try (var communicator = HttpCommunicator.open(node, 0, endpoints, options)) {
        peer.tell("http://%s http://%s".formatted(endpoints.get(0), endpoints.get(1)));
        MplangWorker.awaitHealth("http://" + endpoint);
        assertFalse(communicator.isHawser(PEER));
        echoesWhatItGets(communicator);
        refusesWhatNobodyHasTaken(communicator);
        assertEquals(
            "RecvTimeoutError: Timeout after 0.1s waiting for message from rank 0 key=spu:never",
            text(receive(communicator, "spu:late")));
        send(communicator, "spu:end", new byte[0]);
        peer.await(SOON);
        isGone(communicator);
      } catch (HawserException e) {
        throw new AssertionError(peer.errors(), e);
      }
    }
  }

  private void echoesWhatItGets(HttpCommunicator communicator) {
    for (int i = 0; i < BYTES.size(); i++) {
      send(communicator, "spu:%d:0->1".formatted(i), BYTES.get(i));
      send(communicator, "job:%d:0->1".formatted(i), container(VALUES.get(i)));
    }
    for (int i = 0; i < BYTES.size(); i++) {
      byte[] bytes = BYTES.get(i);
      byte[] value = container(VALUES.get(i));
      for (String form : List.of("today", "older")) {
        assertArrayEquals(bytes, receive(communicator, "spu:%d:0->1:%s".formatted(i, form)));
        assertArrayEquals(value, receive(communicator, "job:%d:0->1:%s".formatted(i, form)));
      }
    }
    assertArrayEquals(container(new byte[] {1, 2}), receive(communicator, "job:bytes"));
  }

  private void refusesWhatNobodyHasTaken(HttpCommunicator communicator) {
    String refusal = text(receive(communicator, "spu:refusal"));
    assertTrue(refusal.contains("500 Internal Server Error"), refusal);
    assertEquals("first", text(receive(communicator, "spu:twice")));
    send(communicator, "spu:both", "first".getBytes(StandardCharsets.US_ASCII));
    var failure =
        assertThrows(HawserException.class, () -> send(communicator, "spu:both", new byte[] {1}));
    assertEquals(ErrorCode.REFUSED, failure.code());
    for (String part : List.of("rank 0", "rank 1", "spu:both", "Mailbox overflow")) {
      assertTrue(failure.getMessage().contains(part), failure.getMessage());
    }
    send(communicator, "spu:overflown", new byte[0]);
    assertEquals("first", text(receive(communicator, "spu:kept")));
  }

  private void isGone(HttpCommunicator communicator) {
    var failure =
        assertThrows(HawserException.class, () -> send(communicator, "spu:lost", new byte[] {1}));
    assertEquals(ErrorCode.LINK_FAILED, failure.code(), failure.getMessage());
    assertTrue(failure.getMessage().contains("rank 1"), failure.getMessage());
  }

  private void send(HttpCommunicator communicator, String key, byte[] bytes) {
    MemorySegment segment = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
    communicator.sendSync(PEER, key, segment, SOON);
  }

  private static byte[] receive(HttpCommunicator communicator, String key) {
    try (Message message = communicator.recv(PEER, key, SOON)) {
      return message.segment().toArray(JAVA_BYTE);
    }
  }

  private byte[] container(Object value) {
    return Serde.dumpsBinary(value, arena).toArray(JAVA_BYTE);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
