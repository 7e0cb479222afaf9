"""Hawser, driven through its command line: `scripts/hawser perf`, or another driver that takes the same options."""

import contextlib
import functools
import json
import os
import shlex
import signal
import time
from pathlib import Path

from peers.lab import ROOT, server_address
from peers.process import Failure, started
from peers.sample import Sample, gbit_of, size_name
from peers.traffic import Traffic

PORT = 12347


class Driver:
    """A command that takes Hawser's perf options."""

    def __init__(self, command, prepare=None):
        self.command = [str(part) for part in command]
        self._prepare = prepare
        # Asked once a contender, answered once a run: it may have to build.
        self.missing = functools.cache(self._missing)

    def _missing(self):
        """None when it runs here, else the reason. Builds it first where it can be built."""
        if not Path(self.command[0]).exists():
            return f"{self.command[0]} does not exist"
        if not self._prepare:
            return None
        # Outside the lab, where a build may reach what it needs.
        with started(self._prepare, limit=1200) as preparing:
            preparing.wait(check=False)
            if preparing.status == 0:
                return None
            said = (preparing.errors() or preparing.output()).strip().splitlines()[-1:]
            return f"{shlex.join(preparing.command)} failed: {''.join(said)}"

    @contextlib.contextmanager
    def link(self, lab, options, *, seconds, pinned=False, listening=()):
        """A server and a client on the lab, under way; `listening` are further options of the server."""
        server = [*self.command, "--listen", "--once", "--port", PORT, *listening]
        client = [*self.command, f"{server_address()}:{PORT}", *options, "--json"]
        cores = (0, 1) if pinned else (None, None)
        with lab.pair(server, client, port=PORT, limit=seconds + 60, cores=cores) as ends:
            yield Link(*ends)

    def bandwidth(self, lab, size, seconds, *, window, **options):
        with self.opened(lab, seconds, size=size, window=window, **options) as link:
            return link.finish()

    def opened(self, lab, seconds, *, size, window, **options):
        """A bandwidth run that is under way, for whoever changes the lab meanwhile."""
        return self.link(lab, _options("bw", size, seconds, window=window, **options), seconds=seconds)

    def latency(self, lab, size, seconds, *, wait):
        # Whoever spins gets a core to itself, as every spinning peer does.
        options = _options("lat", size, seconds, wait=wait)
        with self.link(lab, options, seconds=seconds, pinned=wait == "spin", listening=["--wait", wait]) as link:
            return link.finish()

    def idle(self, lab, seconds):
        """CPU of the receiving end of a live link over which nothing comes: its client is stopped meanwhile."""
        settle = 1
        with self.opened(lab, seconds + 10, size=1 << 20, window=1) as link, Traffic(lab, limit=60) as traffic:
            traffic.await_flow(link.client)
            time.sleep(settle)
            link.client.signal(signal.SIGSTOP)
            try:
                time.sleep(settle)
                before, start = _group_cpu(link.server.pid), time.monotonic()
                time.sleep(seconds)
                used, elapsed = _group_cpu(link.server.pid) - before, time.monotonic() - start
            finally:
                link.client.signal(signal.SIGCONT)
            return Sample(cpu_seconds=used, more={"core_fraction": used / elapsed})


def hawser():
    launcher = ROOT / "scripts" / "hawser"
    return Driver([launcher, "perf"], prepare=[launcher, "--version"])


class Link:
    """A server and a client that transfers to it."""

    def __init__(self, server, client):
        self.server = server
        self.client = client

    def finish(self):
        """Waits for both ends and reads the client's one JSON object."""
        output = self.client.wait()
        self.server.wait()
        try:
            figures = json.loads(output.strip().splitlines()[-1])
        except (IndexError, json.JSONDecodeError) as error:
            raise Failure(f"hawser printed no JSON object: {output.strip()[-300:]}") from error
        if figures["verified"] is not True:
            raise Failure(f"hawser did not verify its data: {output.strip()[-300:]}")
        half_trip = figures["op"] == "lat"
        return Sample(
            gbit_per_s=None if half_trip else figures["gbit_per_s"],
            gbit=None if half_trip else gbit_of(figures["bytes"], figures["iterations"]),
            cpu_seconds=figures["cpu_seconds"],
            p50_us=figures["p50_us"],
            p99_us=figures["p99_us"],
            more={key: figures[key] for key in ("lanes", "longest_stall_ms", "rejoined_ms") if key in figures},
        )


def _options(op, size, seconds, **others):
    named = {"op": op, "sizes": size_name(size), "seconds": seconds, **others}
    return [part for name, value in named.items() for part in (f"--{name.replace('_', '-')}", str(value))]


def _group_cpu(group):
    """CPU seconds of the living threads of a process group, in nanosecond steps: ticks are too coarse for idling."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            if os.getpgid(int(process.name)) == group:
                total += sum(int((task / "schedstat").read_text().split()[0]) for task in process.glob("task/*"))
    return total * 1e-9
