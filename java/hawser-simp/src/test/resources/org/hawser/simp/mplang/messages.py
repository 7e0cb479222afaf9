"""A communicator of the real mplang, rank 1 of 2: prints its port, reads the endpoints, and follows a script with rank 0.

What it receives it sends back, in the form of today and in that of older workers. Keys beginning with "spu:" carry
bytes, all others values.
"""

import socket
import sys
import threading

import uvicorn
from fastapi import FastAPI
from mplang.backends.simp_worker.http import CommConfig, HttpCommunicator, register_routes

LIMIT = 60.0


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    endpoints = sys.stdin.readline().split()
    today = HttpCommunicator(1, 2, endpoints)
    older = HttpCommunicator(1, 2, endpoints, config=CommConfig(use_binary=False))
    app = FastAPI()
    register_routes(app, rank=1, world_size=2, infra=None, comm=today, store=None, exec_pool=None)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True).start()
    echo(today, older, int(sys.argv[1]))
    overflow(today)
    no_answer(today)
    today.recv(0, "spu:end", timeout=LIMIT)


def echo(today, older, count):
    """Takes the messages from the last to the first: their keys alone tell which is which."""
    for prefix, is_raw in (("spu:", True), ("job:", False)):
        for index in reversed(range(count)):
            key = f"{prefix}{index}:0->1"
            data = today.recv(0, key, timeout=LIMIT)
            today.send(0, f"{key}:today", data, is_raw_bytes=is_raw)
            older.send_sync(0, f"{key}:older", data, is_raw_bytes=is_raw)
    # Bytes go as they are, whatever the key.
    today.send_sync(0, "job:bytes", b"\x01\x02")


def overflow(comm):
    """Nobody takes the first of two messages with one key, in either direction."""
    comm.send_sync(0, "spu:twice", b"first")
    comm.send_sync(0, "spu:refusal", attempt(lambda: comm.send_sync(0, "spu:twice", b"second")).encode())
    comm.recv(0, "spu:overflown", timeout=LIMIT)
    comm.send_sync(0, "spu:kept", comm.recv(0, "spu:both", timeout=LIMIT))


def no_answer(comm):
    comm.send_sync(0, "spu:late", attempt(lambda: comm.recv(0, "spu:never", timeout=0.1)).encode())


def attempt(action):
    try:
        action()
    except Exception as error:  # noqa: BLE001 (whatever went wrong is the outcome)
        return f"{type(error).__name__}: {error}"
    return "done"


if __name__ == "__main__":
    main()
