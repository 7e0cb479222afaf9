"""iperf3: one TCP stream a lane, all at once. What plain TCP gets out of the wires, and at what CPU cost."""

import json
import shutil
from contextlib import ExitStack, contextmanager

from peers.lab import LANES, server_address
from peers.sample import Sample

PORT = 5201


def missing():
    return None if shutil.which("iperf3") else "iperf3 is not installed (apt-get install iperf3)"


class Streams:
    """Clients that send to servers of their own, one pair a lane."""

    def __init__(self, servers, clients):
        self.servers = servers
        self.clients = clients
        self.client = clients[0]

    def finish(self):
        ends = [json.loads(client.wait())["end"] for client in self.clients]
        received = [end[way] for end in ends for way in ("sum_received", "sum_received_bidir_reverse") if way in end]
        for server in self.servers:
            server.wait()
        return Sample(
            gbit_per_s=sum(r["bits_per_second"] for r in received) * 1e-9,
            gbit=sum(r["bytes"] for r in received) * 8e-9,
            cpu_seconds=sum(process.cpu_seconds for process in self.servers + self.clients),
        )


@contextmanager
def opened(lab, seconds, *, lanes=LANES, wrap=(), port=PORT, any_address=False, options=()):
    """Streams under way. `wrap` goes before both commands (mptcpize run); MPTCP needs a server on any address."""
    limit = seconds + 20
    with ExitStack() as stack:
        servers, clients = [], []
        for lane in lanes:
            bind = [] if any_address else ["-B", server_address(lane)]
            command = [*wrap, "iperf3", "-s", "-1", "-p", port + lane, *bind]
            servers.append(stack.enter_context(lab.started("b", command, limit=limit)))
        for lane, server in zip(lanes, servers):
            lab.await_listener(server, port + lane)
        for lane in lanes:
            command = [*wrap, "iperf3", "-J", "-c", server_address(lane), "-p", port + lane, "-t", seconds, *options]
            clients.append(stack.enter_context(lab.started("a", command, limit=limit)))
        yield Streams(servers, clients)


def stream(lab, seconds):
    with opened(lab, seconds) as transfer:
        return transfer.finish()


def both_ways(lab, seconds):
    with opened(lab, seconds, options=["--bidir"]) as transfer:
        return transfer.finish()
