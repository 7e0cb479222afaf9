"""One-sided puts, both ways at once: `hawser port` on the two hosts of the lab."""

import json
from contextlib import ExitStack

from peers.lab import ROOT, server_address
from peers.process import Failure
from peers.sample import Sample, gbit_of, size_name

LAUNCHER = ROOT / "scripts" / "hawser"
MEETING_PORT = 15050
START_SECONDS = 60


def put(lab, transport, size, seconds):
    """Each rank puts messages of `size` into the other's memory, as many at once as there are directions."""
    wires = lab.wires()
    per_second = 1e9 * (sum(wires) if wires else 20) / (8 * size)
    iterations = max(4, int(per_second * seconds))
    options = ["--sizes", size_name(size), "--iterations", iterations, "--json"]
    ranks = []
    with ExitStack() as stack:
        for rank, side in enumerate("ba"):
            command = [LAUNCHER, "port", f"{server_address()}:{MEETING_PORT}", rank, -1, transport, *options]
            ranks.append(stack.enter_context(lab.started(side, command, limit=START_SECONDS + 10 * seconds)))
        outputs = [rank.wait() for rank in ranks]
    figures = json.loads(outputs[0].strip().splitlines()[-1])
    if figures["verified"] is not True:
        raise Failure(f"hawser port did not verify its data: {outputs[0].strip()[-300:]}")
    return Sample(
        gbit_per_s=2 * 8 * figures["gb_per_s"],
        gbit=2 * gbit_of(size, iterations),
        cpu_seconds=sum(rank.cpu_seconds for rank in ranks),
        more={"ms_per_iter": figures["ms_per_iter"]},
    )
