"""What really crossed the lanes, as the receiving kernel counted it, independent of what a peer reports."""

import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from peers.lab import DEVICES
from peers.process import Failure


class Reading(NamedTuple):
    time: float  # seconds, monotonic clock
    busy: float  # CPU seconds of the whole machine
    received: tuple  # bytes per device


class Traffic:
    """A context manager: counts from entry to exit. `interval` is the resolution in seconds."""

    FLOWING = 0.1e9 / 8  # bytes a second that cannot be set-up chatter

    def __init__(self, lab, *, limit, interval=0.05):
        self.interval = interval
        self._sampler = lab.start(
            "b",
            [sys.executable, "-I", "-S", Path(__file__).with_name("sampler.py"), interval, limit, *DEVICES],
            limit=limit + 5,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._sampler.end()

    def readings(self):
        lines = self._sampler.output().splitlines(keepends=True)
        fields = (line.split() for line in lines if line.endswith("\n"))
        return [Reading(float(f[0]), float(f[1]), tuple(map(int, f[2:]))) for f in fields]

    def await_flow(self, process, seconds=30):
        """Waits until data flows; gives the time it began. Fails if `process` ends first."""
        deadline = time.monotonic() + seconds
        while process.running() and time.monotonic() < deadline:
            for before, after in pairwise(self.readings()):
                if rate(before, after) > self.FLOWING:
                    return before.time
            time.sleep(0.05)
        raise Failure(f"no data flowed: {process.errors().strip()[-400:] or 'no message'}")

    def flowing(self):
        """The readings from the first to the last moment of bulk traffic, without the ragged first and last."""
        readings = self.readings()
        busy = [i for i, (before, after) in enumerate(pairwise(readings)) if rate(before, after) > self.FLOWING]
        return readings[busy[0] + 1 : busy[-1] + 1] if busy else []

    def system_cpu_per_gbit(self):
        """CPU seconds of the whole machine per Gbit received, while data flowed; None when too little did."""
        flow = self.flowing()
        if len(flow) < 10:
            return None
        return (flow[-1].busy - flow[0].busy) / gbit(flow[0], flow[-1])


def gbit(before, after):
    return (sum(after.received) - sum(before.received)) * 8e-9


def rate(before, after, lane=None):
    """Bytes a second, over all lanes or one (1 to 4)."""
    lanes = slice(None) if lane is None else slice(lane - 1, lane)
    return (sum(after.received[lanes]) - sum(before.received[lanes])) / (after.time - before.time)


def longest_gap(readings, floor):
    """The longest time in seconds in which all lanes together carried less than `floor` bytes a second."""
    gap, since = 0.0, None
    for before, after in pairwise(readings):
        if rate(before, after) < floor:
            since = before.time if since is None else since
            gap = max(gap, after.time - since)
        else:
            since = None
    return gap


def resumed_after(readings, lane, moment, wire, window=0.05):
    """Seconds from `moment` until the lane carries half its wire (bytes a second) again; None if it never does."""
    later = [reading for reading in readings if reading.time >= moment]
    for start in later:
        end = next((reading for reading in later if reading.time >= start.time + window), None)
        if end and rate(start, end, lane) >= wire / 2:
            return start.time - moment
    return None
