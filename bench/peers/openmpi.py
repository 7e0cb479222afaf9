"""Open MPI over TCP (ob1, btl tcp), by mpi_bench.c."""

import json
import shutil

from peers.build import build
from peers.lab import DEVICES, ROOT
from peers.sample import Sample, gbit_of

AGENT = ROOT / "bench" / "peers" / "rsh_agent"


def missing():
    for tool, package in (("mpirun", "openmpi-bin"), ("mpicc", "libopenmpi-dev")):
        if not shutil.which(tool):
            return f"{tool} is not installed (apt-get install {package})"
    return None


def bandwidth(lab, size, seconds, *, window, devices=4):
    figures = _run(lab, "bw", size, window, seconds, devices)
    gbit = gbit_of(size, figures["iterations"])
    return Sample(gbit_per_s=gbit / figures["seconds"], gbit=gbit, cpu_seconds=figures["cpu_seconds"])


def latency(lab, size, seconds, *, devices=4):
    figures = _run(lab, "lat", size, 1, seconds, devices)
    return Sample(cpu_seconds=figures["cpu_seconds"], p50_us=figures["p50_us"], p99_us=figures["p99_us"])


def _run(lab, test, size, window, seconds, devices):
    hosts = [lab.namespace(side) for side in "ab"]
    mpirun = [
        *("mpirun", "-n", 2, "--host", ",".join(f"{host}:1" for host in hosts), "--bind-to", "none"),
        *("--mca", "plm_rsh_agent", AGENT, "--mca", "oob_tcp_if_include", DEVICES[0]),
        *("--mca", "pml", "ob1", "--mca", "btl", "tcp,self"),
        *("--mca", "btl_tcp_if_include", ",".join(DEVICES[:devices])),
        *(build("mpi_bench.c", compiler="mpicc"), test, size, window, seconds),
    ]
    # mpirun takes its own node's name from the host name, which must be the one in --host.
    named = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', hosts[0], *mpirun]
    env = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    with lab.started("a", named, env=env, limit=6 * seconds + 20) as job:
        return json.loads(job.wait())
