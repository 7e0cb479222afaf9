"""Rows of the networks that need a build of CMake's: NCCL's plugins, and lanes over them and over libfabric."""

from peers import events, nccl, nets
from peers.row import KIB, MIB, UNEQUAL, Claim, Contender, Row, transfer
from peers.sample import size_name


def rows(build, plugins):
    return [_nccl(build, plugins), _over_plugin(build), _over_plugin_unlimited(build), _over_ofi(build)]


def _nccl(build, plugins):
    size, window = 16 * MIB, 4
    ours, equal = "Hawser's plugin", "Hawser's plugin on each device, equal split"

    def contender(label, plugin):
        run = lambda lab, seconds: plugin.bandwidth(lab, size, seconds, window=window)  # noqa: E731
        return Contender(label, run, plugin.missing)

    contenders = [contender(ours, nccl.ours(build)), contender(equal, nccl.ours(build, split=True))]
    contenders += [contender(f"{path.name}, equal split", nccl.Plugin(build, path)) for path in plugins]
    others = tuple(other.label for other in contenders[1:])
    claims = [
        Claim("of the wires", ours, "gbit_per_s", 3.2 * events.WIRE_EFFICIENCY, at_least=0.95),
        Claim("of an equal split", ours, "gbit_per_s", others, at_least=3.0),
    ]
    return Row("nccl", "NCCL's network plugins, 1 + 1 + 1 + 0.2 Gbit, 16 MiB messages", UNEQUAL, contenders, claims)


def _over_plugin(build):
    size = 16 * MIB
    theirs, ours = "over socket", "over our plugin"
    contenders = [transfer(nets.over_socket(build), theirs, size, 4), transfer(nets.over_plugin(build), ours, size, 4)]
    claims = [Claim("of lanes over socket", ours, "gbit_per_s", (theirs,), at_least=0.9)]
    return Row("net-plugin", "lanes over our NCCL plugin, 4 x 1 Gbit, 16 MiB messages", "1gbit", contenders, claims)


def _by_size(name, title, theirs, ours):
    """A row of two networks at three sizes; `theirs` and `ours` are (label, driver)."""
    contenders, claims = [], []
    for size in (16 * MIB, MIB, 64 * KIB):
        labels = [nets.labelled(label, size) for label, _ in (theirs, ours)]
        contenders += [transfer(driver, label, size, 4) for label, (_, driver) in zip(labels, (theirs, ours))]
        claims.append(Claim(f"of that {theirs[0]}, {size_name(size)}", labels[1], "gbit_per_s", (labels[0],), at_least=0.9))
    return Row(name, title, "none", contenders, claims)


def _over_plugin_unlimited(build):
    return _by_size(
        "net-plugin-unlimited",
        "lanes over our NCCL plugin, one veth without a limit",
        ("over socket", nets.over_socket(build, one_lane=True)),
        ("over our plugin", nets.over_plugin(build, one_lane=True)),
    )


def _over_ofi(build):
    return _by_size(
        "net-ofi",
        "a lane over libfabric's tcp, one veth without a limit",
        ("of a plain loop", nets.plain_ofi(build, "tcp")),
        ("of the lane", nets.over_ofi(build, "tcp", checksum="off")),
    )
