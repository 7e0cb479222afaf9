package org.hawser.lane;

import java.util.Arrays;

/**
 * Chunks that came back from lost lanes, first in first out, without an object a chunk. Belongs to
 * the driver.
 */
final class ChunkQueue {
  private static final int FIELDS = 3;

  private long[] words = new long[16 * FIELDS];
  private int head;
  private int size;

  boolean isEmpty() {
    return size == 0;
  }

  void add(long id, long offset, long bytes) {
    if ((size + 1) * FIELDS > words.length) {
      grow();
    }
    int at = index(size);
    words[at] = id;
    words[at + 1] = offset;
    words[at + 2] = bytes;
    size++;
  }

  /** Of the first chunk: the send. */
  long id() {
    return words[index(0)];
  }

  /** Of the first chunk. */
  long offset() {
    return words[index(0) + 1];
  }

  /** Of the first chunk. */
  long bytes() {
    return words[index(0) + 2];
  }

  void remove() {
    head = (head + 1) % capacity();
    size--;
  }

  /** Drops every chunk of a send; returns their bytes. */
  long removeAll(long id) {
    long dropped = 0;
    for (int count = size; count > 0; count--) {
      if (id() == id) {
        dropped += bytes();
      } else {
        add(id(), offset(), bytes());
      }
      remove();
    }
    return dropped;
  }

  private int capacity() {
    return words.length / FIELDS;
  }

  private int index(int position) {
    return (head + position) % capacity() * FIELDS;
  }

  private void grow() {
    long[] larger = Arrays.copyOf(words, words.length * 2);
    for (int position = 0; position < size; position++) {
      System.arraycopy(words, index(position), larger, position * FIELDS, FIELDS);
    }
    words = larger;
    head = 0;
  }
}
