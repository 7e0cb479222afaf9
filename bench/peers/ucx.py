"""UCX over TCP, by its own ucx_perftest, with the settings that serve it best on several devices."""

import csv
import shutil

from peers.lab import DEVICES, server_address
from peers.process import Failure
from peers.sample import Sample, gbit_of

PORT = 13337
# ucx_perftest takes a count, not a time: the rate seen in a short first run, kept for the runs after it.
_messages_per_second = {}


def missing():
    return None if shutil.which("ucx_perftest") else "ucx_perftest is not installed (apt-get install ucx-utils)"


def bandwidth(lab, size, seconds, *, devices=4):
    first = 64 if size < 1 << 20 else 8
    if size < 1 << 14:
        first = 20000
    return _timed(lab, "tag_bw", size, seconds, devices, first, warm_up=20 if size < 1 << 20 else 1)


def put(lab, size, seconds, *, devices=4):
    return _timed(lab, "ucp_put_bw", size, seconds, devices, first=8, warm_up=1)


def latency(lab, size, seconds, *, devices=4):
    return _timed(lab, "tag_lat", size, seconds, devices, first=5000, warm_up=1000)


def _timed(lab, test, size, seconds, devices, first, warm_up):
    key = (lab.setting, test, size, devices)
    if key not in _messages_per_second:
        _, count, elapsed, _ = _run(lab, test, size, first, devices, warm_up, limit=30)
        _messages_per_second[key] = count / elapsed
    count = max(first, int(_messages_per_second[key] * seconds))
    row, count, elapsed, cpu = _run(lab, test, size, count, devices, warm_up, limit=4 * seconds + 20)
    _messages_per_second[key] = count / elapsed
    half_trip = test == "tag_lat"
    return Sample(
        gbit_per_s=None if half_trip else gbit_of(size, count) / elapsed,
        gbit=None if half_trip else gbit_of(size, count),
        cpu_seconds=cpu,
        p50_us=float(row["50.0_percentile_lat"]) if half_trip else None,
        more={"mean_us": float(row["overall_lat"])},
    )


def _run(lab, test, size, count, devices, warm_up, limit):
    env = {"UCX_TLS": "tcp", "UCX_NET_DEVICES": ",".join(DEVICES[:devices])}
    if devices > 1:
        env |= {"UCX_MAX_RNDV_RAILS": str(devices), "UCX_MAX_EAGER_RAILS": str(devices), "UCX_RNDV_THRESH": "8K"}
    shape = ["-t", test, "-s", size, "-n", count, "-w", warm_up, "-f", "-v", "-R", "50"]
    commands = ["ucx_perftest", "-p", PORT], ["ucx_perftest", server_address(), "-p", PORT, *shape]
    with lab.pair(*commands, port=PORT, limit=limit, env=env, cores=(0, 1)) as (server, client):
        output = client.wait()
        server.wait()
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    if len(lines) < 2 or not lines[-2].startswith("iterations"):
        raise Failure(f"ucx_perftest printed no figures: {output.strip()[-300:]}")
    row = next(csv.DictReader(lines[-2:]))
    elapsed = float(row["overall_lat"]) * 1e-6 * count * (2 if test == "tag_lat" else 1)
    return row, count, elapsed, client.cpu_seconds + server.cpu_seconds
