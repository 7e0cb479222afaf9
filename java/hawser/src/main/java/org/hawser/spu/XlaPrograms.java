package org.hawser.spu;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** Programs compiled lately, by the SHA-256 of their text. Any thread may use it. */
final class XlaPrograms {
  /** Of JAX's usual programs each takes some hundred kilobytes. */
  static final int MOST = 256;

  private final Map<String, Slot> slots =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Slot> eldest) {
          return size() > MOST;
        }
      };

  /** Compiles at most once, however many threads ask at once; a failure is not kept. */
  XlaProgram get(byte[] text, Function<byte[], XlaProgram> compile) {
    Slot slot;
    String digest = digest(text);
    synchronized (slots) {
      slot = slots.computeIfAbsent(digest, _ -> new Slot());
    }
    return slot.get(text, compile);
  }

  private static String digest(byte[] text) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  private static final class Slot {
    private XlaProgram program;

    synchronized XlaProgram get(byte[] text, Function<byte[], XlaProgram> compile) {
      if (program == null) {
        program = compile.apply(text);
      }
      return program;
    }
  }
}
