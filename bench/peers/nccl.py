"""NCCL's network plugins, ours and others', under one program that uses them as NCCL's proxy threads do."""

from pathlib import Path

from peers.hawser import Driver
from peers.lab import DEVICES
from peers.sample import size_name


class Plugin:
    """A plugin, by its file, under the program of bench/native/nccl_net_perf.cc.

    `split`: our plugin once a device, with this one lane each. A message is cut in equal slices over a plugin's devices.
    """

    def __init__(self, build, path, *, split=False):
        self._path = Path(path)
        # NCCL's own way to name the devices; ours knows them by itself.
        command = ["/usr/bin/env", "NCCL_SOCKET_IFNAME=eth", Path(build) / "bench_nccl_net_perf", "--plugin", path]
        if split:
            command += ["--split", ",".join(DEVICES)]
        self._program = command[2]
        self._driver = Driver(command)

    def missing(self):
        absent = [str(path) for path in (self._program, self._path) if not path.exists()]
        return f"{absent[0]} does not exist" if absent else None

    def bandwidth(self, lab, size, seconds, *, window):
        options = ["--op", "bw", "--sizes", size_name(size), "--seconds", str(seconds), "--window", str(window)]
        # Both ends ask all the time, as NCCL's threads do: a core each.
        with self._driver.link(lab, options, seconds=seconds, pinned=True) as link:
            return link.finish()


def ours(build, **how):
    return Plugin(build, Path(build) / "cpp" / "nccl" / "libnccl-net-hawser.so", **how)
