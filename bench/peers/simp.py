"""SIMP's drivers beside mplang's: the same operations on two parties, workers as processes of their own on loopback."""

import json
import socket
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from peers.lab import ROOT
from peers.process import Failure, started
from peers.sample import Sample
from peers.spu import LAUNCHER

PYTHON = ROOT / "build" / "mplang" / "bin" / "python"
OPERATIONS = Path(__file__).with_name("mplang") / "time_operations.py"
WORLD = 2
START_SECONDS = 60
# What Java's compiler is given before anything is timed; Python needs none.
WARM_UP_SECONDS = 15


def missing():
    """None when the real mplang is here, else the reason."""
    return None if PYTHON.exists() else "there is no build/mplang: scripts/setup --peers makes it"


def hawser(driver, seconds):
    """Hawser's driver over Hawser's workers."""
    command = [LAUNCHER, "simp", "bench", "--driver", driver, "--workers", WORLD, "--seconds", seconds]
    with started([*command, "--warm-up", WARM_UP_SECONDS, "--json"], limit=300) as running:
        return _sample(running.wait())


def mplang(driver, seconds):
    """mplang's driver over mplang's workers, or its simulator."""
    if driver == "sim":
        return _timed("sim", seconds, [])
    with tempfile.TemporaryDirectory(prefix="hawser-simp-") as folder:
        config, endpoints = _cluster(folder)
        up = [PYTHON, "-m", "mplang.cli", "up", "-c", config]
        with started(up, limit=300, env=_data(folder)):
            return _timed_over(endpoints, seconds)


def mplang_over_hawser(seconds):
    """mplang's driver over Hawser's workers."""
    with tempfile.TemporaryDirectory(prefix="hawser-simp-") as folder, ExitStack() as workers:
        config, endpoints = _cluster(folder)
        for rank in range(WORLD):
            command = [LAUNCHER, "worker", "--config", config, "--rank", rank, "--bind", "127.0.0.1"]
            workers.enter_context(started(command, limit=300))
        _await_health(endpoints)
        _timed("http", WARM_UP_SECONDS, endpoints)
        return _timed_over(endpoints, seconds)


def _data(folder):
    return {"MPLANG_DATA_ROOT": folder}


def _timed_over(endpoints, seconds):
    _await_health(endpoints)
    return _timed("http", seconds, endpoints)


def _timed(kind, seconds, endpoints):
    with tempfile.TemporaryDirectory(prefix="hawser-simp-") as folder:
        with started([PYTHON, OPERATIONS, kind, seconds, *endpoints], limit=300, env=_data(folder)) as running:
            return _sample(running.wait())


def _sample(lines):
    """Microseconds an operation, by the operations' names."""
    figures = [json.loads(line) for line in lines.strip().splitlines()]
    return Sample(more={each["op"]: each["p50_us"] for each in figures})


def _cluster(folder):
    """A cluster file, and where its workers are to be."""
    ports = [_free_port() for _ in range(WORLD)]
    config = Path(folder, "cluster.yaml")
    lines = ["nodes:"]
    runtime = "{version: '1', platform: local, op_bindings: {}}"
    for rank, port in enumerate(ports):
        lines.append(f"  - {{name: node_{rank}, endpoint: '127.0.0.1:{port}', runtime_info: {runtime}}}")
    config.write_text("\n".join([*lines, "devices: {}", ""]))
    return config, [f"http://127.0.0.1:{port}" for port in ports]


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _await_health(endpoints):
    deadline = time.monotonic() + START_SECONDS
    for endpoint in endpoints:
        while not _answers(endpoint):
            if time.monotonic() > deadline:
                raise Failure(f"no worker at {endpoint} within {START_SECONDS} s")
            time.sleep(0.1)


def _answers(endpoint):
    try:
        with urllib.request.urlopen(f"{endpoint}/health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
