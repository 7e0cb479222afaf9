"""The command: chooses rows, interleaves the runs, prints the table and writes every sample as JSON."""

import argparse
import contextlib
import dataclasses
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

from peers.hawser import Driver, hawser
from peers.lab import ROOT, Lab
from peers.process import Failure
from peers.rows import all_rows
from peers.sample import Sample
from peers.sampler import busy_seconds
from peers.table import print_row
from peers.traffic import Traffic
from peers.verdict import judge

OF_A_BUILD = ("nccl", "net-plugin", "net-plugin-unlimited", "net-ofi")


def main():
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    native = Driver([options.native]) if options.native else None
    rows = all_rows(hawser(), native, options.nccl, options.nccl_plugin)
    chosen = options.rows.split(",") if options.rows else list(rows)
    for name in chosen:
        if name not in rows:
            hint = {"driver": " (give --native PATH)"}.get(name, " (give --nccl FOLDER)" if name in OF_A_BUILD else "")
            print(f"there is no row {name}{hint}; the rows are {', '.join(rows)}", file=sys.stderr)
            return 2
    # Taken out of the environment: Hawser refuses settings that it does not know.
    lab = Lab(os.environ.pop("HAWSER_LAB", "hawser-peers"))
    report, clean = [], True
    try:
        # Says at once what is missing where there can be no lab at all.
        lab.do("down")
        for name in chosen:
            results, missing = run_row(lab, rows[name], options)
            print_row(rows[name], results, missing)
            clean &= all(not sample.error for samples in results.values() for sample in samples)
            report.append(_as_json(rows[name], results, missing))
            _write(options.json, options, report)
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    finally:
        with contextlib.suppress(Failure):
            lab.do("down")
    print(f"\nEvery sample is in {options.json}")
    return 0 if clean else 1


def run_row(lab, row, options):
    """Runs a row's contenders in turn, round after round; gives their samples and why others could not run."""
    wanted = [c for c in row.contenders if not options.only or any(part in c.label for part in options.only.split(","))]
    missing = {c.label: "not asked for" for c in row.contenders if c not in wanted}
    for contender in wanted:
        reason = contender.missing()
        if reason:
            missing[contender.label] = reason
    running = [c for c in wanted if c.label not in missing]
    results = {c.label: [] for c in running}
    if not running:
        return results, missing
    lab.up(row.rate)
    for turn in range(options.rounds):
        # A different one goes first each time, so that no one always follows the same neighbour.
        for i in range(len(running)):
            contender = running[(i + turn) % len(running)]
            print(f"{row.name} {turn + 1}/{options.rounds}: {contender.label}", file=sys.stderr, flush=True)
            results[contender.label].append(_one(lab, contender, options.seconds))
    return results, missing


def _one(lab, contender, seconds):
    start, busy, own = time.monotonic(), _machine_cpu(), _children_cpu()
    try:
        if contender.counted:
            with Traffic(lab, limit=6 * seconds + 60) as traffic:
                sample = contender.run(lab, seconds)
                sample.system_cpu_per_gbit = traffic.system_cpu_per_gbit()
        else:
            sample = contender.run(lab, seconds)
    except (Failure, KeyError, ValueError) as error:
        return Sample(error=f"{type(error).__name__}: {error}")
    # A rank that mpirun started on the other host is no child of ours, but its CPU is in the sample.
    own = max(_children_cpu() - own, sample.cpu_seconds or 0)
    sample.foreign_cores = max(0.0, (_machine_cpu() - busy - own) / (time.monotonic() - start))
    return sample


def _machine_cpu():
    with open("/proc/stat", "rb") as file:
        return busy_seconds(file.fileno())


def _children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _as_json(row, results, missing):
    return {
        "row": row.name,
        "title": row.title,
        "rate": row.rate,
        "samples": {label: [_sample(s) for s in samples] for label, samples in results.items()},
        "missing": missing,
        "claims": [dataclasses.asdict(judge(claim, results)) for claim in row.claims],
    }


def _sample(sample):
    return {**dataclasses.asdict(sample), "cpu_per_gbit": sample.cpu_per_gbit}


def _write(path, options, report):
    path.parent.mkdir(parents=True, exist_ok=True)
    run = {"rounds": options.rounds, "seconds": options.seconds, "cores": os.cpu_count(), "kernel": os.uname().release}
    path.write_text(json.dumps({"run": run, "rows": report}, indent=1) + "\n")


def _options():
    parser = argparse.ArgumentParser(
        prog="bench/peers/run",
        description="Runs Hawser and its peers in turn on the lab (needs root) and prints their ratios.",
    )
    rows = ",".join(all_rows(hawser(), None))
    parser.add_argument("--rows", metavar="LIST", help=f"which rows (default all: {rows}; driver with --native, {', '.join(OF_A_BUILD)} with --nccl)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="runs of each contender (default 3)")
    parser.add_argument("--seconds", type=int, default=3, metavar="S", help="length of one run (default 3)")
    parser.add_argument("--only", metavar="LIST", help="only contenders whose label contains one of these words")
    parser.add_argument("--native", metavar="PATH", help="a C++ driver that takes perf's options (row driver)")
    parser.add_argument("--nccl", type=Path, metavar="FOLDER", help="CMake's build folder, for its NCCL plugin and native benchmarks")
    parser.add_argument(
        "--nccl-plugin", type=Path, action="append", default=[], metavar="PATH", help="another NCCL plugin for that row"
    )
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "peers.json", metavar="FILE")
    options = parser.parse_args()
    if options.rounds < 1 or not 1 <= options.seconds <= 30:
        parser.error("--rounds is at least 1, --seconds 1 to 30")
    return options
