"""mplang's own driver, timed as `hawser simp bench` times ours; run by the Python of build/mplang.

`time_operations.py sim|http SECONDS [ENDPOINT...]` prints one JSON object an operation: the median time of one operation.
"""

import json
import statistics
import sys
import time

import mplang as mp
import numpy as np
from mplang.dialects import simp

WORLD = 2
CHAIN = 51
MIB = np.arange(1 << 17, dtype=np.float64)
ALL = tuple(range(WORLD))


def identity(value):
    return simp.pcall_static(ALL, lambda v: v, value)


def chain(value):
    for _ in range(CHAIN):
        value = identity(value)
    return value


def operations():
    """By the names that `hawser simp bench` has: what to run, and how many operations that is."""
    eight = simp.constant(ALL, np.int64([1]))
    first = simp.constant((0,), MIB)
    graph = mp.trace(chain, eight)
    yield "pcall", 1, lambda: identity(eight)
    yield f"chain of {CHAIN}", CHAIN, lambda: mp.evaluate(graph, eight)
    yield "shuffle 8 B", 1, lambda: simp.shuffle_static(eight, {1: 0})
    yield "shuffle 1 MiB", 1, lambda: simp.shuffle_static(first, {1: 0})
    yield "fetch 1 MiB", 1, lambda: mp.fetch(first)
    yield "constant 1 MiB", 1, lambda: simp.constant((0,), MIB)


def timed(run, seconds):
    """The times of one run after another, in seconds; the first of them do not count."""
    times = []
    begin = time.perf_counter()
    while len(times) < 10 or time.perf_counter() - begin < 1.3 * seconds:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return times[len(times) // 5 :]


def main():
    kind, seconds, *endpoints = sys.argv[1:]
    driver = mp.make_simulator(WORLD) if kind == "sim" else mp.make_driver(endpoints)
    with driver:
        for name, steps, run in operations():
            median = statistics.median(timed(run, float(seconds))) / steps
            print(json.dumps({"op": name, "p50_us": median * 1e6, "ops_per_s": 1 / median}), flush=True)


if __name__ == "__main__":
    main()
