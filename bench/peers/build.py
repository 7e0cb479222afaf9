"""Compiles the C programs beside this file, once a run, into a folder that goes away with it."""

import functools
import subprocess
import tempfile
from pathlib import Path

from peers.process import Failure


@functools.cache
def _folder():
    return tempfile.TemporaryDirectory(prefix="hawser-peers-")


@functools.cache
def build(source, compiler):
    path = Path(__file__).with_name(source)
    program = Path(_folder().name) / path.stem
    try:
        command = [compiler, "-O2", "-Wall", "-Wextra", path, "-o", program]
        subprocess.run(command, check=True, timeout=120, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise Failure(f"no {compiler} to compile {source}") from error
    except subprocess.CalledProcessError as error:
        raise Failure(f"{compiler} {source}: {error.stderr.strip()[-400:]}") from error
    return program
