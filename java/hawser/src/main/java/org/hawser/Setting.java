package org.hawser;

import java.util.Arrays;
import java.util.List;

/**
 * Every environment variable that Hawser knows, with what it sets. Any other HAWSER_* variable is
 * refused.
 */
public enum Setting {
  LANES("devices of the lanes, in NCCL's syntax, or a number of lanes"),
  NET("socket, plugin:NAME, ofi:PROVIDER or fault:KEY=VALUE,..: what moves the bytes of the lanes"),
  CHUNK("bytes a chunk, such as 512K; unless set, as suits the network"),
  EAGER("messages up to this length go without asking the receiver, such as 64K"),
  SOCKETS_PER_LANE("TCP connections a lane"),
  ON_LANE_LOSS("failover or fail-fast"),
  CHECKSUM("auto, on or off: a CRC32C with each chunk"),
  ZEROCOPY("auto, on or off: zero-copy sends"),
  WAIT("block or spin: how a waiting thread waits"),
  SCHEDULER("adaptive, round-robin or weighted:3,1,.."),
  SILENCE_MS("milliseconds without a sign of life after which a lane is lost"),
  LINK_TIMEOUT_MS("milliseconds without any lane after which a link has failed"),
  LAUNCHER("explicit, pmix, slurm or openmpi: whose variables tell rank and peers"),
  RANK("this party's rank"),
  SIZE("the number of parties"),
  RENDEZVOUS("host:port where the parties meet"),
  TLS_CERTIFICATE("file with this node's certificate, in PEM: all that it connects is TLS 1.3"),
  TLS_KEY("file with the certificate's private key"),
  TLS_ROOTS("file with the certificates to trust"),
  TLS_PEERS("0=alice,1=bob: the names that the certificates of ranks must have"),
  TLS_PSK_FILE("file with a key that all nodes share, in place of certificates"),
  TLS_PSK("that key itself"),
  INSECURE("1: clear text may go to other machines"),
  PYTHON("folder of the Python virtual environment that holds the package spu"),
  OFI_PROVIDER("libfabric's provider of the ports' IB0 to IB7: verbs unless named"),
  OFI_ORDER(
      "provider or none: none where a NIC does not keep the order of writes that it promises"),
  STAT_DIR("folder of the files that hawser stat reads; off: none are written"),
  LAB("the name of the lab that scripts/lab works on");

  private static final String PREFIX = "HAWSER_";

  private final String meaning;

  Setting(String meaning) {
    this.meaning = meaning;
  }

  /** The variable's name: {@code HAWSER_CHUNK}. */
  public String variable() {
    return PREFIX + name();
  }

  /** What it sets, in a few words. */
  public String meaning() {
    return meaning;
  }

  static boolean claims(String variable) {
    return variable.startsWith(PREFIX);
  }

  static List<String> variables() {
    return Arrays.stream(values()).map(Setting::variable).toList();
  }
}
