# The Python side of libhawser_spu: executed once in the embedded interpreter. api.cc calls these functions by name.
import functools
import importlib.machinery
import json
import os
import re
import sys
import threading
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


def quieten():
    # libspu logs to standard output, which is not its own, unless it is told of a file.
    options = libspu.logging.LogOptions()
    options.enable_console_logger = False
    options.log_level = libspu.logging.LogLevel.ERROR
    options.max_log_file_size = 1 << 62  # never renamed to make room for another
    for path in ("/dev/stderr", "/dev/null"):
        options.system_log_path = path
        try:
            return libspu.logging.setup_logging(options)
        except RuntimeError:
            continue


quieten()

# libspu's types by number, with the names that numpy and StableHLO have for them.
TYPES = {
    getattr(libspu.DataType, name).value: (numpy.dtype(dtype), mlir)
    for name, dtype, mlir in (
        ("DT_I1", "bool", "i1"),
        ("DT_I8", "int8", "i8"),
        ("DT_U8", "uint8", "ui8"),
        ("DT_I16", "int16", "i16"),
        ("DT_U16", "uint16", "ui16"),
        ("DT_I32", "int32", "i32"),
        ("DT_U32", "uint32", "ui32"),
        ("DT_I64", "int64", "i64"),
        ("DT_U64", "uint64", "ui64"),
        ("DT_F16", "float16", "f16"),
        ("DT_F32", "float32", "f32"),
        ("DT_F64", "float64", "f64"),
    )
}
NUMBERS = {dtype: number for number, (dtype, _) in TYPES.items()}

# How many parties each protocol is for, at least and at most; with others libspu computes nonsense or dies.
PARTIES = {"REF2K": (1, 1 << 30), "SEMI2K": (2, 1 << 30), "ABY3": (3, 3), "CHEETAH": (2, 2), "SECURENN": (3, 3)}

# Attributes of RuntimeConfig that cannot be set one by one.
NESTED = {"cheetah_2pc_config": libspu.CheetahConfig, "ttp_beaver_config": libspu.TTPBeaverConfig}

# Numbers of hawser_code.
INVALID_ARGUMENT, LINK_FAILED, OUT_OF_MEMORY, UNSUPPORTED, INTERNAL, CLOSED = -1, -4, -10, -11, -12, -13


class ChannelError(RuntimeError):
    """What a channel of ours answered."""


class LinkError(RuntimeError):
    """What went wrong in one of libspu's own links."""


def explain(error):
    """The hawser_code of an exception, and its text without the C++ stack that libspu appends."""
    text = re.split(r"\n\s*stacktrace:", str(error), maxsplit=1, flags=re.IGNORECASE)[0]
    text = re.sub(r"\s+", " ", text.removeprefix("what:")).strip() or type(error).__name__
    if isinstance(error, (ChannelError, LinkError)) or "yacl/link" in text:
        return LINK_FAILED, text
    if isinstance(error, ReferenceError):
        return CLOSED, text
    if isinstance(error, MemoryError):
        return OUT_OF_MEMORY, text
    if isinstance(error, NotImplementedError):
        return UNSUPPORTED, text
    if isinstance(error, (ValueError, TypeError, LookupError, AttributeError, RuntimeError)):
        return INVALID_ARGUMENT, text
    return INTERNAL, f"{type(error).__name__}: {text}"


def facts():
    version = "{}.{}.{}".format(*sys.version_info[:3])
    return version, libspu._get_version(), int(hasattr(libspu.link, "create_with_channels"))


@functools.cache
def attributes(cls):
    return [name for name in dir(cls) if isinstance(getattr(cls, name), property)]


def must_have(cls, name, where):
    known = attributes(cls)
    if name not in known:
        raise ValueError(f"{where} is no attribute of libspu's {cls.__name__}, which has {', '.join(known)}")


def assign(target, values, path=""):
    """Gives attributes of an object of libspu their values from a JSON object."""
    for name, value in values.items():
        where = path + name
        must_have(type(target), name, where)
        try:
            setattr(target, name, converted(getattr(target, name), value, where))
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
    values = parsed(text, "the runtime configuration")
    nested = {name: values.pop(name) for name in NESTED if name in values}
    config = libspu.RuntimeConfig()
    if nested:
        # libspu's bindings cannot take these, and die when asked for one that is set; its JSON reader does it right,
        # but leaves every attribute that it does not find at zero, and does not tell what it dislikes.
        for name, value in nested.items():
            for inner in typed(value, dict, name):
                must_have(NESTED[name], inner, f"{name}.{inner}")
        if not config.ParseFromJsonString(json.dumps(nested)):
            raise ValueError(f"libspu refuses {json.dumps(nested)}")
        defaults = libspu.RuntimeConfig()
        for name in attributes(libspu.RuntimeConfig):
            if name not in NESTED:
                setattr(config, name, getattr(defaults, name))
    assign(config, values)
    return config


def config_for(parties, text):
    config = runtime_config(text)
    protocol = config.protocol.name
    least, most = PARTIES.get(protocol, (1, 1 << 30))
    if not least <= parties <= most:
        wanted = f"{least}" if least == most else f"at least {least}"
        raise ValueError(f"protocol {protocol} is for {wanted} parties, not {parties}")
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
    for channel in filter(None, channels):
        # What libspu's own links do for their channels, but create_with_channels does not.
        channel.SetRecvTimeout(desc.recv_timeout_ms)
        channel.SetThrottleWindowSize(desc.throttle_window_size)
    return in_link(libspu.link.create_with_channels, desc, rank, channels)


def link_place(link):
    return link.rank, link.world_size


def link_send(link, to, data, asynchronous):
    in_link(link.send_async if asynchronous else link.send, peer(link, to), data)


def link_recv(link, source):
    return in_link(link.recv, peer(link, source))


def peer(link, rank):
    if not 0 <= rank < link.world_size or rank == link.rank:
        raise ValueError(f"rank {rank} is no peer of rank {link.rank} in a link of {link.world_size}")
    return rank


def stop_link(link):
    in_link(link.stop_link)


def visibility_of(number):
    visibility = libspu.Visibility(number)
    if visibility.name not in ("VIS_PUBLIC", "VIS_SECRET", "VIS_PRIVATE"):
        raise ValueError(f"{number} is no visibility of libspu's")
    return visibility


class Diagnostics:
    """What the compiler writes to file descriptor 2, the only place where it tells its reasons."""

    lock = threading.Lock()

    def __enter__(self):
        self.lock.acquire()
        self.file = os.memfd_create("diagnostics")
        self.stderr = os.dup(2)
        os.dup2(self.file, 2)

    def __exit__(self, kind, error, trace):
        os.dup2(self.stderr, 2)
        written = os.pread(self.file, os.fstat(self.file).st_size, 0)
        try:
            if isinstance(error, RuntimeError):
                raise RuntimeError(f"{explain(error)[1]} {written.decode(errors='replace')}") from error
            # Warnings, or what other threads had to say.
            os.write(self.stderr, written)
        finally:
            os.close(self.file)
            os.close(self.stderr)
            self.lock.release()


def compile_ir(ir, ir_type, visibilities, options_text):
    ir_types = {"stablehlo": libspu.SourceIRType.STABLEHLO, "xla": libspu.SourceIRType.XLA}
    if ir_type not in ir_types:
        raise ValueError(f"there is no program type {ir_type!r}: it is stablehlo or xla")
    options = libspu.CompilerOptions()
    assign(options, parsed(options_text, "the compiler options"))
    source = libspu.CompilationSource(
        ir_type=ir_types[ir_type], ir_txt=ir, input_visibility=[visibility_of(v) for v in visibilities]
    )
    with Diagnostics():
        code = libspu.compile(source, options)
    inputs = signature(code)[0]
    if len(inputs) != len(visibilities):
        raise ValueError(f"{len(visibilities)} visibilities are given for a program of {len(inputs)} inputs")
    return code


def signature(code):
    """The inputs' types of a compiled program, such as ["2x3xf32", "i64"], and the number of its results."""
    main = re.search(rb"func\.func (?:public )?@main\(([^)]*)\)([^\n]*)", code)
    if main is None:
        raise ValueError("this is no program as libspu's compiler writes them: it has no function main")
    inputs = re.findall(rb"%arg\d+: tensor<((?:\d+x)*)(?:!pphlo\.\w+<)?(\w+)", main[1])
    return [(dims + element).decode() for dims, element in inputs], main[2].count(b"tensor<")


class Program:
    """An executable, with what is needed to see that all fits: libspu itself would not look, and crash."""

    def __init__(self, name, inputs, outputs, code):
        self.executable = libspu.Executable(name=name, input_names=inputs, output_names=outputs, code=code)
        self.inputs = inputs
        self.types, results = signature(code)
        if len(self.types) != len(inputs):
            raise ValueError(f"{len(inputs)} inputs are named for a program of {len(self.types)}")
        if results != len(outputs):
            raise ValueError(f"{len(outputs)} outputs are named for a program of {results}")

    def check(self, runtime):
        for name, wanted in zip(self.inputs, self.types):
            found = type_of(runtime.GetVarMeta(name))
            if found != wanted:
                raise ValueError(f"variable {name} is of type {found}, the program takes {wanted}")


def type_of(meta):
    return "x".join([*map(str, meta.shape.dims), TYPES[meta.data_type.value][1]])


def make_shares(world_size, config_text, data_type, shape, data, visibility, owner):
    if data_type not in TYPES:
        raise ValueError(f"there is no data type {data_type}")
    dtype = TYPES[data_type][0]
    array = numpy.ndarray(shape, dtype, buffer=data)
    if array.nbytes != len(data):
        raise ValueError(f"{len(data)} bytes are given for a tensor of shape {shape} and type {dtype}")
    config = config_for(world_size, config_text)
    if not -1 <= owner < world_size:
        raise ValueError(f"owner {owner} is none of {world_size} parties")
    io = libspu.IoWrapper(world_size, config)
    return io.MakeShares(array, visibility_of(visibility), owner)


def reconstruct(world_size, config_text, shares):
    if len(shares) != world_size:
        raise ValueError(f"{len(shares)} shares are given for {world_size} parties")
    if len({share.meta for share in shares}) > 1:
        raise ValueError("the shares are not of one tensor: their types differ")
    io = libspu.IoWrapper(world_size, config_for(world_size, config_text))
    array = numpy.asarray(io.Reconstruct(shares), order="C")
    return NUMBERS[array.dtype], numpy.array(array.shape, dtype=numpy.int64).tobytes(), array.tobytes()


def share_of(parts):
    share = libspu.Share()
    share.meta = parts[0]
    share.share_chunks = parts[1:]
    return share


def share_parts(share):
    return [share.meta, *share.share_chunks]


def runtime(link, config_text):
    return libspu.RuntimeWrapper(link, config_for(link.world_size, config_text))


def set_var(runtime, name, share):
    runtime.SetVar(name, share)


def get_var(runtime, name):
    return runtime.GetVar(name)


def del_var(runtime, name):
    runtime.DelVar(name)


def run(runtime, program):
    program.check(runtime)
    runtime.Run(program.executable)
