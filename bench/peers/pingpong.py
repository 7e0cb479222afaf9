"""Plain TCP_NODELAY in C, by tcp_pingpong.c: the floor of latency on one lane."""

import json

from peers.build import build
from peers.lab import server_address
from peers.sample import Sample

PORT = 5400


def latency(lab, size, seconds, *, wait):
    """`wait` is spin (each end on its own core) or block (left to the kernel's scheduler)."""
    program = build("tcp_pingpong.c", compiler="gcc")
    cores = {"a": 0, "b": 1} if wait == "spin" else {"a": None, "b": None}
    limit = seconds + 20
    with lab.started("b", [program, "listen", PORT, wait, size], cpu=cores["b"], limit=limit) as server:
        lab.await_listener(server, PORT)
        command = [program, "connect", server_address(), PORT, wait, size, seconds]
        with lab.started("a", command, cpu=cores["a"], limit=limit) as client:
            figures = json.loads(client.wait())
            server.wait()
            return Sample(
                cpu_seconds=client.cpu_seconds + server.cpu_seconds,
                p50_us=figures["p50_us"],
                p99_us=figures["p99_us"],
            )
