"""iperf3 through stunnel: one TCP stream of one lane, under TLS 1.3 with a pre-shared key."""

import shutil
import tempfile
from pathlib import Path

from peers import iperf3
from peers.lab import server_address

PORT = 5400
PLAIN = 5201


def missing():
    return iperf3.missing() or (None if shutil.which("stunnel") else "stunnel is not installed (apt-get install stunnel4)")


def stream(lab, seconds):
    limit = seconds + 20
    with tempfile.TemporaryDirectory(prefix="hawser-stunnel-") as folder:
        key = Path(folder) / "key"
        key.touch(mode=0o600)
        key.write_text(f"bench:{'5a' * 32}\n")
        server = _settings(folder, "server", key, f"{server_address()}:{PORT}", f"127.0.0.1:{PLAIN}")
        client = _settings(folder, "client", key, f"127.0.0.1:{PORT}", f"{server_address()}:{PORT}")
        with (
            lab.started("b", ["iperf3", "-s", "-1", "-B", "127.0.0.1", "-p", PLAIN], limit=limit) as sink,
            lab.started("b", ["stunnel", server], limit=limit) as serving,
            lab.started("a", ["stunnel", client], limit=limit) as asking,
        ):
            lab.await_listener(sink, PLAIN)
            lab.await_listener(serving, PORT)
            lab.await_listener(asking, PORT, side="a")
            command = ["iperf3", "-J", "-c", "127.0.0.1", "-p", PORT, "-t", seconds]
            with lab.started("a", command, limit=limit) as source:
                sample = iperf3.Streams([sink], [source]).finish()
            for tunnel in (serving, asking):
                tunnel.end()
                sample.cpu_seconds += tunnel.cpu_seconds
            return sample


def _settings(folder, role, key, accept, connect):
    path = Path(folder) / f"{role}.conf"
    path.write_text(
        f"""foreground = yes
pid =
syslog = no
debug = warning
[bench]
client = {"yes" if role == "client" else "no"}
accept = {accept}
connect = {connect}
sslVersionMin = TLSv1.3
ciphers = PSK
PSKsecrets = {key}
"""
    )
    return path
