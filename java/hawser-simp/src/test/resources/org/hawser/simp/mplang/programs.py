"""Programs for clusters of whatever workers, by name, as JSON.

`run ENDPOINT...` runs them with mplang's own driver and prints what each one gave; `trace PARTIES` prints their graphs, for
other drivers. Results are compared between clusters, so nothing in them depends on chance: SPU programs keep to numbers
that fixed-point arithmetic represents exactly.
"""

import json
import sys

import jax.numpy as jnp
import mplang as mp
import numpy as np
from mplang.dialects import simp, tensor
from mplang.edsl import serde

DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint32", "uint64", "float16", "float32", "float64"]


def constants(world):
    """Every dtype and two scalars, at either end of the world."""
    last = f"P{world - 1}"
    arrays = [mp.put(last, np.array([[0, 1, 2], [3, 4, 5]]).astype(dtype)) for dtype in DTYPES]
    return [*arrays, mp.put("P0", 42), mp.put("P0", 2.5)]


def jax_functions(world):
    x = mp.put("P0", np.arange(6, dtype=np.float32).reshape(2, 3))
    doubled = mp.device("P0").jax(lambda v: v * 2 + 1)(x)
    product = mp.device("P0").jax(lambda a, b: a @ b.T)(x, doubled)
    both = mp.device("P0").jax(lambda v: (v.sum(axis=0), jnp.where(v > 2, v, 0)))(x)
    unused = mp.device("P0").jax(lambda a, b: b + 1)(x, doubled)
    return [doubled, product, *both, unused]


def moves(world):
    value = mp.put("P0", np.linspace(-1, 1, 7))
    for rank in [*range(1, world), 0]:
        value = mp.put(f"P{rank}", value)
    return [value]


def large_move(world):
    value = mp.put("P0", np.arange(131072, dtype=np.float64))
    return [mp.device("P1").jax(lambda v: v.sum())(mp.put("P1", value))]


def large_constant(world):
    """More than 20 million characters of JSON."""
    value = mp.put("P0", np.arange(2_100_000, dtype=np.float64) * np.pi)
    return [mp.device("P0").jax(lambda v: v[::100_000])(value)]


def tensor_operations(world):
    def body(a, b):
        turned = tensor.transpose(a, (1, 0))
        return turned, tensor.reshape(turned, (6,)), tensor.concat([a, b], axis=0)

    a = simp.constant((0,), np.arange(6, dtype=np.int64).reshape(2, 3))
    b = simp.constant((0,), np.arange(3, dtype=np.int64).reshape(1, 3))
    return list(simp.pcall_static((0,), body, a, b))


def from_all(world):
    """A value of its own at every party, and a sum there; fetched from all of them."""
    ranks = tuple(range(world))
    own = simp.converge(*(simp.constant((rank,), np.float32([rank, 10 * rank])) for rank in ranks))
    return [own, simp.pcall_static(ranks, lambda v: tensor.run_jax(jnp.add, v, v), own)]


def from_some(world):
    """A value that only the last party has: the others answer with nothing."""
    return [simp.constant((world - 1,), np.int32([7]))]


def nothing(world):
    """A call without a result."""
    x = simp.constant((0, 1), np.float32([1, 2]))
    assert simp.pcall_static((0, 1), lambda v: tensor.run_jax(jnp.abs, v) and None, x) is None
    return [x]


def shuffles(world):
    """Every party hands on to the next, one message a shuffle: mplang's workers cannot swap."""
    own = [simp.constant((rank,), np.int64([rank + 1])) for rank in range(world)]
    passed = [simp.shuffle_static(own[rank], {(rank + 1) % world: rank}) for rank in range(world)]
    return [simp.converge(*passed)]


def condition(world):
    ranks = tuple(range(world))

    def twice(v):
        return simp.pcall_static(ranks, lambda a: tensor.run_jax(jnp.add, a, a), v)

    def square(v):
        return simp.pcall_static(ranks, lambda a: tensor.run_jax(jnp.multiply, a, a), v)

    x = simp.constant(ranks, np.float32([3, 5]))
    return [simp.uniform_cond(simp.constant(ranks, chosen), twice, square, x) for chosen in (True, False)]


def loop(world):
    ranks = tuple(range(world))

    def count(start):
        return simp.while_loop(
            lambda v: tensor.run_jax(lambda a: a < 10, v), lambda v: tensor.run_jax(lambda a: a + 3, v), start
        )

    return [simp.pcall_static(ranks, count, simp.constant(ranks, np.int32(0)))]


def spu(world):
    x = mp.put("P0", np.float32([1, -2, 3.5, 0]))
    y = mp.put("P1", np.float32([2, -3, 3.25, 0]))
    greater = mp.device("SP0")(lambda a, b: jnp.where(a > b, a, b))(x, y)
    total = mp.device("SP0")(lambda a, b: (a + b, a.sum()))(x, y)
    return [mp.put("P0", greater), mp.put("P1", greater), *(mp.put(f"P{world - 1}", each) for each in total)]


def spu_again(world):
    """The next spawn of the link, and a matrix product of integers."""
    x = mp.put("P0", np.arange(12, dtype=np.int32).reshape(3, 4))
    y = mp.put("P1", np.arange(8, dtype=np.int32).reshape(4, 2))
    return [mp.put("P0", mp.device("SP0")(jnp.matmul)(x, y))]


PROGRAMS = [constants, jax_functions, moves, large_move, large_constant, tensor_operations, from_all, from_some]
PROGRAMS += [nothing, shuffles, condition, loop, spu, spu_again]


def cluster(endpoints):
    nodes = [{"name": f"node{rank}", "endpoint": endpoint} for rank, endpoint in enumerate(endpoints)]
    names = [node["name"] for node in nodes]
    config = {"protocol": "SEMI2K" if len(nodes) == 2 else "ABY3", "field": "FM64"}
    devices = {f"P{rank}": {"kind": "PPU", "members": [name]} for rank, name in enumerate(names)}
    devices["SP0"] = {"kind": "SPU", "members": names, "config": config}
    return mp.ClusterSpec.from_dict({"nodes": nodes, "devices": devices})


def plain(value):
    """A fetched value as JSON; what every party gave is a list."""
    if value is None:
        return None
    if isinstance(value, list):
        return [plain(each) for each in value]
    array = np.asarray(value)
    return {"dtype": array.dtype.name, "shape": list(array.shape), "values": array.tolist()}


def run(endpoints):
    driver = mp.make_driver(endpoints, cluster_spec=cluster(endpoints))
    with driver:
        outcomes = {program.__name__: outcome(program, len(endpoints)) for program in PROGRAMS}
    driver.get_dialect_state("simp").shutdown()
    return outcomes


def outcome(program, world):
    try:
        return {"values": [plain(mp.fetch(each)) for each in program(world)]}
    except Exception as error:  # noqa: BLE001 (whatever went wrong is the outcome)
        return {"error": f"{type(error).__name__}: {error}"}


def trace(world):
    spec = cluster([f"nowhere:{rank}" for rank in range(world)])
    with mp.make_compile_context(world, cluster_spec=spec):
        return {program.__name__: graph(program, world) for program in PROGRAMS}


def graph(program, world):
    return serde.to_json(mp.compile(lambda: program(world)).graph)


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[2:]) if sys.argv[1] == "run" else trace(int(sys.argv[2]))))
