"""Plain TCP_NODELAY in C, by tcp_pingpong.c: the floor of latency on one lane."""

import json

from peers.build import build
from peers.lab import server_address
from peers.sample import Sample

PORT = 5400


def latency(lab, size, seconds, *, wait):
    """`wait` is spin (each end on its own core) or block (left to the kernel's scheduler)."""
    program = build("tcp_pingpong.c", compiler="gcc")
    cores = (0, 1) if wait == "spin" else (None, None)
    server = [program, "listen", PORT, wait, size]
    client = [program, "connect", server_address(), PORT, wait, size, seconds]
    with lab.pair(server, client, port=PORT, limit=seconds + 20, cores=cores) as (listening, connecting):
        figures = json.loads(connecting.wait())
        listening.wait()
        return Sample(
            cpu_seconds=connecting.cpu_seconds + listening.cpu_seconds,
            p50_us=figures["p50_us"],
            p99_us=figures["p99_us"],
        )
