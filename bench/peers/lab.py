"""The lab of scripts/lab, as the benchmark drives it."""

import contextlib
import os
import shutil
import subprocess
import time
from pathlib import Path

from peers.process import Failure, Process, started

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "lab"
LANES = (1, 2, 3, 4)
DEVICES = tuple(f"eth{lane}" for lane in LANES)
# Payload of a full-sized TCP segment against its bytes on the wire, at MTU 9000 (IP, TCP with timestamps, Ethernet).
WIRE_EFFICIENCY = 8948 / 9014


def gbit_per_s(rate):
    """The figure in a rate as tc writes it: 1gbit, 200mbit."""
    for unit, factor in (("gbit", 1), ("mbit", 1e-3), ("kbit", 1e-6)):
        if rate.endswith(unit):
            return float(rate.removesuffix(unit)) * factor
    raise ValueError(f"not a rate: {rate}")


def server_address(lane=1):
    return f"10.77.{lane}.2"


class Lab:
    def __init__(self, name):
        self.name = name
        self.setting = None
        self._env = {"HAWSER_LAB": name}

    def up(self, rates):
        """Makes the lab anew; `rates` is what `scripts/lab up --rate` takes."""
        self.setting = rates
        self.do("up", "--rate", rates)

    def wires(self):
        """What each lane can carry as TCP payload, in Gbit/s; None when nothing limits them."""
        if self.setting == "none":
            return None
        rates = self.setting.split(",")
        return [gbit_per_s(rate) * WIRE_EFFICIENCY for rate in (rates * len(LANES))[: len(LANES)]]

    def namespace(self, side):
        return f"{self.name}-{side}"

    def do(self, *verb):
        """Runs one short verb of the lab; gives the moment it had taken effect, on the monotonic clock."""
        try:
            subprocess.run(
                [SCRIPT, *map(str, verb)],
                env={**os.environ, **self._env},
                check=True,
                timeout=30,
                capture_output=True,
                text=True,
            )
        except subprocess.SubprocessError as error:
            said = (getattr(error, "stderr", None) or str(error)).strip()
            raise Failure(f"scripts/lab {' '.join(map(str, verb))}: {said}") from error
        return time.monotonic()

    def start(self, side, command, *, env=None, **how):
        """Starts a command on one host; the caller ends it."""
        return Process(self._on(side, command), env={**self._env, **(env or {})}, **how)

    def started(self, side, command, *, env=None, **how):
        """The same as a context manager that ends it."""
        return started(self._on(side, command), env={**self._env, **(env or {})}, **how)

    @contextlib.contextmanager
    def pair(self, server, client, *, port, limit, env=None, cores=(None, None)):
        """A server on host b and, once it listens on `port`, a client on host a; gives (server, client) processes.

        `cores` pins client and server. A failure within the block also tells what the server said last.
        """
        how = {"limit": limit, "env": env}
        with self.started("b", server, cpu=cores[1], **how) as serving:
            self.await_listener(serving, port)
            with self.started("a", client, cpu=cores[0], **how) as asking:
                try:
                    yield serving, asking
                except Failure as failure:
                    said = serving.errors().strip().splitlines()[-3:]
                    raise Failure(f"{failure}; its server: {' / '.join(said) or 'no message'}") from failure

    def await_listener(self, server, port, side="b", seconds=20):
        """Waits until something on that host listens on the TCP port, or fails with what the server said."""
        deadline = time.monotonic() + seconds
        while server.running() and time.monotonic() < deadline:
            with self.started(side, [shutil.which("ss"), "-Hltn", f"sport = :{port}"], limit=5) as listing:
                if listing.wait():
                    return
            time.sleep(0.02)
        server.end()
        raise Failure(f"nothing listens on port {port}: {server.errors().strip()[-400:] or 'no message'}")

    def _on(self, side, command):
        return [SCRIPT, "exec", side, *command]
