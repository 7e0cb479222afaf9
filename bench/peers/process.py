"""Child processes that always end: each has a deadline, its own process group, and is ended by its id."""

import contextlib
import os
import select
import signal
import subprocess
import tempfile
import time


class Failure(Exception):
    """A run that gave no figure; the message says which command and what it printed last."""


class Process:
    """One command, started at once. Its output goes to files, so it never blocks on a reader.

    `cpu` pins it to one core. After `limit` seconds wait() ends the whole group and raises Failure.
    """

    def __init__(self, command, *, limit, env=None, cpu=None):
        pin = [] if cpu is None else ["taskset", "-c", str(cpu % os.cpu_count())]
        self.command = [*pin, *map(str, command)]
        self.cpu_seconds = 0.0
        self.status = None
        self._out = tempfile.TemporaryFile("w+")
        self._err = tempfile.TemporaryFile("w+")
        self._deadline = time.monotonic() + limit
        self._child = subprocess.Popen(
            self.command,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            start_new_session=True,
        )
        self.pid = self._child.pid
        self._exit = os.pidfd_open(self.pid)

    def running(self):
        return self.status is None and not self._await_exit(0)

    def output(self):
        return self._read(self._out)

    def errors(self):
        return self._read(self._err)

    def wait(self, check=True):
        """Waits for the end, at most until the deadline; gives the output."""
        if not self._await_exit(self._deadline - time.monotonic()):
            self.end()
            raise Failure(self._story("did not end in time"))
        self._reap()
        if check and self.status != 0:
            raise Failure(self._story(f"ended with status {self.status}"))
        return self.output()

    def end(self):
        """Ends the process and its group if they still run: politely, then for good."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.status is not None:
                return
            self.signal(number)
            if self._await_exit(2):
                self._reap()

    def signal(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def _await_exit(self, seconds):
        if self.status is not None:
            return True
        return bool(select.select([self._exit], [], [], max(0, seconds))[0])

    def _reap(self):
        if self.status is None:
            _, status, usage = os.wait4(self.pid, 0)
            self.status = self._child.returncode = os.waitstatus_to_exitcode(status)
            self.cpu_seconds = usage.ru_utime + usage.ru_stime
            os.close(self._exit)

    def _story(self, what):
        said = (self.errors().strip() or self.output().strip()).splitlines()[-4:]
        return f"{' '.join(self.command)} {what}: {' / '.join(said) or 'no output'}"

    @staticmethod
    def _read(file):
        # The child shares the file's position, so reading must not move it.
        size = os.fstat(file.fileno()).st_size
        return os.pread(file.fileno(), size, 0).decode(errors="replace")


@contextlib.contextmanager
def started(command, **how):
    """A Process that is ended, whatever happens, when the block is left."""
    process = Process(command, **how)
    try:
        yield process
    finally:
        process.end()
