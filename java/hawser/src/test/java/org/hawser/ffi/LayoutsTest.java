package org.hawser.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.hawser.ffi.HawserLibrary.Fact;
import org.junit.jupiter.api.Test;

/** Both halves lay out every struct alike: nothing is missing on either side. */
class LayoutsTest {
  @Test
  void theLibrarySpeaksThisModulesVersion() {
    assertEquals(Layouts.ABI_VERSION, HawserLibrary.abiVersion());
    assertTrue(HawserLibrary.version().matches("\\d+\\.\\d+\\.\\d+"), HawserLibrary.version());
  }

  private static List<StructLayout> structs() {
    return Stream.of(Layouts.ALL, MemLayouts.ALL, PortLayouts.ALL, StatLayouts.ALL)
        .flatMap(List::stream)
        .toList();
  }

  @Test
  void everyStructAndFieldIsWhereCHasIt() {
    var inC = new TreeMap<String, Fact>();
    for (int index = 0; ; index++) {
      Optional<Fact> fact = HawserLibrary.fact(index);
      if (fact.isEmpty()) {
        break;
      }
      inC.put(fact.get().name(), fact.get());
    }
    var inJava = new TreeMap<String, Fact>();
    for (StructLayout struct : structs()) {
      String name = struct.name().orElseThrow();
      inJava.put(name, new Fact(name, 0, struct.byteSize()));
      for (MemoryLayout member : struct.memberLayouts()) {
        String field = member.name().orElseThrow();
        long offset = struct.byteOffset(PathElement.groupElement(field));
        inJava.put(name + "." + field, new Fact(name + "." + field, offset, member.byteSize()));
      }
    }
    assertEquals(
        String.join("\n", inC.values().stream().map(Fact::toString).toList()),
        String.join("\n", inJava.values().stream().map(Fact::toString).toList()));
  }
}
