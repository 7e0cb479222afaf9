"""Writes what mplang's tracer makes of the programs that clusters run, and values as only Python makes them."""

import json

import mplang as mp
import numpy as np
import programs
from mplang.backends.spu_impl import SPUShareValue, to_runtime_config
from mplang.backends.tensor_impl import TensorValue
from mplang.dialects import spu, tensor
from mplang.edsl import serde
from spu import Visibility
from spu.api import Io


def elementwise(world):
    """A region a number."""
    a = mp.put("P0", np.float32([1, 2, 3]))
    return [mp.device("P0")(lambda v: tensor.elementwise(lambda x: tensor.run_jax(lambda y: y + 1, x), v))(a)]


def graphs(world):
    endpoints = [f"localhost:{port}" for port in range(1, world + 1)]
    context = mp.make_compile_context(cluster_spec=programs.cluster(endpoints))
    traced = [mp.compile(lambda each=each: each(world), context=context) for each in [*programs.PROGRAMS, elementwise]]
    return [each.graph for each in traced]


def shares():
    config = to_runtime_config(spu.SPUConfig(protocol="SEMI2K", field="FM64"))
    data = np.arange(6, dtype=np.float32).reshape(2, 3)
    return [SPUShareValue(share) for share in Io(2, config).make_shares(data, Visibility.VIS_SECRET)]


def values():
    link = spu.SPULinkDesc(recv_timeout_ms=5, brpc_channel_protocol="http")
    objects = np.array([[b"x", None]], dtype=object)
    numbers = [np.float32(1.5), np.int8(-3), 10**30, 1e300, 5e-324, float("inf"), -0.0]
    containers = [{(0, "a"): [None], 1: {}}, {"": ()}, objects, TensorValue(objects)]
    return [*numbers, *containers, TensorValue(np.float64(2)), spu.SPUConfig(link_desc=link)]


if __name__ == "__main__":
    written = {"graphs": [*graphs(2), *graphs(3)], "shares": shares(), "values": values()}
    print(json.dumps({group: [serde.dumps_b64(value) for value in each] for group, each in written.items()}))
