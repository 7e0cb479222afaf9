package org.hawser.simp.op;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.hawser.simp.OpRegistry;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.serde.Serde;

/** What mplang and JAX wrote once. */
final class Recorded {
  private Recorded() {}

  /** All that a worker can do, and constants: everybody's, and one a rank. */
  static OpRegistry registry() {
    return StandardOps.registry(new Functions())
        .register("test.value", (_, op, _) -> new Object[] {op.attributes().get("value")})
        .register(
            "test.own",
            (job, op, _) -> new Object[] {op.attribute("values", List.class).get(job.rank())});
  }

  /** A graph, as mplang's tracer made it. */
  static Graph graph(String file) {
    try {
      return (Graph) Serde.fromJson(new ObjectMapper().readTree(text(file)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String text(String file) {
    try (InputStream in = Recorded.class.getResourceAsStream(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
