"""A real worker of mplang: prints its port, reads the endpoints of all, and serves until its input ends."""

import os
import socket
import sys
import threading

import uvicorn
from mplang.backends.simp_worker.http import create_worker_app


def main():
    rank = int(sys.argv[1])
    # Bound before anyone needs the port: a free one that is only looked up may be taken in between.
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    endpoints = sys.stdin.readline().split()
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    app = create_worker_app(rank, len(endpoints), endpoints)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


def _leave_with_parent():
    """However the parent ends, nothing of it stays behind."""
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
