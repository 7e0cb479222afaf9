# The Python side of libhawser_spu: executed once in the embedded interpreter. api.cc calls these functions by name.
import functools
import importlib.machinery
import json
import re
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

# Attributes of RuntimeConfig that libspu's Python does not take: the type of ot_kind is not shown to it, and touching the
# other object ends the process. libspu does take them in its serialised form, protocol buffers, where they have these
# numbers and types.
SSL_FIELDS = {"certificate": (1, str), "private_key": (2, str), "ca_file_path": (3, str), "verify_depth": (4, int)}
SERIALISED = {
    "ttp_beaver_config": (
        71,
        {
            "server_host": (1, str),
            "adjust_rank": (2, int),
            "asym_crypto_schema": (3, str),
            "server_public_key": (4, str),
            "transport_protocol": (5, str),
            "ssl_config": (6, SSL_FIELDS),
        },
    ),
    "cheetah_2pc_config": (
        72,
        {
            "disable_matmul_pack": (1, bool),
            "enable_mul_lsb_error": (2, bool),
            "ot_kind": (3, ("YACL_Ferret", "YACL_Softspoken", "EMP_Ferret")),
        },
    ),
}

# Numbers of hawser_code.
INVALID_ARGUMENT, LINK_FAILED, OUT_OF_MEMORY, UNSUPPORTED, INTERNAL, CLOSED = -1, -4, -10, -11, -12, -13


class ChannelError(RuntimeError):
    """What a channel of ours answered."""


class LinkError(RuntimeError):
    """What went wrong in one of libspu's own links."""


def explain(error):
    """The hawser_code of an exception, and its text without the C++ stack that libspu appends."""
    text = str(error) or type(error).__name__
    text = re.split("stacktrace:", text, maxsplit=1, flags=re.IGNORECASE)[0]
    text = " ".join(text.strip().removeprefix("what:").split())
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
            setattr(target, name, converted(getattr(target, name), value, where))
        except (TypeError, OverflowError):
            raise ValueError(f"{where}: libspu refuses {value!r}") from None


def converted(current, value, where):
    members = getattr(type(current), "__members__", None)
    if members is not None:
        return members[one_of(members, value, where)]
    for kind in (bool, int, str):
        if isinstance(current, kind):
            return typed(value, kind, where)
    if isinstance(current, (list, set)):
        return type(current)(typed(value, list, where))
    assign(current, typed(value, dict, where), where + ".")
    return current


def one_of(names, value, where):
    if value not in names:
        raise ValueError(f"{where}: {value!r} is none of {', '.join(names)}")
    return value


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
    values = parsed(text, "the runtime configuration")
    apart = {name: values.pop(name) for name in SERIALISED if name in values}
    assign(config, values)
    # Fields that follow replace, or complete, what is there.
    if not config.ParseFromString(config.SerializeToString() + serialised(apart, SERIALISED)):
        raise ValueError(f"libspu refuses {', '.join(apart)}")
    return config


def serialised(values, fields, path=""):
    """A JSON object as protocol buffers."""
    message = b""
    for name, value in values.items():
        where = path + name
        number, kind = fields[one_of(fields, name, path.rstrip(".") or "the runtime configuration")]
        if kind is str:
            content = typed(value, str, where).encode()
        elif isinstance(kind, dict):
            content = serialised(typed(value, dict, where), kind, where + ".")
        else:
            known = kind.index(one_of(kind, value, where)) if isinstance(kind, tuple) else typed(value, kind, where)
            message += varint(number << 3, where) + varint(int(known), where)
            continue
        message += varint(number << 3 | 2, where) + varint(len(content), where) + content
    return message


def varint(number, where):
    if not 0 <= number < 1 << 63:
        raise ValueError(f"{where}: {number} is out of range")
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])


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
