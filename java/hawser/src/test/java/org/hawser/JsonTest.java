package org.hawser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
  @Test
  void writesNestedValuesInTheirOrder() {
    var object = new LinkedHashMap<String, Object>();
    object.put("number", 1L << 40);
    object.put("flag", true);
    object.put("share", 0.5);
    object.put("code", ErrorCode.IO);
    object.put("list", List.of(1, "two", Map.of()));

    assertEquals(
        "{\"number\":1099511627776,\"flag\":true,\"share\":0.5,\"code\":\"IO\",\"list\":[1,\"two\",{}]}",
        Json.write(object));
  }

  @Test
  void escapesWhatAStringMayNotHold() {
    assertEquals("\"a\\\"b\\\\c\\u000ad é\"", Json.write("a\"b\\c\nd é"));
  }

  @Test
  void refusesWhatJsonHasNoPlaceFor() {
    assertThrows(IllegalArgumentException.class, () -> Json.write(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> Json.write(new Object()));
  }
}
