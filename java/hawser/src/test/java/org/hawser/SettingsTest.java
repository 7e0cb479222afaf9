package org.hawser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hawser.lane.LaneOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
  @Test
  void anUnknownVariableIsRefusedWithTheNearestKnownName() {
    var refusal =
        assertThrows(
            HawserException.class, () -> Settings.of(Map.of("HAWSER_CHUNKS", "1M", "HOME", "/")));
    assertEquals(ErrorCode.INVALID_ARGUMENT, refusal.code());
    assertEquals(
        "the environment variable HAWSER_CHUNKS is unknown; did you mean HAWSER_CHUNK?",
        refusal.getMessage());
  }

  @Test
  void whatIsNotOursIsIgnored() {
    assertEquals(
        Optional.empty(), Settings.of(Map.of("HAWSERX", "1", "PATH", "/")).text(Setting.CHUNK));
  }

  @Test
  void anEmptyVariableCountsAsAbsent() {
    assertEquals(Optional.empty(), Settings.of(Map.of("HAWSER_RANK", "  ")).text(Setting.RANK));
  }

  @Test
  void aValueThatCannotBeReadNamesItsVariable() {
    var settings = Settings.of(Map.of("HAWSER_CHUNK", "big"));
    var refusal =
        assertThrows(HawserException.class, () -> settings.value(Setting.CHUNK, ByteSize::parse));
    assertTrue(
        refusal.getMessage().startsWith("HAWSER_CHUNK=big is not valid"), refusal::getMessage);
  }

  @Test
  void aChunkOfNoBytesIsRefusedAndNoneSetIsLeftToTheNetwork() {
    assertEquals(0, LaneOptions.from(Settings.of(Map.of())).chunkBytes());
    var refusal =
        assertThrows(
            HawserException.class,
            () -> LaneOptions.from(Settings.of(Map.of("HAWSER_CHUNK", "0"))));
    assertTrue(refusal.getMessage().startsWith("HAWSER_CHUNK=0 is not valid"), refusal::getMessage);
  }

  @ParameterizedTest
  @CsvSource({
    "8,8",
    "0,0",
    "64K,65536",
    "64k,65536",
    "1M,1048576",
    "5G,5368709120",
    " 2T ,2199023255552"
  })
  void sizesAreRead(String text, long bytes) {
    assertEquals(bytes, ByteSize.parse(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "K", "-1", "1.5M", "1MB", "9223372036854775807K", "0x10"})
  void whatIsNoSizeIsRefused(String text) {
    assertEquals(
        ErrorCode.INVALID_ARGUMENT,
        assertThrows(HawserException.class, () -> ByteSize.parse(text)).code());
  }

  @ParameterizedTest
  @CsvSource({"0,0", "1000,1000", "524288,512K", "1048576,1M", "1049600,1025K", "5368709120,5G"})
  void sizesAreWrittenShortAndExact(long bytes, String text) {
    assertEquals(text, ByteSize.format(bytes));
    assertEquals(bytes, ByteSize.parse(text));
  }

  @ParameterizedTest
  @CsvSource({"kitten,sitting,3", "'',abc,3", "abc,'',3", "same,same,0", "ab,ba,2"})
  void distancesAreThoseOfLevenshtein(String from, String to, int distance) {
    assertEquals(distance, Spelling.distance(from, to));
  }

  @Test
  void theNearestWordIsFound() {
    assertEquals("--scheduler", Spelling.nearest("--shedular", List.of("--size", "--scheduler")));
  }

  @Test
  void codesAreNumberedAsInC() {
    assertEquals(ErrorCode.OK, ErrorCode.ofNative(0));
    assertEquals(ErrorCode.TIMEOUT, ErrorCode.ofNative(-2));
    assertEquals(ErrorCode.CLOSED, ErrorCode.ofNative(-13));
    assertEquals(ErrorCode.INTERNAL, ErrorCode.ofNative(-14));
    assertEquals(ErrorCode.INTERNAL, ErrorCode.ofNative(1));
  }
}
