"""libspu's links through Hawser's commands: its own brpc and memory against our lanes, the same program on each."""

import json
import tempfile
from array import array
from contextlib import ExitStack
from pathlib import Path

from peers.lab import ROOT, server_address
from peers.process import Failure, started
from peers.sample import Sample

LAUNCHER = ROOT / "scripts" / "hawser"
PORT = 12447
COMPARED = 1_000_000


def missing():
    """None when libspu runs here, else the reason. Builds what is stale."""
    with started([LAUNCHER, "doctor", "--json"], limit=1200) as doctor:
        doctor.wait(check=False)
        try:
            problem = json.loads(doctor.output())["spu"].get("problem")
        except json.JSONDecodeError:
            return f"hawser doctor: {doctor.errors().strip()[-200:]}"
        return problem


def bench(link, program, parties=2, runs=10):
    """One line of `hawser spu bench`, on this machine's loopback."""
    command = [LAUNCHER, "spu", "bench", "--links", link, "--programs", program, "--parties", parties]
    # Java's compiler takes some 8 s of a core until a message's path is done; the other links get as much.
    with started([*command, "--runs", runs, "--warm-up", 8, "--json"], limit=300) as running:
        figures = json.loads(running.wait().strip().splitlines()[-1])
    if figures.get("identical_to_mem") is False:
        raise Failure(f"{link} computed something else than mem: {figures}")
    return Sample(cpu_seconds=figures["cpu_seconds"], p50_us=figures.get("p50_us"), more=figures)


def compare_over_wires(lab, link):
    """Two parties on two hosts compare the elements of two vectors; the time of the program alone."""
    with tempfile.TemporaryDirectory(prefix="hawser-spu-") as folder, ExitStack() as parties:
        program = Path(folder, "compare.mlir")
        program.write_text(_comparison())
        addresses = f"{server_address()}:{PORT},10.77.1.1:{PORT}"
        command = [LAUNCHER, "spu", "run", "--program", program, "--protocol", "SEMI2K", "--link", link]
        command += ["--parties", addresses, "--reveal-to", 0, "--json"]
        running = []
        for rank, side in enumerate("ba"):
            values = Path(folder, f"{rank}.npy")
            _write_npy(values, rank)
            output = ["--out", f"out0={folder}/out.npy"] if rank == 0 else []
            asked = [*command, "--rank", rank, "--input", f"arg{rank}={values}", *output]
            running.append(parties.enter_context(lab.started(side, asked, limit=180)))
        figures = [json.loads(party.wait().strip().splitlines()[-1]) for party in running]
    seconds = max(each["seconds"] for each in figures)
    return Sample(more={"wall_ms_median": seconds * 1e3})


def _comparison():
    vector = f"tensor<{COMPARED}xf32>"
    return (
        f"module {{ func.func public @main(%arg0: {vector}, %arg1: {vector}) -> tensor<{COMPARED}xi1> {{\n"
        f"  %0 = stablehlo.compare GT, %arg0, %arg1, FLOAT : ({vector}, {vector}) -> tensor<{COMPARED}xi1>\n"
        f"  return %0 : tensor<{COMPARED}xi1> }} }}\n"
    )


def _write_npy(path, rank):
    """Numbers that differ by rank, as NumPy's format 1.0 has them."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({COMPARED},), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    values = array("f", ((i * (7 + 4 * rank) % 1000) / 100 - 5 for i in range(COMPARED)))
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + values.tobytes())
