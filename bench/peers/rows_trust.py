"""Rows of what encryption costs: lanes under TLS beside lanes in the clear, and beside iperf3 through stunnel."""

import functools
import tempfile

from peers import events, stunnel
from peers.hawser import Driver
from peers.row import MIB, Claim, Contender, Row, transfer

CLEAR, TLS = "Hawser, clear", "Hawser, TLS"
LANE = ["--lanes", "=eth1"]


def rows(hawser):
    return [_equal(hawser), _unlimited(hawser), _cut(hawser)]


@functools.cache
def _key():
    """A file with a pre-shared key, for as long as this run lasts."""
    file = tempfile.NamedTemporaryFile(prefix="hawser-key-")
    file.write(b"a key of the benchmarks, and of nobody else: " * 2)
    file.flush()
    return file


class _Also(Driver):
    """The same driver, with further options at both ends."""

    def __init__(self, driver, options):
        super().__init__([*driver.command, *options])
        self.missing = driver.missing


def _encrypted(hawser):
    return _Also(hawser, ["--psk-file", _key().name])


def _equal(hawser):
    size = 16 * MIB
    return Row(
        "tls",
        "TLS 1.3 by a pre-shared key, 4 x 1 Gbit, 16 MiB messages",
        "1gbit",
        [transfer(hawser, CLEAR, size, 4), transfer(_encrypted(hawser), TLS, size, 4)],
        [Claim("of lanes in the clear", TLS, "gbit_per_s", (CLEAR,), at_least=0.97)],
    )


def _unlimited(hawser):
    size, peer = 16 * MIB, "iperf3 through stunnel"
    return Row(
        "tls-unlimited",
        "TLS 1.3 by a pre-shared key, one veth without a limit, 16 MiB messages",
        "none",
        [
            transfer(_Also(hawser, LANE), CLEAR, size, 4),
            transfer(_Also(_encrypted(hawser), LANE), TLS, size, 4),
            Contender(peer, stunnel.stream, stunnel.missing),
        ],
        [
            Claim("of iperf3 through stunnel", TLS, "gbit_per_s", (peer,), at_least=1.0),
            Claim("of the lane in the clear", TLS, "gbit_per_s", (CLEAR,)),
        ],
    )


def _cut(hawser):
    def contender(label, driver):
        opened = functools.partial(driver.opened, size=16 * MIB, window=4)
        run = lambda lab, _: events.cut(lab, opened, "silent")  # noqa: E731
        return Contender(label, run, driver.missing, counted=False)

    return Row(
        "tls-cut",
        "4 x 1 Gbit, lane 3 silent mid-transfer",
        "1gbit",
        [contender(CLEAR, hawser), contender(TLS, _encrypted(hawser))],
        [
            Claim("longest stall, s", TLS, "stall_s", at_most=0.5),
            Claim("longest stall, of the one in the clear", TLS, "stall_s", (CLEAR,)),
            Claim("back after, s", TLS, "rejoin_s", at_most=1.0),
        ],
        ("gbit_per_s", "stall_s", "gap_s", "rejoin_s"),
    )
