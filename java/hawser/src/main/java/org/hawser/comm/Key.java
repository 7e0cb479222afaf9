package org.hawser.comm;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.NativeMemory;

/**
 * A message's name: up to {@value #MAX_BYTES} bytes, of UTF-8 where people read them. One object
 * can be set again and again, so that a path that handles one message after another allocates
 * nothing; whoever keeps a key copies it. Not safe for several threads at once.
 */
public final class Key {
  /** The longest key, in bytes. */
  public static final int MAX_BYTES = 1024;

  private static final int INITIAL_BYTES = 64;

  private byte[] bytes = new byte[INITIAL_BYTES];
  private int length;
  private int hash = 1;

  /** Makes an empty key. */
  public Key() {}

  /** A key that says what {@code text} says. */
  public static Key of(String text) {
    return new Key().set(text);
  }

  /** Becomes the text, in UTF-8. */
  public Key set(String text) {
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    begin(encoded.length);
    System.arraycopy(encoded, 0, bytes, 0, encoded.length);
    return end();
  }

  /** Becomes a copy of the other one. */
  public Key set(Key other) {
    begin(other.length);
    System.arraycopy(other.bytes, 0, bytes, 0, other.length);
    hash = other.hash;
    return this;
  }

  /** Becomes {@code prefix} followed by {@code rest}; both are others than this one. */
  public Key set(Key prefix, Key rest) {
    begin(prefix.length + rest.length);
    System.arraycopy(prefix.bytes, 0, bytes, 0, prefix.length);
    System.arraycopy(rest.bytes, 0, bytes, prefix.length, rest.length);
    return end();
  }

  /** Becomes the bytes at {@code address}, which must stay readable meanwhile. */
  public Key set(long address, int count) {
    begin(count);
    NativeMemory.copy(address, bytes, count);
    return end();
  }

  /** Becomes the first {@code count} bytes of an array. */
  public Key set(byte[] from, int count) {
    begin(count);
    System.arraycopy(from, 0, bytes, 0, count);
    return end();
  }

  /** The byte at a place, from 0. */
  public byte byteAt(int index) {
    return bytes[Objects.checkIndex(index, length)];
  }

  /** Writes the bytes to {@code address}, where {@link #length} of them must be writable. */
  public void write(long address) {
    NativeMemory.copy(bytes, address, length);
  }

  /** Whether the key begins with all of the other one. */
  public boolean startsWith(Key prefix) {
    return length >= prefix.length
        && Arrays.equals(bytes, 0, prefix.length, prefix.bytes, 0, prefix.length);
  }

  /** In bytes. */
  public int length() {
    return length;
  }

  private void begin(int count) {
    if (count > MAX_BYTES) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "a key has at most %d bytes, not %d".formatted(MAX_BYTES, count));
    }
    if (count > bytes.length) {
      bytes = new byte[MAX_BYTES];
    }
    length = count;
  }

  private Key end() {
    int h = 1;
    for (int i = 0; i < length; i++) {
      h = 31 * h + bytes[i];
    }
    hash = h;
    return this;
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof Key other
        && hash == other.hash
        && Arrays.equals(bytes, 0, length, other.bytes, 0, other.length);
  }

  /** For messages: control characters, which yacl's keys hold, are shown as dots. */
  @Override
  public String toString() {
    return new String(bytes, 0, length, StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", ".");
  }
}
