package org.hawser.certificates;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.hawser.http.HttpTls;

/**
 * An authority and the certificates that it gives out, made by the JDK's keytool. It has a package
 * of its own, as other modules' tests take it from a jar, and a package is one module's.
 */
public final class Certificates {
  private static final String PASSWORD = "changeit";

  private final Path directory;

  public Certificates(Path directory) {
    this.directory = directory;
    pair("root", "-dname", "CN=root", "-ext", "bc:c");
    keytool("root", List.of("-exportcert", "-rfc", "-file", file("root.pem")));
  }

  /**
   * What one party needs: its certificate for loopback.
   *
   * @param name its common name
   */
  public HttpTls tls(String name, Map<Integer, String> names) {
    pair(name, "-dname", "CN=" + name);
    keytool(name, List.of("-certreq", "-file", file(name + ".csr")));
    keytool(
        "root",
        List.of(
            "-gencert",
            "-rfc",
            "-ext",
            "san=ip:127.0.0.1",
            "-infile",
            file(name + ".csr"),
            "-outfile",
            file(name + ".pem")));
    writeKey(name);
    return new HttpTls(path(name + ".pem"), path(name + ".key"), path("root.pem"), names);
  }

  private void pair(String name, String... more) {
    List<String> arguments = new ArrayList<>(List.of("-genkeypair", "-keyalg", "EC"));
    arguments.addAll(List.of(more));
    keytool(name, arguments);
  }

  private void keytool(String alias, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(arguments);
    command.addAll(List.of("-alias", alias, "-keystore", file("keys.p12"), "-storepass", PASSWORD));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      byte[] output = process.getInputStream().readAllBytes();
      assertEquals(0, process.waitFor(), () -> new String(output, StandardCharsets.UTF_8));
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void writeKey(String name) {
    try (InputStream in = Files.newInputStream(path("keys.p12"))) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(in, PASSWORD.toCharArray());
      byte[] key = store.getKey(name, PASSWORD.toCharArray()).getEncoded();
      Files.writeString(
          path(name + ".key"),
          "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n"
              .formatted(Base64.getMimeEncoder().encodeToString(key)));
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private Path path(String name) {
    return directory.resolve(name);
  }

  private String file(String name) {
    return path(name).toString();
  }
}
