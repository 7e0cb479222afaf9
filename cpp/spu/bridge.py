# The Python side of libhawser_spu: executed once in the embedded interpreter. api.cc calls these functions by name.
import functools
import importlib.machinery
import json
import sys
import types


def load_libspu():
    # The package's own __init__ imports JAX, 150 MB of memory that libspu does without: its module is loaded alone.
    spec = importlib.machinery.PathFinder.find_spec("spu")
    if spec is None or spec.submodule_search_locations is None:
        raise ImportError(f"there is no package spu in {sys.prefix}")
    package = types.ModuleType("spu")
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules["spu"] = package
    import spu.libspu as module

    return module


libspu = load_libspu()
import numpy  # after libspu, so that a missing spu is what is told first

libspu._check_cpu_features()

# numpy's type for each of libspu's, and back.
DTYPES = {
    int(getattr(libspu.DataType, name).value): numpy.dtype(dtype)
    for name, dtype in {
        "DT_I1": "bool",
        "DT_I8": "int8",
        "DT_U8": "uint8",
        "DT_I16": "int16",
        "DT_U16": "uint16",
        "DT_I32": "int32",
        "DT_U32": "uint32",
        "DT_I64": "int64",
        "DT_U64": "uint64",
        "DT_F16": "float16",
        "DT_F32": "float32",
        "DT_F64": "float64",
    }.items()
}
DATA_TYPES = {dtype: number for number, dtype in DTYPES.items()}

# Attributes that are None until they are set, with their types.
OPTIONAL = {"ttp_beaver_config": "TTPBeaverConfig", "ssl_config": "ClientSSLConfig"}

# Numbers of hawser_code.
INVALID_ARGUMENT, LINK_FAILED, OUT_OF_MEMORY, UNSUPPORTED, INTERNAL, CLOSED = -1, -4, -10, -11, -12, -13


class ChannelError(RuntimeError):
    """What a channel of ours answered."""


class LinkError(RuntimeError):
    """What went wrong in one of libspu's own links."""


def explain(error):
    """The hawser_code of an exception, and its text without the C++ stack that libspu appends."""
    text = str(error) or type(error).__name__
    text = text.split("\nStacktrace:", 1)[0].split("Stacktrace:\n", 1)[0].strip()
    if isinstance(error, (ChannelError, LinkError)) or "yacl/link" in text:
        return LINK_FAILED, text
    if isinstance(error, ReferenceError):
        return CLOSED, text
    if isinstance(error, MemoryError):
        return OUT_OF_MEMORY, text
    if isinstance(error, NotImplementedError):
        return UNSUPPORTED, text
    if isinstance(error, (ValueError, TypeError, LookupError, RuntimeError)):
        return INVALID_ARGUMENT, text
    return INTERNAL, f"{type(error).__name__}: {text}"


def facts():
    version = "{}.{}.{}".format(*sys.version_info[:3])
    return version, libspu._get_version(), int(hasattr(libspu.link, "create_with_channels"))


def attributes(target):
    cls = type(target)
    return [name for name in dir(cls) if isinstance(getattr(cls, name), property)]


def assign(target, values, path=""):
    """Gives each attribute of an object of libspu its value from a JSON object."""
    known = attributes(target)
    for name, value in values.items():
        where = path + name
        if name not in known:
            raise ValueError(f"{where} is no attribute of libspu's {type(target).__name__}, which has {', '.join(known)}")
        try:
            current = getattr(target, name)
        except TypeError:
            raise ValueError(f"{where} cannot be set: this libspu does not show its type") from None
        if current is None and name in OPTIONAL:
            current = getattr(libspu, OPTIONAL[name])()
        try:
            setattr(target, name, converted(current, value, where))
        except (TypeError, OverflowError):
            raise ValueError(f"{where}: libspu refuses {value!r}") from None


def converted(current, value, where):
    members = getattr(type(current), "__members__", None)
    if members is not None:
        if value not in members:
            raise ValueError(f"{where}: {value!r} is none of {', '.join(members)}")
        return members[value]
    for kind in (bool, int, str):
        if isinstance(current, kind):
            return typed(value, kind, where)
    if isinstance(current, (list, set)):
        return type(current)(typed(value, list, where))
    assign(current, typed(value, dict, where), where + ".")
    return current


def typed(value, kind, where):
    if type(value) is not kind:
        names = {bool: "true or false", int: "a whole number", str: "a text", list: "a list", dict: "an object"}
        raise ValueError(f"{where}: {value!r} is not {names[kind]}")
    return value


def parsed(text, what):
    try:
        return typed(json.loads(text or "{}"), dict, what)
    except json.JSONDecodeError as error:
        raise ValueError(f"{what} is no JSON: {error}") from None


@functools.lru_cache(maxsize=32)
def runtime_config(text):
    config = libspu.RuntimeConfig()
    assign(config, parsed(text, "the runtime configuration"))
    return config


def in_link(function, *arguments):
    try:
        return function(*arguments)
    except ChannelError:
        raise
    except RuntimeError as error:
        raise LinkError(str(error)) from error


class Channel(libspu.link.IChannel):
    """libspu looks a method up by its C++ name and calls what it finds: here functions of libhawser_spu."""

    def __init__(self, methods):
        super().__init__()
        self.__dict__.update(methods)


def open_link(mode, desc_text, rank, methods):
    desc = libspu.link.Desc()
    values = parsed(desc_text, "the link's description")
    for party in typed(values.pop("parties", []), list, "parties"):
        desc.add_party(typed(party.get("id"), str, "parties.id"), typed(party.get("host"), str, "parties.host"))
    assign(desc, values)
    size = len(desc.parties)
    if not 0 <= rank < size:
        raise ValueError(f"rank {rank} is none of the link's {size} parties")
    if mode == "mem":
        return in_link(libspu.link.create_mem, desc, rank)
    if mode == "brpc":
        return in_link(libspu.link.create_brpc, desc, rank)
    if mode != "channels":
        raise ValueError(f"there is no link mode {mode!r}: it is channels, mem or brpc")
    if not hasattr(libspu.link, "create_with_channels"):
        raise NotImplementedError(f"spu {libspu._get_version()} has no create_with_channels: use the mode brpc")
    if len(methods) != size:
        raise ValueError(f"{len(methods)} channels are given for {size} parties")
    for index, entry in enumerate(methods):
        if (entry is None) != (index == rank):
            raise ValueError(f"rank {rank} needs a channel to every other party and none to itself; see party {index}")
    channels = [None if entry is None else Channel(entry) for entry in methods]
    return in_link(libspu.link.create_with_channels, desc, rank, channels)


def link_place(link):
    return link.rank, link.world_size


def link_send(link, to, data, asynchronous):
    in_link(link.send_async if asynchronous else link.send, peer(link, to), bytes(data))


def link_recv(link, source):
    return in_link(link.recv, peer(link, source))


def peer(link, rank):
    if not 0 <= rank < link.world_size or rank == link.rank:
        raise ValueError(f"rank {rank} is no peer of rank {link.rank} in a link of {link.world_size}")
    return rank


def stop_link(link):
    in_link(link.stop_link)


def visibility_of(number):
    return libspu.Visibility(number)


def compile_ir(ir, ir_type, visibilities, options_text):
    types_ = {"stablehlo": libspu.SourceIRType.STABLEHLO, "xla": libspu.SourceIRType.XLA}
    if ir_type not in types_:
        raise ValueError(f"there is no program type {ir_type!r}: it is stablehlo or xla")
    options = libspu.CompilerOptions()
    assign(options, parsed(options_text, "the compiler options"))
    source = libspu.CompilationSource(
        ir_type=types_[ir_type], ir_txt=bytes(ir), input_visibility=[visibility_of(v) for v in visibilities]
    )
    return libspu.compile(source, options)


def executable(name, inputs, outputs, code):
    return libspu.Executable(name=name, input_names=inputs, output_names=outputs, code=bytes(code))


def make_shares(world_size, config_text, data_type, shape, data, visibility, owner):
    dtype = DTYPES.get(data_type)
    if dtype is None:
        raise ValueError(f"there is no data type {data_type}")
    array = numpy.ndarray(shape, dtype, buffer=data)
    if array.nbytes != len(data):
        raise ValueError(f"{len(data)} bytes are given for a tensor of shape {shape} and type {dtype}")
    io = libspu.IoWrapper(world_size, runtime_config(config_text))
    return io.MakeShares(array, visibility_of(visibility), owner)


def reconstruct(world_size, config_text, shares):
    if len(shares) != world_size:
        raise ValueError(f"{len(shares)} shares are given for {world_size} parties")
    array = numpy.asarray(libspu.IoWrapper(world_size, runtime_config(config_text)).Reconstruct(shares), order="C")
    shape = numpy.array(array.shape, dtype=numpy.int64)
    return DATA_TYPES[array.dtype], shape.tobytes(), array.tobytes()


def share_of(parts):
    share = libspu.Share()
    share.meta = parts[0]
    share.share_chunks = parts[1:]
    return share


def share_parts(share):
    return [share.meta, *share.share_chunks]


def runtime(link, config_text):
    return libspu.RuntimeWrapper(link, runtime_config(config_text))


def set_var(runtime, name, share):
    runtime.SetVar(name, share)


def get_var(runtime, name):
    return runtime.GetVar(name)


def del_var(runtime, name):
    runtime.DelVar(name)


def run(runtime, executable):
    runtime.Run(executable)
