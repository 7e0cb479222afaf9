"""The networks that lanes run on: our NCCL plugin and libfabric, beside `socket` and a plain loop over libfabric."""

from pathlib import Path

from peers.hawser import Driver
from peers.sample import size_name

LANE = "=eth1"


def over_socket(build, *, one_lane=False, checksum="on"):
    return _lanes(build, [], _named(one_lane) + ["--checksum", checksum])


def over_plugin(build, *, one_lane=False):
    """Lanes over our own plugin. The lanes above it have checksums: those below need none of their own."""
    plugin = Path(build) / "cpp" / "nccl" / "libnccl-net-hawser.so"
    setting = ["HAWSER_CHECKSUM=off"] + ([f"HAWSER_LANES={LANE}"] if one_lane else [])
    return _lanes(build, setting, ["--net", f"plugin:{plugin}"], needs=[plugin])


def over_ofi(build, provider, *, checksum):
    return _lanes(build, [], _named(True) + ["--net", f"ofi:{provider}", "--checksum", checksum])


def plain_ofi(build, provider):
    program = Path(build) / "bench_ofi_message"
    return _Program([], program, ["--lanes", LANE, "--provider", provider], [program])


def _named(one_lane):
    return ["--lanes", LANE] if one_lane else []


def _lanes(build, settings, options, needs=()):
    program = Path(build) / "bench_lane_perf"
    return _Program(settings, program, options, [program, *needs])


class _Program(Driver):
    def __init__(self, settings, program, options, needs):
        super().__init__(["/usr/bin/env", *settings, program, *options])
        self._needs = needs

    def _missing(self):
        absent = [str(path) for path in self._needs if not path.exists()]
        return f"{absent[0]} does not exist" if absent else None


def labelled(what, size):
    return f"{what}, {size_name(size)}"
