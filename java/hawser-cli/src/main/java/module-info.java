/** The commands of Hawser: what users type, and what scripts read. */
module org.hawser.cli {
  requires HdrHistogram;
  requires com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.dataformat.yaml;
  requires info.picocli;
  requires jdk.management;
  requires org.hawser;
  requires org.hawser.simp;

  opens org.hawser.cli to
      info.picocli;
  opens org.hawser.cli.cluster to
      com.fasterxml.jackson.databind;
  opens org.hawser.cli.common to
      com.fasterxml.jackson.databind,
      info.picocli;
  opens org.hawser.cli.demo to
      com.fasterxml.jackson.databind,
      info.picocli;
  opens org.hawser.cli.doctor to
      com.fasterxml.jackson.databind,
      info.picocli;
  opens org.hawser.cli.files to
      com.fasterxml.jackson.databind,
      info.picocli;
  opens org.hawser.cli.identity to
      com.fasterxml.jackson.databind,
      info.picocli;
  opens org.hawser.cli.perf to
      com.fasterxml.jackson.databind,
      info.picocli;
  opens org.hawser.cli.port to
      com.fasterxml.jackson.databind,
      info.picocli;
  opens org.hawser.cli.simp to
      com.fasterxml.jackson.databind,
      info.picocli;
  opens org.hawser.cli.spu to
      com.fasterxml.jackson.databind,
      info.picocli;
  opens org.hawser.cli.stat to
      com.fasterxml.jackson.databind,
      info.picocli;
  opens org.hawser.cli.unpack to
      com.fasterxml.jackson.databind,
      info.picocli;
}
