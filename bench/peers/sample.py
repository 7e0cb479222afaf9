"""One figure of one run."""

from dataclasses import dataclass, field


@dataclass
class Sample:
    """What one run of one contender gave; None where the run does not tell. `error` set means the run gave nothing.

    `cpu_seconds` is the CPU time of the processes at both ends for `gbit` of payload. For peers that only the
    operating system can be asked about it includes their start-up (0.1 to 0.2 s for UCX, next to nothing for iperf3).
    """

    gbit_per_s: float | None = None
    gbit: float | None = None
    cpu_seconds: float | None = None
    p50_us: float | None = None
    p99_us: float | None = None
    error: str | None = None
    more: dict = field(default_factory=dict)

    # Filled in by the harness, the same way for every contender: CPU of the whole machine while data flowed, and the
    # cores that something other than the contender kept busy during its run.
    system_cpu_per_gbit: float | None = None
    foreign_cores: float | None = None

    @property
    def cpu_per_gbit(self):
        return self.cpu_seconds / self.gbit if self.cpu_seconds is not None and self.gbit else None


def gbit_of(size, count):
    return size * count * 8e-9


def size_name(size):
    """1048576 as 1M, as the command line takes it and the table shows it."""
    for shift, unit in ((20, "M"), (10, "K")):
        if size >= 1 << shift and size % (1 << shift) == 0:
            return f"{size >> shift}{unit}"
    return str(size)
