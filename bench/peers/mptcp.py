"""MPTCP: one connection of iperf3 that the kernel spreads over the four lanes."""

import shutil
from pathlib import Path

from peers import iperf3
from peers.lab import LANES, server_address

PORT = 5300


def missing():
    if not Path("/proc/sys/net/mptcp/enabled").exists():
        return "this kernel has no MPTCP"
    if not shutil.which("mptcpize"):
        return "mptcpize is not installed (apt-get install mptcpize)"
    return iperf3.missing()


def prepare(lab):
    """Lets one connection use every lane: the server announces its other addresses, the client joins them.

    Endpoints on the server only, and a listener on every address: the other ways round gave one lane.
    """
    for side in "ab":
        lab.do("exec", side, "ip", "mptcp", "limits", "set", "subflow", 4, "add_addr_accepted", 4)
    lab.do("exec", "b", "ip", "mptcp", "endpoint", "flush")
    for lane in LANES[1:]:
        lab.do(
            *("exec", "b", "ip", "mptcp", "endpoint", "add", server_address(lane)),
            *("dev", f"eth{lane}", "id", lane, "signal"),
        )


def stream(lab, seconds):
    with opened(lab, seconds) as transfer:
        return transfer.finish()


def opened(lab, seconds):
    prepare(lab)
    return iperf3.opened(lab, seconds, lanes=LANES[:1], wrap=("mptcpize", "run"), port=PORT, any_address=True)
