package org.hawser.comm;

import java.util.ArrayList;
import java.util.List;
import org.hawser.HawserException;

/** What is not waited for: messages of a rank under keys that begin so. Guarded by the mailbox. */
final class Refusals {
  private final List<Refusal> all = new ArrayList<>();

  private record Refusal(int from, Key prefix, HawserException reason) {}

  void add(int from, Key prefix, HawserException reason) {
    all.add(new Refusal(from, new Key().set(prefix), reason));
  }

  void remove(int from, Key prefix) {
    all.removeIf(refusal -> refusal.from == from && refusal.prefix.equals(prefix));
  }

  /** Why a message is not waited for; null when it is. */
  HawserException reason(int from, Key key) {
    // By index: this is on the path of every message that is waited for, and an iterator is
    // garbage.
    for (int i = 0; i < all.size(); i++) {
      Refusal refusal = all.get(i);
      if (refusal.from == from && key.startsWith(refusal.prefix)) {
        return refusal.reason;
      }
    }
    return null;
  }
}
