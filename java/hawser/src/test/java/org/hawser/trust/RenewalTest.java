package org.hawser.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RenewalTest {
  private static final Duration DAY = Duration.ofDays(1);

  @TempDir private Path folder;

  @Test
  void newFilesAreReadOnceTheyAreWhole() throws Exception {
    var authority = CertificateAuthority.create("ours", DAY);
    authority.issueInto(folder.resolve("node"), "old", List.of("old"), DAY);
    authority.issueInto(folder.resolve("later"), "young", List.of("young"), DAY);
    var identity = Identity.load(folder.resolve("node"));
    var old = identity.chain();
    try (var _ = Renewal.of(identity, Duration.ofMillis(20))) {
      move(Identity.CERTIFICATE_FILE);
      Thread.sleep(200); // It has looked, and the key is not the certificate's.
      assertEquals(old, identity.chain());
      move(Identity.KEY_FILE);
      until(() -> !identity.chain().equals(old));
      assertEquals(List.of("young"), PeerNames.of(identity.chain().getFirst()));
    }
  }

  private void move(String name) throws Exception {
    Files.move(
        folder.resolve("later").resolve(name),
        folder.resolve("node").resolve(name),
        StandardCopyOption.REPLACE_EXISTING,
        StandardCopyOption.ATOMIC_MOVE);
  }

  private static void until(BooleanSupplier condition) throws Exception {
    while (!condition.getAsBoolean()) {
      Thread.sleep(10);
    }
  }
}
