package org.hawser.spu;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.link.LinkMode;

/**
 * The sessions that one rank has open, so that programs on the same device share a runtime and a
 * link. Any thread may use it; a session itself is for one thread at a time.
 */
public final class SPUState implements AutoCloseable {
  private static final int ID_BYTES = 12;

  private final Communicator communicator;
  private final SessionOptions options;
  private final Map<Key, CompletableFuture<Session>> sessions = new HashMap<>();
  private boolean closed;

  /** What tells one device from another. */
  private record Key(
      int localRank,
      int worldSize,
      RuntimeConfig config,
      LinkMode linkMode,
      List<Integer> parties) {
    /** The same at all parties, and another one for every other device over the same ranks. */
    String sessionId() {
      String text = "%d %s %s %s".formatted(worldSize, linkMode, parties, config.json());
      try {
        byte[] digest =
            MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        return "spu-" + HexFormat.of().formatHex(digest, 0, ID_BYTES);
      } catch (NoSuchAlgorithmException e) {
        throw new HawserException(ErrorCode.INTERNAL, "this JVM has no SHA-256", e);
      }
    }
  }

  /**
   * @param communicator stays its owner's, and open as long as this
   * @param options for every session; each gets an id of its own
   */
  public SPUState(Communicator communicator, SessionOptions options) {
    this.communicator = communicator;
    this.options = options;
  }

  /**
   * The session for a device: opened, together with the other parties, when first asked for. It
   * stays this one's. One that could not be opened is tried again the next time.
   *
   * @param localRank this party's place among the parties; -1 where it does not compute
   * @param worldSize the number of parties
   * @param parties their ranks, ascending
   * @throws HawserException (INVALID_ARGUMENT) when rank, size and parties do not fit together
   */
  public Session getOrCreate(
      int localRank,
      int worldSize,
      RuntimeConfig config,
      LinkMode linkMode,
      List<Integer> parties) {
    if (worldSize != parties.size() || localRank != parties.indexOf(communicator.rank())) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "rank %d is not party %d of %d when the parties are %s"
              .formatted(communicator.rank(), localRank, worldSize, parties));
    }
    var key = new Key(localRank, worldSize, config, linkMode, List.copyOf(parties));
    var opening = new CompletableFuture<Session>();
    CompletableFuture<Session> earlier = putIfAbsent(key, opening);
    return earlier == null ? open(key, opening) : await(earlier, config);
  }

  private synchronized CompletableFuture<Session> putIfAbsent(
      Key key, CompletableFuture<Session> opening) {
    if (closed) {
      throw new HawserException(
          ErrorCode.CLOSED, "rank %d: this state is closed".formatted(communicator.rank()));
    }
    return sessions.putIfAbsent(key, opening);
  }

  private Session open(Key key, CompletableFuture<Session> opening) {
    try {
      SessionOptions own = options.withLinkMode(key.linkMode()).withId(key.sessionId());
      Session session = Session.open(communicator, key.parties(), key.config(), own);
      opening.complete(session);
      return session;
    } catch (RuntimeException e) {
      forget(key);
      opening.completeExceptionally(e);
      throw e;
    }
  }

  private synchronized void forget(Key key) {
    sessions.remove(key);
  }

  /** Another thread opens it. */
  private Session await(CompletableFuture<Session> opening, RuntimeConfig config) {
    String where = "rank %d (%s)".formatted(communicator.rank(), config);
    try {
      return opening.get(options.timeout().toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof HawserException failure
          ? failure.again()
          : new HawserException(ErrorCode.INTERNAL, where + ": cannot open a session", e);
    } catch (TimeoutException e) {
      throw new HawserException(
          ErrorCode.TIMEOUT,
          "%s: the session was not open within %s".formatted(where, options.timeout()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HawserException(ErrorCode.CANCELLED, where + ": interrupted", e);
    }
  }

  /** Closes all sessions that are open. */
  @Override
  public void close() {
    // In the same order at all parties, since some links wait for their peers to close too.
    var open = new TreeMap<String, CompletableFuture<Session>>();
    synchronized (this) {
      closed = true;
      sessions.forEach((key, opening) -> open.put(key.sessionId(), opening));
      sessions.clear();
    }
    open.values().forEach(opening -> opening.thenAccept(Session::close));
  }
}
