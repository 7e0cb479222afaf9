package org.hawser.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.junit.jupiter.api.Test;

class LinkSwitchTest {
  private static LinkMode mode(Map<String, ?> config, Map<String, String> environment) {
    return LinkSwitch.mode(config, environment);
  }

  @Test
  void usesChannelsUnlessToldNotTo() {
    assertEquals(LinkMode.CHANNELS, mode(Map.of("protocol", "ABY3"), Map.of("PATH", "/bin")));
  }

  @Test
  void followsTheClusterFile() {
    assertEquals(LinkMode.CHANNELS, mode(Map.of("use_mplang_channel", true), Map.of()));
    assertEquals(LinkMode.BRPC, mode(Map.of("use_mplang_channel", false), Map.of()));
  }

  @Test
  void followsTheEnvironmentFirst() {
    var off = Map.of("MPLANG_SPU_USE_CHANNELS", "0");
    var on = Map.of("MPLANG_SPU_USE_CHANNELS", "1");
    assertEquals(LinkMode.BRPC, mode(Map.of(), off));
    assertEquals(LinkMode.BRPC, mode(Map.of("use_mplang_channel", true), off));
    assertEquals(LinkMode.CHANNELS, mode(Map.of("use_mplang_channel", false), on));
  }

  @Test
  void refusesWhatItDoesNotUnderstand() {
    assertRefused("use_mplang_channel=yes", Map.of("use_mplang_channel", "yes"), Map.of());
    assertRefused("use_mplang_channel=1", Map.of("use_mplang_channel", 1), Map.of());
    for (String value : new String[] {"true", "", "2", " 1"}) {
      assertRefused(
          "MPLANG_SPU_USE_CHANNELS=" + value, Map.of(), Map.of("MPLANG_SPU_USE_CHANNELS", value));
    }
    // Also where the other one would decide.
    assertRefused(
        "use_mplang_channel=maybe",
        Map.of("use_mplang_channel", "maybe"),
        Map.of("MPLANG_SPU_USE_CHANNELS", "1"));
  }

  private static void assertRefused(
      String what, Map<String, ?> config, Map<String, String> environment) {
    var failure = assertThrows(HawserException.class, () -> mode(config, environment));
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
    assertTrue(failure.getMessage().contains(what), failure.getMessage());
  }
}
