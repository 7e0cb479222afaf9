"""Transfers during which the lab changes: lanes that slow down and recover, and a lane that is cut."""

import time

from peers.lab import LANES, WIRE_EFFICIENCY, gbit_per_s
from peers.process import Failure
from peers.traffic import Traffic, gbit, longest_gap, resumed_after

# Lane 2 falls and recovers while lane 3 falls: (when as a share of the run, lane, rate).
CHANGES = ((0.3, 2, "200mbit"), (0.6, 2, "1gbit"), (0.6, 3, "300mbit"))

CUT_LANE = 3
CUT_AFTER, HEAL_AFTER, CUT_SECONDS = 2, 4, 7
# How long the lane's own queue can still deliver what was sent before the cut.
QUEUE_SECONDS = 0.04


def varying(lab, seconds, opened):
    """Sample.more["share"]: what the lanes carried of what they could have carried, both over the same time.

    `opened(lab, seconds)` gives a transfer under way, as a context manager.
    """
    with Traffic(lab, limit=seconds + 60, interval=0.02) as traffic, opened(lab, seconds) as transfer:
        rates = {lane: (lab.setting.split(",") * len(LANES))[lane - 1] for lane in LANES}
        begin = traffic.await_flow(transfer.client)
        history = [(begin, dict(rates))]
        try:
            for share, lane, rate in CHANGES:
                _sleep_until(begin + share * seconds)
                history.append((lab.do("rate", lane, rate), {**history[-1][1], lane: rate}))
            sample = transfer.finish()
        finally:
            for lane, rate in rates.items():
                lab.do("rate", lane, rate)
        flow = traffic.flowing()
        if not flow:
            raise Failure("too little data flowed to tell")
        sample.more["share"] = gbit(flow[0], flow[-1]) / _capacity(history, flow[0].time, flow[-1].time)
        return sample


def cut(lab, opened, how):
    """A lane is cut and, but for a reset, healed. In Sample.more:

    stall_s: longest time without progress, as the contender tells it, else gap_s;
    gap_s: longest time in which the receiving kernel counted next to nothing on all lanes together;
    rejoin_s: from the lane's return (a reset lane is back at once) until it carries half its wire again.
    """
    with Traffic(lab, limit=CUT_SECONDS + 60, interval=0.01) as traffic, opened(lab, CUT_SECONDS) as transfer:
        begin = traffic.await_flow(transfer.client)
        _sleep_until(begin + CUT_AFTER)
        back = lab.do("cut", CUT_LANE, how) + QUEUE_SECONDS
        try:
            if how != "reset":
                _sleep_until(begin + HEAL_AFTER)
                back = time.monotonic()
                lab.do("heal", CUT_LANE)
            sample = transfer.finish()
        finally:
            lab.do("heal", CUT_LANE)
        flow = traffic.flowing()
        wires = [wire * 1e9 / 8 for wire in lab.wires()]
        # A twentieth of the wires: probes and acknowledgements alone are no progress.
        sample.more["gap_s"] = longest_gap(flow, sum(wires) / 20)
        told = sample.more.get("longest_stall_ms")
        sample.more["stall_s"] = sample.more["gap_s"] if told is None else told / 1000
        rejoined = resumed_after(flow, CUT_LANE, back, wires[CUT_LANE - 1])
        if rejoined is None:
            rejoined = flow[-1].time - back
            sample.more["note"] = f"lane {CUT_LANE} did not come back within the {rejoined:.1f} s that were left"
        sample.more["rejoin_s"] = rejoined
        return sample


def _sleep_until(moment):
    time.sleep(max(0.0, moment - time.monotonic()))


def _capacity(history, start, end):
    """Gbit of payload that the wires could carry from start to end, under rates that changed at known moments."""
    total = 0.0
    for (since, rates), (until, _) in zip(history, [*history[1:], (end, None)]):
        span = max(0.0, min(until, end) - max(since, start))
        total += span * sum(map(gbit_per_s, rates.values())) * WIRE_EFFICIENCY
    return total
