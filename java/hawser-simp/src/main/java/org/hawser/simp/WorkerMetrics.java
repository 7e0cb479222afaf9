package org.hawser.simp;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.function.DoubleSupplier;
import org.hawser.comm.CommStatistics;
import org.hawser.comm.Communicator;

/** What one worker has done, as Prometheus reads it. Any thread may use it. */
final class WorkerMetrics {
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final PrometheusTextFormatWriter writer =
      PrometheusTextFormatWriter.builder().setIncludeCreatedTimestamps(false).build();
  private final Counter jobs =
      Counter.builder()
          .name("hawser_jobs_total")
          .help("Jobs that have ended, by how.")
          .labelNames("status")
          .register(registry);
  private final Histogram seconds =
      Histogram.builder()
          .name("hawser_job_seconds")
          .help("From a job's arrival to its end.")
          .classicOnly()
          .classicExponentialUpperBounds(0.0001, 4, 12)
          .register(registry);

  WorkerMetrics(WorkerService service, Communicator communicator) {
    for (WorkerJob.Status status : WorkerJob.Status.values()) {
      if (status == WorkerJob.Status.SUCCESS || status == WorkerJob.Status.FAILED) {
        jobs.initLabelValues(label(status));
      }
    }
    gauge("hawser_jobs_running", "Jobs that run now.", service::running);
    gauge("hawser_jobs_waiting", "Jobs that wait for their turn.", service::waiting);
    gauge("hawser_objects", "Objects in the store.", () -> service.objects().size());
    gauge(
        "hawser_threads",
        "Threads of the process, virtual ones left out.",
        () -> ManagementFactory.getThreadMXBean().getThreadCount());
    messages("sent", communicator);
    messages("received", communicator);
    gauge(
        "hawser_comm_mailbox_bytes",
        "Bytes that have arrived and were not received yet.",
        () -> communicator.statistics().bytesWaiting());
  }

  private void messages(String way, Communicator communicator) {
    boolean sent = way.equals("sent");
    counter(
        "hawser_comm_messages_%s_total".formatted(way),
        "Messages between workers, %s here.".formatted(way),
        () -> messages(communicator.statistics(), sent));
    counter(
        "hawser_comm_bytes_%s_total".formatted(way),
        "Bytes of messages between workers, %s here.".formatted(way),
        () -> bytes(communicator.statistics(), sent));
  }

  private static double messages(CommStatistics statistics, boolean sent) {
    return sent ? statistics.messagesSent() : statistics.messagesReceived();
  }

  private static double bytes(CommStatistics statistics, boolean sent) {
    return sent ? statistics.bytesSent() : statistics.bytesReceived();
  }

  private void gauge(String name, String help, DoubleSupplier value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(callback -> callback.call(value.getAsDouble()))
        .register(registry);
  }

  private void counter(String name, String help, DoubleSupplier value) {
    CounterWithCallback.builder()
        .name(name)
        .help(help)
        .callback(callback -> callback.call(value.getAsDouble()))
        .register(registry);
  }

  void ended(WorkerJob job) {
    jobs.labelValues(label(job.status())).inc();
    seconds.observe(job.seconds());
  }

  private static String label(WorkerJob.Status status) {
    return status.name().toLowerCase(Locale.ROOT);
  }

  String contentType() {
    return writer.getContentType();
  }

  /** All of it in Prometheus' text format. */
  byte[] text() {
    try (var out = new ByteArrayOutputStream()) {
      writer.write(out, registry.scrape());
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
