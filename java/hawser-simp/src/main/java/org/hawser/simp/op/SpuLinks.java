package org.hawser.simp.op;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.link.LinkCommunicator;
import org.hawser.link.LinkOptions;
import org.hawser.simp.Job;
import org.hawser.simp.Worker;
import org.hawser.simp.serde.SpuConfig;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;

/**
 * Where jobs have their links from, each one of its own. Any thread may use it.
 *
 * <p>Messages of all links go under the tag {@code spu}; a link's id must be the same at all its
 * parties, and no other open link's. Among workers of Hawser, whose jobs have ids, it is made of
 * the job's, so that many jobs may come and fail in any order. Workers of mplang, and drivers that
 * name no jobs, leave nothing but to count: each worker has a template {@code root} for the same
 * parties and configuration, opened once with a handshake, and job number n takes {@code root-n}. A
 * party that fails before it has taken its number then disagrees with the others from there on:
 * their later jobs wait in vain for each other until their time is over, and the workers must be
 * started anew, as the error says. So a party takes its number before anything of an operation can
 * fail, but a job that fails here and not there before its first secure operation does that, and
 * jobs that such workers are given at the same time may take numbers in different orders. mplang's
 * own workers are no different.
 */
final class SpuLinks implements AutoCloseable {
  private static final String TAG = "spu";
  private static final String ROOT = "root";
  private static final int ID_BYTES = 8;

  private final Map<Device, Template> templates = new ConcurrentHashMap<>();

  /** What a template is for; mplang forgets the parties. */
  private record Device(List<Integer> parties, Protocol protocol, Field field, int fractionBits) {}

  /** Opened when first needed; a failure is not kept. */
  private static final class Template {
    private LinkCommunicator link;

    synchronized LinkCommunicator spawn(Job job, List<Integer> parties, LinkOptions options) {
      if (link == null) {
        link = LinkCommunicator.channels(job.communicator(), mask(parties), options);
      }
      return link.spawn();
    }

    synchronized void close() {
      if (link != null) {
        link.close();
      }
    }
  }

  private SpuLinks(Worker worker) {}

  static SpuLinks of(Job job) {
    return job.workerState(SpuLinks.class, SpuLinks::new);
  }

  /** A link for one job, which closes it. */
  LinkCommunicator open(Job job, List<Integer> parties, SpuConfig config) {
    LinkOptions options =
        LinkOptions.DEFAULT.withRecvTimeout(job.timeout()).withNotified(job::isHawser);
    if (counts(job, parties)) {
      var device = new Device(parties, config.protocol(), config.field(), config.fxpFractionBits());
      return templates
          .computeIfAbsent(device, _ -> new Template())
          .spawn(job, parties, options.withId(ROOT).withTag(TAG));
    }
    String id = ROOT + "-" + digest(job.id() + parties + config.runtimeConfig().json());
    return LinkCommunicator.channels(
        job.communicator(), mask(parties), options.withId(id).withTag(TAG).withoutHandshake());
  }

  private static boolean counts(Job job, List<Integer> parties) {
    return job.id().equals(Job.ANONYMOUS) || !parties.stream().allMatch(job::isHawser);
  }

  /** What a party says when it has waited for the others in vain to set a link up. */
  static HawserException explained(Job job, List<Integer> parties, HawserException failure) {
    boolean waited =
        failure.getCause() instanceof HawserException cause && cause.code() == ErrorCode.TIMEOUT;
    if (!waited || !counts(job, parties)) {
      return failure;
    }
    return new HawserException(
        failure.code(),
        failure.getMessage()
            + ". Links with mplang's workers, and those of jobs without ids, are counted: after a"
            + " failure parties may have counted differently. Start the workers "
            + parties
            + " anew",
        failure.getCause(),
        failure.rank(),
        failure.lane(),
        failure.device(),
        failure.sysErrno());
  }

  private static int[] mask(List<Integer> parties) {
    return parties.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Short, of characters that every transport has in its keys, and no other text's. */
  private static String digest(String text) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      byte[] digest = sha.digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, ID_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  @Override
  public void close() {
    templates.values().forEach(Template::close);
  }
}
