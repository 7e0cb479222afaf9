"""What is compared: each row has its lab, its contenders and what must be shown about them."""

import functools

from peers import events, iperf3, mptcp, openmpi, pingpong, port, rows_nets, rows_trust, simp, spu, ucx
from peers.row import KIB, MIB, UNEQUAL, Claim, Contender, Row, transfer
from peers.sample import size_name

SIMP_COLUMNS = ("pcall", "chain of 51", "shuffle 8 B", "shuffle 1 MiB", "fetch 1 MiB", "constant 1 MiB")
CUTS = {"link": ("link down", 0.3), "reset": ("socket reset", 0.3), "silent": ("silent loss", 0.5)}


def all_rows(hawser, native, nccl_build=None, nccl_plugins=()):
    """The rows by name; those for which there is no C++ driver (`native`) and no build of CMake's are left out."""
    rows = [_equal(hawser), _unequal(hawser), _varying(hawser), _small(hawser), _unlimited(hawser)]
    rows += [_latency(hawser), _cut(hawser), _idle(hawser)]
    rows += [_regression(2, "SEMI2K"), _regression(3, "ABY3"), _yacl_pingpong(), _yacl_stream(), _compare()]
    rows += [_regression_over_http(), _simulator(), _simp_http(), _mixed(), _port_tcp(hawser)]
    rows += rows_trust.rows(hawser)
    if native:
        rows.append(_driver(hawser, native))
    if nccl_build:
        rows += rows_nets.rows(nccl_build, nccl_plugins)
    return {row.name: row for row in rows}


def _iperf3():
    return Contender("iperf3 x4", iperf3.stream, iperf3.missing)


def _mptcp():
    return Contender("MPTCP", mptcp.stream, mptcp.missing)


def _ucx(size, devices=4, label="UCX x{}"):
    run = lambda lab, seconds: ucx.bandwidth(lab, size, seconds, devices=devices)  # noqa: E731
    return Contender(label.format(devices), run, ucx.missing)


def _openmpi(size, window=16, devices=4, label="Open MPI x{}"):
    run = lambda lab, seconds: openmpi.bandwidth(lab, size, seconds, window=window, devices=devices)  # noqa: E731
    return Contender(label.format(devices), run, openmpi.missing)


def _equal(hawser):
    size = 16 * MIB
    return Row(
        "equal",
        "4 x 1 Gbit, 16 MiB messages",
        "1gbit",
        [_iperf3(), transfer(hawser, "Hawser", size, 4), _mptcp(), _ucx(size), _openmpi(size)],
        [
            Claim("of iperf3's four streams", "Hawser", "gbit_per_s", ("iperf3 x4",), at_least=0.98),
            Claim("iperf3's CPU s per Gbit", "Hawser", "cpu_per_gbit", ("iperf3 x4",), at_most=2.0),
        ],
    )


def _unequal(hawser):
    size = 16 * MIB
    one, four, static = "Hawser, 1 in flight", "Hawser, 4 in flight", "Hawser, round-robin, 4 in flight"
    wires = 3.2 * events.WIRE_EFFICIENCY
    claims = []
    for label in (one, four):
        claims.append(Claim(f"of the wires ({label})", label, "gbit_per_s", wires, at_least=0.98))
        claims.append(Claim(f"of MPTCP ({label})", label, "gbit_per_s", ("MPTCP",), at_least=1.0))
    contenders = [
        transfer(hawser, one, size, 1),
        _mptcp(),
        transfer(hawser, four, size, 4),
        transfer(hawser, static, size, 4, scheduler="round-robin"),
        _ucx(size),
        _openmpi(size),
    ]
    return Row("unequal", "1 + 1 + 1 + 0.2 Gbit, 16 MiB messages", UNEQUAL, contenders, claims)


def _varying(hawser):
    def contender(label, opened, missing):
        run = lambda lab, seconds: events.varying(lab, max(seconds, 6), opened)  # noqa: E731
        return Contender(label, run, missing, counted=False)

    def ours(**options):
        return functools.partial(hawser.opened, size=16 * MIB, window=4, **options)

    return Row(
        "varying",
        "4 x 1 Gbit; one lane falls to 200 Mbit and recovers while another falls to 300",
        "1gbit",
        [
            contender("Hawser", ours(), hawser.missing),
            contender("Hawser, round-robin", ours(scheduler="round-robin"), hawser.missing),
            contender("MPTCP", mptcp.opened, mptcp.missing),
        ],
        [Claim("of what the wires could carry", "Hawser", "share", at_least=0.96)],
        columns=("share", "gbit_per_s", "cpu_per_gbit"),
    )


def _small(hawser):
    size, window = KIB, 256
    return Row(
        "small",
        f"4 x 1 Gbit, 1 KiB messages, {window} in flight",
        "1gbit",
        [transfer(hawser, "Hawser", size, window), _ucx(size), _openmpi(size, window)],
        [
            Claim("of Open MPI", "Hawser", "gbit_per_s", ("Open MPI x4",), at_least=1.0),
            Claim("of UCX", "Hawser", "gbit_per_s", ("UCX x4",), at_least=1.0),
            Claim("Gbit/s (the aim)", "Hawser", "gbit_per_s", at_least=3.0),
        ],
    )


def _unlimited(hawser):
    contenders, claims = [], []
    # UCX sends one buffer over and over. Whoever has one a message gets few large ones, or memory would be what is measured.
    # Lanes that nothing limits are served best by larger chunks than the default, which is made for lanes that differ.
    chunk = "1M"
    for size, bound, window in ((64 * KIB, 0.8, 16), (MIB, 0.8, 16), (16 * MIB, 1.15, 4)):
        name = size_name(size)
        peers = []
        for devices in (1, 4):
            peers.append(_ucx(size, devices, f"{name} UCX x{{}}"))
            peers.append(_openmpi(size, window, devices, f"{name} Open MPI x{{}}"))
        bare, checked = f"{name} Hawser, no checksum", f"{name} Hawser"
        contenders.append(transfer(hawser, bare, size, window, chunk=chunk, checksum="off"))
        contenders += peers
        contenders.append(transfer(hawser, checked, size, window, chunk=chunk))
        best = tuple(peer.label for peer in peers)
        claims.append(Claim(f"{name}: of the best peer", bare, "gbit_per_s", best, at_least=bound))
        claims.append(Claim(f"{name}: with checksum, of without", checked, "gbit_per_s", (bare,)))
    return Row("unlimited", "unlimited veth", "none", contenders, claims)


def _latency(hawser):
    size = 8

    def contender(label, latency, missing=lambda: None, **options):
        run = lambda lab, seconds: latency(lab, size, seconds, **options)  # noqa: E731
        return Contender(label, run, missing, counted=False)

    return Row(
        "latency",
        "8 bytes, half a round trip, unlimited veth",
        "none",
        [
            contender("TCP in C, spinning", pingpong.latency, wait="spin"),
            contender("Hawser, spinning", hawser.latency, hawser.missing, wait="spin"),
            contender("UCX x1", ucx.latency, ucx.missing, devices=1),
            contender("UCX x4", ucx.latency, ucx.missing),
            contender("Open MPI x4", openmpi.latency, openmpi.missing),
            contender("TCP in C, blocking", pingpong.latency, wait="block"),
            contender("Hawser, blocking", hawser.latency, hawser.missing, wait="block"),
        ],
        [
            Claim("spinning, of TCP in C", "Hawser, spinning", "p50_us", ("TCP in C, spinning",), at_most=1.3),
            Claim("spinning, of UCX x4", "Hawser, spinning", "p50_us", ("UCX x4",), at_most=1.0),
            Claim("blocking, of TCP in C", "Hawser, blocking", "p50_us", ("TCP in C, blocking",), at_most=1.2),
        ],
        columns=("p50_us", "p99_us", "mean_us"),
    )


def _cut(hawser):
    ours = functools.partial(hawser.opened, size=16 * MIB, window=4)
    contenders, claims = [], []
    for how, (name, bound) in CUTS.items():
        for label, opened, missing in (("Hawser", ours, hawser.missing), ("MPTCP", mptcp.opened, mptcp.missing)):
            run = lambda lab, _, opened=opened, how=how: events.cut(lab, opened, how)  # noqa: E731
            contenders.append(Contender(f"{name}: {label}", run, missing, counted=False))
        claims.append(Claim(f"{name}: longest stall, s", f"{name}: Hawser", "stall_s", at_most=bound))
        claims.append(Claim(f"{name}: back after, s", f"{name}: Hawser", "rejoin_s", at_most=1.0))
    columns = ("gbit_per_s", "stall_s", "gap_s", "rejoin_s")
    return Row("cut", "4 x 1 Gbit, lane 3 cut mid-transfer", "1gbit", contenders, claims, columns)


def _idle(hawser):
    run = lambda lab, _: hawser.idle(lab, 10)  # noqa: E731
    return Row(
        "idle",
        "a live link without traffic, 10 s",
        "none",
        [Contender("Hawser", run, hawser.missing, counted=False)],
        [Claim("of one core", "Hawser", "core_fraction", at_most=0.001)],
        columns=("core_fraction",),
    )


def _driver(hawser, native):
    contenders, claims = [], []
    for size in (MIB, 16 * MIB):
        name = size_name(size)
        java, cpp = f"{name} Hawser", f"{name} hawser-cpp"
        contenders += [transfer(hawser, java, size, 4), transfer(native, cpp, size, 4)]
        claims.append(Claim(f"{name}: Java, of the C++ driver", java, "gbit_per_s", (cpp,), at_least=0.98))
    return Row("driver", "Java driving against a C++ driver, unlimited veth", "none", contenders, claims)


def _link(label, link, program, parties=2, runs=10):
    return Contender(label, lambda lab, _: spu.bench(link, program, parties, runs), spu.missing, counted=False)


def _regression(parties, protocol):
    links = {"lanes": "Hawser", "brpc": "brpc", "mem": "memory", "thread": "Hawser, threads"}
    contenders = [_link(label, link, "lr:1024x16", parties, 20) for link, label in links.items()]
    return Row(
        f"spu-lr-{parties}",
        f"a step of logistic regression, 1024 x 16, {protocol}, {parties} parties on loopback",
        "none",
        contenders,
        [
            Claim("of brpc's time", "Hawser", "wall_ms_median", ("brpc",), at_most=0.6),
            Claim("of the time in memory", "Hawser", "wall_ms_median", ("memory",), at_most=2.0),
            Claim("of brpc's peak memory", "Hawser", "rss_mb_peak", ("brpc",), at_most=1.0),
            Claim("listening ports a node", "Hawser", "listening_ports", at_most=1),
        ],
        columns=("wall_ms_median", "cpu_seconds", "rss_mb_peak", "listening_ports"),
    )


def _yacl_pingpong():
    contenders = []
    for size in (8, 16 * KIB):
        name = size_name(size)
        for label, link in (("Hawser", "lanes"), ("brpc", "brpc"), ("Hawser, threads", "thread"), ("memory", "mem")):
            contenders.append(_link(f"{name} {label}", link, f"pingpong:{name}"))
    return Row(
        "spu-pingpong",
        "messages there and back over yacl, on loopback",
        "none",
        contenders,
        [
            Claim("8 bytes: of brpc", "8 Hawser", "p50_us", ("8 brpc",), at_most=0.5),
            Claim("16 KiB, threads: of memory", "16K Hawser, threads", "p50_us", ("16K memory",), at_most=1.1),
        ],
        columns=("p50_us", "cpu_seconds"),
    )


def _yacl_stream():
    return Row(
        "spu-stream",
        "16 MiB messages over yacl, on loopback",
        "none",
        [_link("Hawser", "lanes", "stream:16M"), _link("brpc", "brpc", "stream:16M")],
        [
            Claim("of brpc's MB/s", "Hawser", "mb_per_s", ("brpc",), at_least=2.0),
            Claim("of brpc's CPU", "Hawser", "cpu_seconds", ("brpc",), at_most=1.0),
        ],
        columns=("mb_per_s", "cpu_seconds", "rss_mb_peak"),
    )


def _compare():
    return Row(
        "spu-compare",
        "1,000,000 comparisons, SEMI2K, two hosts, 4 x 100 Mbit; brpc has one wire",
        "100mbit",
        [
            Contender("Hawser", lambda lab, _: spu.compare_over_wires(lab, "lanes"), spu.missing, counted=False),
            Contender("brpc", lambda lab, _: spu.compare_over_wires(lab, "brpc"), spu.missing, counted=False),
        ],
        [Claim("of brpc's time (1 / 2.2)", "Hawser", "wall_ms_median", ("brpc",), at_most=1 / 2.2)],
        columns=("wall_ms_median",),
    )


def _regression_over_http():
    links = {"Hawser, HTTP": "http", "brpc": "brpc", "Hawser, lanes": "lanes"}
    contenders = [_link(label, link, "lr:1024x16", 2, 20) for label, link in links.items()]
    return Row(
        "spu-lr-http",
        "a step of logistic regression, 1024 x 16, SEMI2K, 2 parties on loopback, over HTTP",
        "none",
        contenders,
        [Claim("of brpc's time", "Hawser, HTTP", "wall_ms_median", ("brpc",), at_most=1.0)],
        columns=("wall_ms_median", "cpu_seconds", "rss_mb_peak"),
    )


def _simp(driver):
    ours = Contender("Hawser", lambda lab, seconds: simp.hawser(driver, seconds), counted=False)
    theirs = Contender("mplang", lambda lab, seconds: simp.mplang(driver, seconds), simp.missing, counted=False)
    return [ours, theirs]


def _simulator():
    return Row(
        "simp-sim",
        "SIMP, 2 parties as threads: us an operation",
        "none",
        _simp("sim"),
        [Claim("pcall: of mplang's time (1 / 10)", "Hawser", "pcall", ("mplang",), at_most=1 / 10)],
        columns=SIMP_COLUMNS,
    )


def _simp_http():
    bounds = {"pcall": 4, "chain of 51": 20, "shuffle 1 MiB": 4, "fetch 1 MiB": 20}
    return Row(
        "simp-http",
        "SIMP over HTTP, 2 workers on loopback: us an operation",
        "none",
        _simp("http"),
        [
            Claim(f"{name}: of mplang's time (1 / {times})", "Hawser", name, ("mplang",), at_most=1 / times)
            for name, times in bounds.items()
        ],
        columns=SIMP_COLUMNS,
    )


def _mixed():
    java = Contender("Hawser's workers", lambda lab, seconds: simp.mplang_over_hawser(seconds), simp.missing, False)
    python = Contender("mplang's workers", lambda lab, seconds: simp.mplang("http", seconds), simp.missing, False)
    return Row(
        "simp-mixed",
        "mplang's driver over HTTP, 2 workers on loopback: us an operation",
        "none",
        [java, python],
        [
            Claim(f"{name}: of mplang's workers' time", java.label, name, (python.label,), at_most=1.0)
            for name in ("pcall", "shuffle 1 MiB", "fetch 1 MiB")
        ],
        columns=SIMP_COLUMNS,
    )


def _port_tcp(hawser):
    size = 128 * MIB
    put = lambda lab, seconds: port.put(lab, "Tcp", size, seconds)  # noqa: E731
    tagged = lambda lab, seconds: ucx.bandwidth(lab, size, seconds)  # noqa: E731
    # It collapses under a rate limit: 128 MiB messages did not end in time.
    one_sided = lambda lab, seconds: ucx.put(lab, 4 * MIB, seconds)  # noqa: E731
    return Row(
        "port-tcp",
        "4 x 1 Gbit, 128 MiB put with signal, both ways at once; UCX one way",
        "1gbit",
        [
            Contender("iperf3 x4, both ways", iperf3.both_ways, iperf3.missing),
            Contender("Hawser, both ways", put, hawser.missing),
            Contender("UCX x4, tag_bw", tagged, ucx.missing),
            Contender("UCX x4, ucp_put_bw, 4 MiB", one_sided, ucx.missing),
        ],
        [Claim("of iperf3's sum", "Hawser, both ways", "gbit_per_s", ("iperf3 x4, both ways",), at_least=0.97)],
    )
