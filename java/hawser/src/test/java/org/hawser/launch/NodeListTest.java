package org.hawser.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NodeListTest {
  @Test
  void expandsRangesListsAndWidths() {
    assertEquals(List.of("vm"), NodeList.expand("vm"));
    assertEquals(List.of("host1", "host2", "host3", "host07"), NodeList.expand("host[1-3,07]"));
    assertEquals(List.of("a08", "a09", "a10", "a11"), NodeList.expand("a[08-11]"));
    assertEquals(
        List.of("login", "gpu3", "gpu5", "gpu6", "x-1.example"),
        NodeList.expand("login,gpu[3,5-6],x-1.example"));
  }

  @Test
  void multipliesSeveralBracketsFirstOneSlowest() {
    assertEquals(
        List.of("r0n1-ib", "r0n2-ib", "r1n1-ib", "r1n2-ib"), NodeList.expand("r[0-1]n[1-2]-ib"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ",",
        "a,,b",
        "a[",
        "a]",
        "a[]",
        "a[1-]",
        "a[3-1]",
        "a[1-x]",
        "a[[1]]",
        "a[-1]",
        "a[1",
        "a[0-99999999]",
        "a[1234567890]",
        "a[0-999]b[0-999]"
      })
  void refusesWhatIsNoList(String list) {
    var e = assertThrows(HawserException.class, () -> NodeList.expand(list));
    assertEquals(ErrorCode.INVALID_ARGUMENT, e.code());
  }
}
