# The second Python half of libhawser_spu: StableHLO on this machine's own processors, by the XLA client of jaxlib.
import functools
import os
import re
import sys
import threading

import numpy
from hawser_bridge import NUMBERS, TYPES

# XLA's names of the element types that a program may take and give; it may compute in others.
ELEMENTS = {
    "pred": "bool",
    "s8": "int8",
    "u8": "uint8",
    "s16": "int16",
    "u16": "uint16",
    "s32": "int32",
    "u32": "uint32",
    "s64": "int64",
    "u64": "uint64",
    "f16": "float16",
    "f32": "float32",
    "f64": "float64",
}

# Custom calls by which a program says something about itself. Any other is a function of this process, of which XLA
# offers memcpy and printf to whoever writes a program: programs come from elsewhere, so none is called.
HARMLESS_CALLS = {"Sharding", "annotate_device_placement"}

# What would wait for a host or a device that is not there, for ever.
ENDLESS = re.compile(r" = .* (infeed|outfeed|send|recv|send-done|recv-done)\(")

start_lock = threading.Lock()


def in_xla(function, *arguments):
    try:
        return function(*arguments)
    except RuntimeError as error:
        if str(error).startswith("RESOURCE_EXHAUSTED"):
            raise MemoryError(str(error)) from error
        raise


@functools.cache
def loaded():
    """jaxlib, and its client, which computes in the thread that asks."""
    # To describe its arrays jaxlib would import JAX, 150 MB and seconds that it does without.
    sys.modules.setdefault("jax", None)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")  # or it says on standard error how many devices it found
    try:
        from jaxlib import _jax, xla_client
    except ImportError as error:
        raise NotImplementedError(f"there is no jaxlib in {sys.prefix} to run StableHLO with: {error}") from None
    return _jax, xla_client, xla_client.make_cpu_client(asynchronous=False)


@functools.cache
def mlir():
    """What reads and rewrites StableHLO as text: modules, the registry of dialects, passes."""
    from jaxlib.mlir import ir, passmanager
    from jaxlib.mlir._mlir_libs import _jax_mlir_ext
    from jaxlib.mlir.dialects import stablehlo

    registry = ir.DialectRegistry()
    _jax_mlir_ext.register_dialects(registry)
    stablehlo.register_stablehlo_passes()
    return ir, passmanager, registry, stablehlo


def once(function):
    with start_lock:
        return function()


def xla_refine(text, shapes):
    """A program whose shapes are all known, from one that leaves some open, for arguments of these shapes."""
    jaxlib = once(loaded)[0]
    ir, passmanager, registry, stablehlo = once(mlir)
    with ir.Context() as context:
        context.append_dialect_registry(registry)
        context.load_all_available_dialects()
        stablehlo.register_dialect(context)
        try:
            module = ir.Module.parse(text)
            types = ",".join(argument_types(ir, module, shapes))
            passes = f"builtin.module(stablehlo-refine-arguments{{types={types}}})"
            passmanager.PassManager.parse(passes).run(module.operation)
        except ir.MLIRError as error:
            raise ValueError(str(error)) from None
        refined = in_xla(jaxlib.mlir.refine_polymorphic_shapes, str(module).encode(), True, True)
        return str(ir.Module.parse(refined)).encode()


def argument_types(ir, module, shapes):
    """The types of main's arguments, with these shapes."""
    main = next((f for f in module.body.operations if ir.StringAttr(f.attributes["sym_name"]).value == "main"), None)
    if main is None:
        raise ValueError("the program has no function main")
    declared = ir.FunctionType(ir.TypeAttr(main.attributes["function_type"]).value).inputs
    if len(declared) != len(shapes):
        raise ValueError(f"{len(shapes)} arguments are given, the program takes {len(declared)}")
    for given, kind in zip(shapes, declared):
        extents = "".join(f"{int(extent)}x" for extent in filter(None, given.split("x")))
        yield f"tensor<{extents}{ir.RankedTensorType(kind).element_type}>"


def array_type(shape, what):
    """The element type and extents that XLA's text for a shape tells; its own accessors end the process at others."""
    found = re.fullmatch(r"(\w+)\[([\d,]*)\](?:\{.*\})?", shape)
    if found is None or found[1] not in ELEMENTS:
        raise ValueError(f"{what} is {shape}: a program takes and gives arrays of {', '.join(ELEMENTS)}, of known shape")
    return numpy.dtype(ELEMENTS[found[1]]), tuple(map(int, filter(None, found[2].split(","))))


def must_be_safe(hlo):
    for call in re.findall(r'custom_call_target="((?:[^"\\]|\\.)*)"', hlo):
        if call not in HARMLESS_CALLS:
            raise NotImplementedError(f"the program calls {call}, a function of this process: that is not allowed")
    endless = ENDLESS.search(hlo)
    if endless is not None:
        raise NotImplementedError(f"the program has the operation {endless[1]}, which nobody here answers")
    if re.search(r"\[[\d,<=]*[?<]", hlo):
        raise ValueError("the program leaves shapes open: refine it for its arguments first")


class XlaProgram:
    def __init__(self, text):
        jaxlib, client, self.client = once(loaded)
        computation = in_xla(jaxlib.mlir.mlir_module_to_xla_computation, text, False, False)
        must_be_safe(computation.as_hlo_text())
        shape = computation.program_shape()
        self.parameters = [
            array_type(str(parameter), f"argument {i}") for i, parameter in enumerate(shape.parameter_shapes())
        ]
        result = shape.result_shape()
        results = result.tuple_shapes() if result.is_tuple() else [result]
        for i, part in enumerate(results):
            array_type(str(part), f"result {i}")
        self.results = len(results)
        options = client.CompileOptions()
        options.num_replicas = 1
        options.num_partitions = 1
        devices = jaxlib.DeviceList(tuple(self.client.devices()[:1]))
        self.executable = in_xla(self.client.compile_and_load, text, devices, options)

    def argument(self, index, data_type, shape, data):
        dtype, wanted = self.parameters[index]
        if tuple(shape) != wanted:
            raise ValueError(f"argument {index} has shape {list(shape)}, the program takes {list(wanted)}")
        array = numpy.ndarray(shape, TYPES[data_type][0], buffer=data).astype(dtype, copy=False)
        return self.client.buffer_from_pyval(array)

    def run(self, arrays):
        if len(arrays) != len(self.parameters):
            raise ValueError(f"{len(arrays)} arguments are given, the program takes {len(self.parameters)}")
        arguments = [self.argument(i, *array) for i, array in enumerate(arrays)]
        results = in_xla(self.executable.execute_sharded, arguments).disassemble_into_single_device_arrays()
        return [described(in_xla(result[0].block_until_ready)) for result in results]


def described(array):
    view = numpy.asarray(memoryview(array))
    return NUMBERS[view.dtype], numpy.array(view.shape, dtype=numpy.int64).tobytes(), view


def xla_compile(text):
    program = XlaProgram(text)
    return program, program.results


def xla_run(program, arrays):
    return program.run(arrays)
