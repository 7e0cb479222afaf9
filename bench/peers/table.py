"""Prints a row of the comparison for people."""

from peers.verdict import judge, middle, values

HEADINGS = {
    "gbit_per_s": "Gbit/s",
    "cpu_per_gbit": "CPU s/Gbit",
    "system_cpu_per_gbit": "whole machine",
    "p50_us": "p50 us",
    "p99_us": "p99 us",
    "mean_us": "mean us",
    "share": "of wires",
    "stall_s": "stall s",
    "gap_s": "kernel gap s",
    "rejoin_s": "back after s",
    "core_fraction": "of one core",
    "wall_ms_median": "median ms",
    "cpu_seconds": "CPU s",
    "rss_mb_peak": "peak MB",
    "listening_ports": "ports",
    "mb_per_s": "MB/s",
}
# Above this, what others did on the machine shows in the figures.
FOREIGN_CORES = 0.3


def print_row(row, results, missing):
    """`results` holds samples by label and round; `missing` the reasons of those that could not run."""
    print(f"\n{row.name}: {row.title}")
    labels = [contender.label for contender in row.contenders]
    width = max(len(label) for label in labels)
    first = row.columns[0]
    print(f"  {'':{width}}" + "".join(f"{HEADINGS.get(c, c):>16}" for c in row.columns) + f"    {HEADINGS.get(first, first)} by round")
    for label in labels:
        if label in missing:
            print(f"  {label:{width}}  not run: {missing[label]}")
            continue
        samples = results[label]
        cells = "".join(f"{_figure(middle(samples, column)):>16}" for column in row.columns)
        print(f"  {label:{width}}{cells}    {' '.join(map(_figure, values(samples, first)))}")
        for sample in samples:
            if sample.error or "note" in sample.more:
                print(f"  {'':{width}}  ! {sample.error or sample.more['note']}")
    for claim in row.claims:
        verdict = judge(claim, results)
        word = {True: "shown", False: "SHORT", None: ""}[verdict.shown]
        print(f"  -> {verdict.text}: {_figure(verdict.measured)}  {verdict.bound}  {word}".rstrip())
    loads = [load for samples in results.values() for load in values(samples, "foreign_cores")]
    if loads and max(loads) > FOREIGN_CORES:
        print(f"  ! something else kept up to {max(loads):.1f} cores busy: take these figures with care")


def _figure(number):
    if number is None:
        return "-"
    if number and abs(number) < 0.1:
        return f"{number:.2g}"
    return f"{number:.3g}" if abs(number) < 1000 else f"{number:.0f}"
