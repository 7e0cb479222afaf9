package org.hawser.cli.identity;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Optional;
import java.util.concurrent.Callable;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.common.IdentityArguments;
import org.hawser.cli.common.Json;
import org.hawser.lane.HostPort;
import org.hawser.trust.Identity;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hawser identity check}. */
@Command(
    name = "check",
    description = "Say in one line whether an identity is good, and if not, why.",
    footer = {
      "",
      "Without HOST:PORT it tells what a peer with the same roots and names would say of the",
      "certificate; with it, what this end and the other say of each other. A pre-shared key is tried",
      "with nodes that serve HTTP alone.",
      "",
      "Examples:",
      "  hawser identity check --identity pki/alice",
      "  hawser identity check --identity pki/alice --peers 0=alice,1=bob --peer-of 0",
      "  hawser identity check --identity pki/alice bob.example:12347",
    })
public final class CheckCommand implements Callable<Integer> {
  private static final int CONNECT_MILLIS = 5000;
  // In TLS 1.3 the end that connects is done before the other has looked at its certificate.
  private static final int VERDICT_MILLIS = 1000;
  private static final String ALERT = "Received fatal alert: ";

  @Spec private CommandSpec spec;
  @Mixin private IdentityArguments identity;

  @Parameters(
      arity = "0..1",
      paramLabel = "HOST:PORT",
      description = "Whom to connect: a node that listens.")
  private String address;

  @Option(
      names = "--peer-of",
      defaultValue = "-1",
      paramLabel = "RANK",
      description = "Which rank the certificate is for; with HOST:PORT, which rank is there.")
  private int rank;

  @Option(names = "--json", description = "Print a JSON object.")
  private boolean json;

  /**
   * @param reason why not; empty when it is good
   */
  private record Verdict(boolean good, String reason) {}

  @Override
  public Integer call() {
    Optional<String> refusal = refusal();
    var verdict = new Verdict(refusal.isEmpty(), refusal.orElse(""));
    spec.commandLine()
        .getOut()
        .println(json ? Json.write(verdict) : refusal.map("refused: "::concat).orElse("good"));
    return verdict.good ? 0 : 1;
  }

  private Optional<String> refusal() {
    Identity own;
    try {
      own = identity.protection().identity().orElseThrow(CheckCommand::nothing);
    } catch (HawserException e) {
      return Optional.of(e.getMessage());
    }
    return address == null ? own.refusal(own.chain(), rank) : meet(own, HostPort.parse(address));
  }

  private static HawserException nothing() {
    return new HawserException(
        ErrorCode.INVALID_ARGUMENT, "say which it is: --identity, --certificate or --psk-file");
  }

  private Optional<String> meet(Identity own, HostPort there) {
    try (var tcp = new Socket()) {
      tcp.connect(new InetSocketAddress(there.host(), there.port()), CONNECT_MILLIS);
      tcp.setSoTimeout(CONNECT_MILLIS);
      SSLSocket tls = own.client(tcp, there.host(), rank);
      tls.startHandshake();
      Optional<String> stranger = rank < 0 ? Optional.empty() : own.refusal(rank, tls.getSession());
      return stranger.isPresent() ? stranger.map("this end refuses it: "::concat) : heard(tls);
    } catch (SSLException e) {
      return Optional.of(told(e));
    } catch (ConnectException | SocketTimeoutException e) {
      return Optional.of("nobody answers at %s: %s".formatted(there, e.getMessage()));
    } catch (IOException e) {
      return Optional.of("%s broke the connection: %s".formatted(there, e.getMessage()));
    }
  }

  /** What the other end says of this one's certificate, which is nothing when it is good. */
  private static Optional<String> heard(SSLSocket tls) throws IOException {
    tls.setSoTimeout(VERDICT_MILLIS);
    try {
      return tls.getInputStream().read() < 0
          ? Optional.of("the other end closed the connection without a word")
          : Optional.empty();
    } catch (SocketTimeoutException e) {
      return Optional.empty();
    }
  }

  private static String told(SSLException failure) {
    String message = String.valueOf(failure.getMessage());
    int alert = message.indexOf(ALERT);
    if (alert >= 0) {
      return "the other end refuses this certificate: " + message.substring(alert + ALERT.length());
    }
    if (message.contains("Unsupported or unrecognized SSL message")) {
      return "the other end speaks no TLS: is it in the clear?";
    }
    Throwable deepest = failure;
    while (deepest.getCause() != null) {
      deepest = deepest.getCause();
    }
    return "this end refuses it: " + deepest.getMessage();
  }
}
