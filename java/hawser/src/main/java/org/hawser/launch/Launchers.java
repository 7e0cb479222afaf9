package org.hawser.launch;

import java.time.Duration;
import java.util.Optional;
import org.hawser.Setting;
import org.hawser.trust.Protection;

/** Reads each launcher's variables, and decides which launcher this process belongs to. */
final class Launchers {
  /** Below the range from which Linux takes the ports of outgoing connections. */
  private static final int FIRST_PORT = 20_000;

  private static final int PORTS = 10_000;

  private static final String LAUNCHER = Setting.LAUNCHER.variable();
  private static final String RANK = Setting.RANK.variable();
  private static final String SIZE = Setting.SIZE.variable();
  private static final String RENDEZVOUS = Setting.RENDEZVOUS.variable();

  private Launchers() {}

  static Optional<Launch> detect(
      Environment environment, Protection protection, Duration joinTimeout) {
    return choose(environment)
        .map(
            launcher ->
                switch (launcher) {
                  case "explicit" -> explicit(environment, protection, joinTimeout);
                  case "pmix" -> pmix(environment, joinTimeout);
                  case "slurm" -> slurm(environment, protection, joinTimeout);
                  case "openmpi" -> openMpi(environment, protection, joinTimeout);
                  default ->
                      throw Environment.invalid(
                          "HAWSER_LAUNCHER="
                              + launcher
                              + ": it is explicit, pmix, slurm or openmpi");
                });
  }

  private static Optional<String> choose(Environment environment) {
    if (environment.has(LAUNCHER)) {
      return environment.text(LAUNCHER);
    }
    if (environment.has(RANK)) {
      return Optional.of("explicit");
    }
    if (environment.has("PMIX_NAMESPACE")) {
      return Optional.of("pmix");
    }
    // A batch script has SLURM_PROCID too, but is no rank: only srun's processes belong to a step.
    if (environment.has("SLURM_PROCID") && environment.has("SLURM_STEP_ID")) {
      return Optional.of("slurm");
    }
    return environment.has("OMPI_COMM_WORLD_RANK") ? Optional.of("openmpi") : Optional.empty();
  }

  private static String reason(Environment environment, String variable) {
    return environment
        .text(LAUNCHER)
        .map(launcher -> "HAWSER_LAUNCHER=" + launcher)
        .orElse(variable + " is set");
  }

  private static Launch pmix(Environment environment, Duration joinTimeout) {
    // libpmix reads the variables itself; the rank here only serves its messages until PMIx has
    // answered.
    var rank = environment.required("PMIX_RANK");
    environment.required("PMIX_NAMESPACE");
    return PmixExchange.join("rank " + rank, reason(environment, "PMIX_NAMESPACE"), joinTimeout);
  }

  private static Launch explicit(
      Environment environment, Protection protection, Duration joinTimeout) {
    int rank = environment.number(RANK);
    int size = environment.number(SIZE);
    var address = environment.required(RENDEZVOUS);
    var member = new Member("explicit", reason(environment, RANK), address, rank, size, rank);
    return rendezvous(member, RendezvousAddress.parse(address), "", protection, joinTimeout);
  }

  private static Launch slurm(
      Environment environment, Protection protection, Duration joinTimeout) {
    var job = environment.required("SLURM_JOB_ID") + "." + environment.required("SLURM_STEP_ID");
    var member =
        new Member(
            "slurm",
            reason(environment, "SLURM_STEP_ID"),
            job,
            environment.number("SLURM_PROCID"),
            environment.number("SLURM_STEP_NUM_TASKS"),
            environment.number("SLURM_LOCALID"));
    var address =
        named(environment)
            .orElseGet(
                () -> {
                  var hosts = NodeList.expand(environment.required("SLURM_STEP_NODELIST"));
                  int port = port("slurm " + job);
                  // Task 0 runs on the step's first node in every distribution but "arbitrary".
                  return hosts.size() == 1
                      ? RendezvousAddress.local(port)
                      : RendezvousAddress.anywhere(hosts.getFirst(), port);
                });
    return rendezvous(
        member, address, environment.text("SLURM_JOB_UID").orElse(""), protection, joinTimeout);
  }

  private static Launch openMpi(
      Environment environment, Protection protection, Duration joinTimeout) {
    var job = environment.required("OMPI_MCA_ess_base_jobid");
    var member =
        new Member(
            "openmpi",
            reason(environment, "OMPI_COMM_WORLD_RANK"),
            job,
            environment.number("OMPI_COMM_WORLD_RANK"),
            environment.number("OMPI_COMM_WORLD_SIZE"),
            environment.number("OMPI_COMM_WORLD_LOCAL_RANK"));
    var address =
        named(environment)
            .orElseGet(
                () -> {
                  if (environment.number("OMPI_COMM_WORLD_LOCAL_SIZE") != member.size()) {
                    throw Environment.invalid(
                        member
                            + ": Open MPI's variables do not say where rank 0 runs when there are several hosts:"
                            + " use PMIx (package libpmix2), or add mpirun -x HAWSER_RENDEZVOUS=HOST:PORT,"
                            + " HOST being that of rank 0");
                  }
                  return RendezvousAddress.local(port("openmpi " + job));
                });
    // mpirun's own secret for this job's fabric keys, where it hands one out.
    var secret = environment.text("OMPI_MCA_orte_precondition_transports").orElse("");
    return rendezvous(member, address, secret, protection, joinTimeout);
  }

  private static Optional<RendezvousAddress> named(Environment environment) {
    return environment.text(RENDEZVOUS).map(RendezvousAddress::parse);
  }

  /** All ranks of a job come to the same port, and two jobs on one host seldom to one. */
  private static int port(String job) {
    return FIRST_PORT + Math.floorMod(job.hashCode() * 0x9E3779B1, PORTS);
  }

  private static Launch rendezvous(
      Member member,
      RendezvousAddress address,
      String secret,
      Protection protection,
      Duration joinTimeout) {
    var token = RendezvousProtocol.token(member, secret);
    return new Launch(
        member, RendezvousExchange.join(member, address, token, protection, joinTimeout));
  }
}
