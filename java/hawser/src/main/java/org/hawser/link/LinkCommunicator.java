package org.hawser.link;

import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.SpuObject;

/** One party's end of a link: libspu's context, which secure programs run on. */
public final class LinkCommunicator implements AutoCloseable {
  private LinkCommunicator() {
    throw new HawserException(ErrorCode.UNSUPPORTED, "there are no links");
  }

  /** The number of parties. */
  public int worldSize() {
    return 0;
  }

  /** This party's, among the link's, from 0. */
  public int rank() {
    return 0;
  }

  public LinkMode mode() {
    return LinkMode.CHANNELS;
  }

  /** Libspu's object; stays this one's. */
  @SuppressWarnings("exports") // for org.hawser.spu, in this module
  public SpuObject context() {
    return null;
  }

  /** The first that a channel threw, null when none has. */
  public Throwable failure() {
    return null;
  }

  @Override
  public void close() {}
}
