package org.hawser.cli.identity;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.common.Json;
import org.hawser.trust.CertificateAuthority;
import org.hawser.trust.Identity;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hawser identity new}. */
@Command(
    name = "new",
    description = "Make a small authority and a certificate for each party, or a key to share.",
    footer = {
      "",
      "FOLDER gets authority.pem and authority.key.pem, and a folder a party with certificate.pem,",
      "key.pem and roots.pem, which --identity takes. An authority that is there already issues more.",
      "Whoever has authority.key.pem can be anybody: keep it from the nodes.",
      "",
      "Examples:",
      "  hawser identity new pki --names alice,bob --hosts 10.0.0.1,10.0.0.2",
      "  hawser identity new --psk-file cluster.psk",
    })
public final class NewCommand implements Callable<Integer> {
  private static final String AUTHORITY = "authority.pem";
  private static final String AUTHORITY_KEY = "authority.key.pem";

  @Spec private CommandSpec spec;

  @ArgGroup(multiplicity = "1")
  private What what;

  private static final class What {
    @Parameters(paramLabel = "FOLDER", description = "Where the certificates go.")
    private Path folder;

    @Option(
        names = "--psk-file",
        paramLabel = "FILE",
        description = "Make a key that all nodes share, in that file, instead.")
    private Path preShared;
  }

  @Option(
      names = "--names",
      split = ",",
      paramLabel = "LIST",
      description = "The parties, in the order of their ranks: DNS names or URIs.")
  private List<String> names = List.of("rank-0", "rank-1");

  @Option(
      names = "--hosts",
      split = ",",
      paramLabel = "LIST",
      description = "Hosts and addresses of the nodes (default localhost,127.0.0.1,::1).")
  private List<String> hosts = List.of("localhost", "127.0.0.1", "::1");

  @Option(
      names = "--days",
      paramLabel = "N",
      defaultValue = "365",
      description = "How long they are good (default ${DEFAULT-VALUE}).")
  private int days;

  @Option(names = "--json", description = "Print a JSON object for each file or folder.")
  private boolean json;

  /** A folder for {@code --identity}, or a file with a key. */
  private record Made(String name, String path) {}

  @Override
  public Integer call() {
    if (what.preShared != null) {
      Identity.writePreShared(what.preShared);
      print(new Made("pre-shared key", what.preShared.toString()));
      return 0;
    }
    if (days < 1) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "--days takes 1 day or more, not " + days);
    }
    CertificateAuthority authority = authority(Duration.ofDays(days));
    for (String name : names) {
      Path place = what.folder.resolve(name.replaceAll("[^A-Za-z0-9._-]", "_"));
      List<String> alternatives = new ArrayList<>(List.of(name));
      alternatives.addAll(hosts);
      authority.issueInto(place, name, alternatives, Duration.ofDays(days));
      print(new Made(name, place.toString()));
    }
    return 0;
  }

  private CertificateAuthority authority(Duration validity) {
    Path certificate = what.folder.resolve(AUTHORITY);
    Path key = what.folder.resolve(AUTHORITY_KEY);
    if (Files.exists(certificate)) {
      return CertificateAuthority.open(certificate, key);
    }
    try {
      Files.createDirectories(what.folder);
    } catch (IOException e) {
      throw new HawserException(ErrorCode.IO, "cannot make " + what.folder, e);
    }
    var authority = CertificateAuthority.create("Hawser test authority", validity);
    authority.own().write(certificate, key);
    return authority;
  }

  private void print(Made made) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(json ? Json.write(made) : "%s: %s".formatted(made.name, made.path));
  }
}
