package org.hawser.comm;

import org.hawser.HawserException;

/** Is told how a send ended. One object serves many sends, told apart by their contexts. */
@FunctionalInterface
public interface Completion {
  /** For sends whose end nobody waits for. */
  Completion IGNORED = (context, failure) -> {};

  /**
   * The send has ended: the communicator does not touch its memory any more. Called once a send, by
   * any thread, maybe before the call that started the send has returned. Must be short, and
   * neither block nor throw.
   *
   * @param context what the sender passed along
   * @param failure why it failed, null when the receiver's communicator has the message
   */
  void ended(long context, HawserException failure);
}
