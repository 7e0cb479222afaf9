package org.hawser.spu;

import java.lang.ref.Reference;
import org.hawser.HawserException;
import org.hawser.ffi.NativeSpu;
import org.hawser.ffi.SpuObject;
import org.hawser.link.LinkCommunicator;

/**
 * One party's machine: variables, each the party's share of a value, and programs that run over
 * them together with the other parties' machines. One thread at a time uses it.
 */
public final class SpuRuntime implements AutoCloseable {
  private final LinkCommunicator link;
  private final RuntimeConfig config;
  private final SpuObject object;

  /**
   * Sets the machine up with its peers; waits for them.
   *
   * @param link stays its owner's, and open as long as this
   * @throws HawserException (INVALID_ARGUMENT) when the protocol takes another number of parties
   */
  public SpuRuntime(LinkCommunicator link, RuntimeConfig config) {
    config.requireParties(link.worldSize());
    this.link = link;
    this.config = config;
    try {
      object = NativeSpu.runtime(link.context(), config.json());
    } catch (HawserException e) {
      throw failed("cannot set the runtime up", e);
    }
  }

  /** Gives a variable a value: this party's share of it. The caller may close the share. */
  public void setVar(String name, Share share) {
    try {
      share.requireFor(config);
      NativeSpu.setVar(object, name, share.object());
    } catch (HawserException e) {
      throw failed("cannot set variable '%s'".formatted(name), e);
    } finally {
      Reference.reachabilityFence(share);
    }
  }

  /**
   * This party's share of a variable, which the caller closes.
   *
   * @throws HawserException (INVALID_ARGUMENT) when there is none of that name
   */
  public Share getVar(String name) {
    try {
      return new Share(NativeSpu.getVar(object, name));
    } catch (HawserException e) {
      throw failed("cannot get variable '%s'".formatted(name), e);
    }
  }

  /** Frees a variable. */
  public void delVar(String name) {
    try {
      NativeSpu.delVar(object, name);
    } catch (HawserException e) {
      throw failed("cannot delete variable '%s'".formatted(name), e);
    }
  }

  /**
   * Runs a program together with the other parties, each of which must call this for the same one.
   * Blocks in native code until the end: call it on a platform thread. After a failure parties may
   * be at different steps: close the session.
   *
   * @throws HawserException with libspu's reason; when a channel of the link threw, that is the
   *     cause
   */
  public void run(SpuExecutable executable) {
    try (SpuObject program = executable.object()) {
      NativeSpu.run(object, program);
    } catch (HawserException e) {
      HawserException failure = failed("program %s failed".formatted(executable.name()), e);
      link.broken(failure);
      throw failure;
    }
  }

  /** What a channel threw is the cause rather than libspu's report of it. */
  private HawserException failed(String what, HawserException e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    int peer = cause instanceof HawserException failure ? failure.rank() : -1;
    String message =
        "party %d of %d (%s): %s: %s"
            .formatted(link.rank(), link.worldSize(), config, what, e.getMessage());
    return new HawserException(e.code(), message, cause, peer, -1, "", 0);
  }

  /** Never blocks. */
  @Override
  public void close() {
    object.close();
  }
}
