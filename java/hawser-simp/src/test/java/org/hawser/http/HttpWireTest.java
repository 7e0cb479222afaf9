package org.hawser.http;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.hawser.HawserException;
import org.hawser.comm.Background;
import org.hawser.comm.Key;
import org.hawser.comm.Message;
import org.hawser.http.RawConnection.Answer;
import org.hawser.simp.serde.Serde;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a node answers to whatever comes in, on plain sockets: mplang's protocol, and its abuse. */
class HttpWireTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Duration PATIENCE = Duration.ofMillis(700);
  private static final int MAX_BODY = 1 << 20;
  private static final int MAILBOX = 1000;
  private static final String OK = "{\"status\":\"ok\"}";
  private static final String BINARY = "Content-Type: application/octet-stream\r\n";
  private static final String RAW =
      BINARY + "X-From-Rank: 1\r\nX-Is-Raw-Bytes: 1\r\nX-Serde-Format: raw-bytes\r\n";
  private static final String CONTAINER =
      BINARY + "X-From-Rank: 1\r\nX-Is-Raw-Bytes: 0\r\nX-Serde-Format: binary-container\r\n";
  private static final String JSON = "Content-Type: application/json; charset=utf-8\r\n";
  private static final String TRUE = "\u001a\0\0\0{\"_kind\":\"_bool\",\"v\":true}";

  private HttpNode node;
  private HttpCommunicator communicator;
  private RawConnection connection;

  @BeforeEach
  void open() {
    node = HttpNode.open(HttpOptions.DEFAULT.withMaxBodyBytes(MAX_BODY).withPatience(PATIENCE));
    communicator =
        HttpCommunicator.open(
            node,
            0,
            // Nobody listens at the peer's.
            List.of(node.address().toString(), "127.0.0.1:1"),
            HttpCommunicatorOptions.DEFAULT
                .withMailboxBytes(MAILBOX)
                .withContainers(key -> key.toString().startsWith("job")));
    connection = new RawConnection(node.address());
  }

  @AfterEach
  void close() {
    connection.close();
    communicator.close();
    node.close();
  }

  private byte[] received(String key) {
    try (Message message = communicator.recv(1, key, SOON)) {
      return message.segment().toArray(JAVA_BYTE);
    }
  }

  private String text(String key) {
    return new String(received(key), StandardCharsets.ISO_8859_1);
  }

  private Object value(String key) {
    try (Message message = communicator.recv(1, key, SOON)) {
      return Serde.loadsBinary(message.segment());
    }
  }

  private Answer put(String key, String headers, String body) {
    return connection.ask(RawConnection.put(key, headers, body));
  }

  private void expect(int status, String detail, Answer answer) {
    assertEquals(status, answer.status(), answer.body());
    assertTrue(answer.body().contains(detail), answer.body());
    assertTrue(answer.body().startsWith("{\"detail\":"), answer.body());
  }

  private void livesOn() {
    try (var other = new RawConnection(node.address())) {
      assertEquals(200, other.ask(RawConnection.put("alive", RAW, "yes")).status());
    }
    assertEquals("yes", text("alive"));
  }

  // ----------------------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "\0\1\u00ff"})
  void takesBytes(String body) {
    Answer answer = put("spu:root-0:P2P-1:0-%3E1", RAW, body);
    assertEquals(200, answer.status());
    assertEquals(OK, answer.body());
    assertEquals(body, text("spu:root-0:P2P-1:0->1"));
  }

  @Test
  void takesContainersAsTheyAre() {
    assertEquals(200, put("job:0", CONTAINER, TRUE).status());
    assertEquals(TRUE, text("job:0"));
    assertEquals(200, put("job:1", BINARY + "X-From-Rank: 1\r\n", TRUE).status());
    assertEquals(true, value("job:1"));
  }

  @Test
  void makesContainersOfBytesWhereTheReceiverExpectsThem() {
    assertEquals(200, put("job:0", RAW, "abc").status());
    assertArrayEquals("abc".getBytes(StandardCharsets.US_ASCII), (byte[]) value("job:0"));
  }

  @Test
  void takesTheOlderForm() {
    String data = Base64.getEncoder().encodeToString("abc".getBytes(StandardCharsets.US_ASCII));
    String bytes = "{\"data\":\"%s\",\"from_rank\":1,\"is_raw_bytes\":true}".formatted(data);
    assertEquals(200, put("spu:a", JSON, bytes).status());
    assertEquals("abc", text("spu:a"));
    assertEquals(200, put("job:a", JSON, bytes).status());
    assertArrayEquals("abc".getBytes(StandardCharsets.US_ASCII), (byte[]) value("job:a"));
    String number = "{\"data\":\"%s\",\"from_rank\":1}".formatted(Serde.dumpsB64(7L));
    assertEquals(200, put("job:b", JSON, number).status());
    assertEquals(7L, value("job:b"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "400 | no",
        "422 | {}",
        "422 | []",
        "422 | {\"data\":3,\"from_rank\":1}",
        "422 | {\"data\":\"\",\"from_rank\":\"x\"}",
        "400 | {\"data\":\"!\",\"from_rank\":1,\"is_raw_bytes\":true}",
        "400 | {\"data\":\"AAAA\",\"from_rank\":1}",
        "400 | {\"data\":\"\",\"from_rank\":7,\"is_raw_bytes\":true}",
      })
  void refusesOlderFormsThatSayNothing(int status, String body) {
    expect(status, "", put("job:a", JSON, body));
    livesOn();
  }

  @Test
  void refusesASecondMessageUntilTheFirstIsTaken() {
    assertEquals(200, put("k1", RAW, "first").status());
    expect(500, "Mailbox overflow: key (1, 'k1') already exists", put("k1", RAW, "second"));
    assertEquals("first", text("k1"));
    assertEquals(200, put("k1", RAW, "third").status());
    assertEquals("third", text("k1"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "X-From-Rank: x\r\n", "X-From-Rank: -\r\n", "X-From-Rank: \r\n"})
  void refusesWhoDoesNotSayWhoItIs(String rank) {
    expect(400, "X-From-Rank", put("k", BINARY + "X-Is-Raw-Bytes: 1\r\n" + rank, "abc"));
    livesOn();
  }

  @ParameterizedTest
  @ValueSource(strings = {"2", "-1", "0", "999999999"})
  void refusesRanksThatDoNotExist(String rank) {
    String headers = BINARY + "X-Is-Raw-Bytes: 1\r\nX-From-Rank: " + rank + "\r\n";
    expect(400, "ranks are 0 to 1", put("k", headers, "abc"));
    livesOn();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "abc",
        "\u00ff\u00ff\u00ff\u00ff",
        "\2\0\0\0{}",
        "\20\0\0\0{\"_kind\":\"what\"}"
      })
  void refusesMalformedContainers(String body) {
    expect(400, "", put("job:0", CONTAINER, body));
    assertFalse(communicator.hasMessage(1, "job:0"));
    livesOn();
  }

  @Test
  void refusesFormatsItDoesNotKnow() {
    String headers = BINARY + "X-From-Rank: 1\r\nX-Serde-Format: pickle\r\n";
    expect(400, "pickle", put("job:0", headers, TRUE));
    assertEquals(200, put("k", RAW.replace("raw-bytes", "pickle"), "abc").status());
  }

  @ParameterizedTest
  @ValueSource(strings = {"a/b", "a%2Fb", "a%2fb", "%zz", "%1", ""})
  void knowsNoSuchKeys(String key) {
    expect(404, "Not Found", put(key, RAW, "abc"));
    livesOn();
  }

  @Test
  void knowsItsPathsAndMethods() {
    expect(404, "Not Found", connection.ask("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"));
    expect(405, "Method Not Allowed", connection.ask("GET /comm/k HTTP/1.1\r\nHost: x\r\n\r\n"));
    expect(405, "", connection.ask("POST /comm/k HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"));
    assertEquals(200, put("k", RAW, "abc").status());
  }

  // ----------------------------------------------------------------------------------------------
  // how it comes

  @Test
  void answersPipelinedRequestsInOrder() {
    var all = new StringBuilder();
    for (int i = 0; i < 50; i++) {
      all.append(RawConnection.put("key" + i, RAW, "body " + i));
      all.append(i % 10 == 9 ? "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n" : "");
    }
    connection.write(all.toString());
    for (int i = 0; i < 50; i++) {
      assertEquals(200, connection.answer().status());
      if (i % 10 == 9) {
        assertEquals(404, connection.answer().status());
      }
    }
    for (int i = 49; i >= 0; i--) {
      assertEquals("body " + i, text("key" + i));
    }
  }

  @Test
  void takesChunkedBodies() {
    connection.write(
        "PUT /comm/k HTTP/1.1\r\nHost: x\r\n" + RAW + "Transfer-Encoding: chunked\r\n\r\n");
    connection.write("3\r\nabc\r\n").write("2\r\nde\r\n");
    assertEquals(200, connection.ask("0\r\n\r\n").status());
    assertEquals("abcde", text("k"));
  }

  @Test
  void takesWhatComesByteByByte() {
    for (char each : RawConnection.put("k", RAW, "abc").toCharArray()) {
      connection.write(String.valueOf(each));
    }
    assertEquals(200, connection.answer().status());
    assertEquals("abc", text("k"));
  }

  @Test
  void asksForTheBodyOfWhoWaitsForThat() {
    connection.write(
        "PUT /comm/k HTTP/1.1\r\n" + RAW + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    var interim = new StringBuilder();
    // It has no length: read by the letter.
    String expected = "HTTP/1.1 100 Continue\r\n\r\n";
    connection.read(interim, expected.length());
    assertEquals(expected, interim.toString());
    assertEquals(200, connection.ask("abc").status());
  }

  @Test
  void closesAfterTheAnswerWhenAsked() {
    assertEquals(200, put("k", RAW + "Connection: close\r\n", "abc").status());
    assertTrue(connection.isClosedByServer());
  }

  @Test
  void refusesLongBodiesBeforeTheyCome() {
    connection.write(
        "PUT /comm/k HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n".formatted(RAW, MAX_BODY + 1L));
    expect(413, "at most " + MAX_BODY, connection.answer());
    livesOn();
  }

  @Test
  void refusesLongBodiesOfUnknownLength() {
    connection.write("PUT /comm/k HTTP/1.1\r\n" + RAW + "Transfer-Encoding: chunked\r\n\r\n");
    String chunk = "10000\r\n" + "x".repeat(0x10000) + "\r\n";
    for (int i = 0; i < 20; i++) {
      connection.write(chunk);
    }
    expect(413, "at most " + MAX_BODY, connection.answer());
    livesOn();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hello\r\n\r\n",
        "PUT /comm/k HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "PUT /comm/k HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "PUT /comm/k HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
      })
  void refusesWhatIsNoRequest(String text) {
    expect(400, "no HTTP/1.1 request", connection.ask(text));
    livesOn();
  }

  @Test
  void givesUpOnRequestsThatDoNotEnd() {
    connection.write("PUT /comm/k HTTP/1.1\r\n" + RAW + "Content-Length: 3\r\n\r\nab");
    expect(408, "end", connection.answer());
    livesOn();
  }

  @Test
  void closesConnectionsThatSayNothing() {
    connection.write("PUT /comm/k HT");
    assertTrue(connection.isClosedByServer());
    livesOn();
  }

  @Test
  void holdsSendersBackUntilThereIsRoom() {
    assertEquals(200, put("a", RAW, "x".repeat(MAILBOX)).status());
    var second = Background.start(() -> put("b", RAW, "b"));
    Background.pause(100);
    assertFalse(second.isDone());
    assertEquals(MAILBOX, received("a").length);
    assertEquals(200, Background.join(second).status());
    assertEquals("b", text("b"));
  }

  @Test
  void refusesSendersWhenThereIsNoRoomForLong() {
    assertEquals(200, put("a", RAW, "x".repeat(MAILBOX)).status());
    expect(503, "mailbox is full", put("b", RAW, "b"));
    assertEquals(MAILBOX, received("a").length);
    livesOn();
  }

  @Test
  void takesWhatSomebodyWaitsForThoughThereIsNoRoom() {
    assertEquals(200, put("a", RAW, "x".repeat(MAILBOX)).status());
    var waiting = Background.start(() -> text("b"));
    Background.pause(100);
    assertEquals(200, put("b", RAW, "b").status());
    assertEquals("b", Background.join(waiting));
  }

  // ----------------------------------------------------------------------------------------------
  // between Hawser nodes

  @Test
  void takesReplayedMessagesOnce() {
    for (int i = 0; i < 3; i++) {
      assertEquals(200, put("k", RAW + "X-Hawser-Sequence: ab:1\r\n", "first").status());
    }
    assertEquals(200, put("k", RAW + "X-Hawser-Sequence: ab:2\r\n", "second").status());
    assertEquals("first", text("k"));
    assertEquals("second", text("k"));
    assertFalse(communicator.hasMessage(1, "k"));
  }

  @Test
  void refusesMessagesOfAnEarlierRun() {
    assertEquals(200, put("k", RAW + "X-Hawser-Sequence: ab:7\r\n", "old").status());
    assertEquals(200, put("l", RAW + "X-Hawser-Sequence: ac:1\r\n", "new").status());
    expect(409, "started anew", put("k", RAW + "X-Hawser-Sequence: ab:8\r\n", "late"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1", "x:1", "1:x", "1:0", "-1:1", ":", "fffffffffffffffff:1"})
  void refusesSequencesThatAreNone(String sequence) {
    expect(
        400, "X-Hawser-Sequence", put("k", RAW + "X-Hawser-Sequence: " + sequence + "\r\n", "a"));
    assertFalse(communicator.hasMessage(1, "k"));
  }

  @Test
  void saysThatItIsHawser() {
    assertTrue(put("k", RAW, "").head().contains("X-Hawser: 1\r\n"));
    assertTrue(put("k", RAW, "").head().contains("X-Hawser: 1\r\n"));
    assertTrue(connection.ask("GET /health HTTP/1.1\r\n\r\n").head().contains("X-Hawser: 1\r\n"));
  }

  @Test
  void encodesKeysAsMplangReadsThem() {
    assertEquals("spu:root-0:P2P-1:0-%3E1", encoded("spu:root-0:P2P-1:0->1"));
    assertEquals("a%20b%25%3F%23%C3%A9", encoded("a b%?#\u00e9"));
  }

  private static String encoded(String key) {
    return KeyPath.encode(Key.of(key)).toString(StandardCharsets.US_ASCII);
  }

  @Test
  void cannotSendKeysThatAreNoPartOfAPath() {
    try (Arena arena = Arena.ofConfined()) {
      for (String key : List.of("", "a/b")) {
        var failure =
            assertThrows(HawserException.class, () -> communicator.send(1, key, arena.allocate(1)));
        assertTrue(failure.getMessage().contains("slash"), failure.getMessage());
      }
    }
  }
}
