"""A process in a namespace, as some user: listens and connects as it is told, one line of JSON each.

A listener says at once who it is and where the connection was bound for (SO_ORIGINAL_DST); one that forwards, as the
sidecar does, goes on to there and hands back what that said too, so that a caller sees the whole way.
"""

import json
import pathlib
import selectors
import socket
import struct
import subprocess
import sys
import threading

SO_ORIGINAL_DST = 80
IP6T_SO_ORIGINAL_DST = 80
# No test waits for a connection not to come; on a busy machine one may take long.
SECONDS = 60


def original(connection):
    """Where the connection was bound for; None where nothing was changed."""
    try:
        if connection.family == socket.AF_INET6:
            raw = connection.getsockopt(socket.IPPROTO_IPV6, IP6T_SO_ORIGINAL_DST, 28)
            port = struct.unpack_from("!H", raw, 2)[0]
            return socket.inet_ntop(socket.AF_INET6, raw[8:24]), port
        raw = connection.getsockopt(socket.IPPROTO_IP, SO_ORIGINAL_DST, 16)
        port = struct.unpack_from("!H", raw, 2)[0]
        return socket.inet_ntop(socket.AF_INET, raw[4:8]), port
    except OSError:
        return None


def read_all(connection):
    data = b""
    while chunk := connection.recv(65536):
        data += chunk
    return json.loads(data)


def connect(host, port, source=None, seconds=SECONDS):
    """What the other side says: a list of hops, or the name of what went wrong."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(seconds)
        try:
            if source:
                connection.bind((source, 0))
            connection.connect((host, port))
            return read_all(connection)
        except (OSError, ValueError) as problem:
            return f"{type(problem).__name__}: {problem}"


class Listener:
    def __init__(self, who, host, port, forward):
        self.who, self.port, self.forward = who, port, forward
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.socket.bind((host, port))
        self.socket.listen(64)

    def serve(self, connection):
        with connection:
            connection.settimeout(SECONDS)
            bound = original(connection)
            hop = {"who": self.who, "port": self.port, "original": bound and f"{bound[0]} {bound[1]}"}
            hops = [hop]
            if self.forward and bound:
                host, port = self.forward.get("services", {}).get(bound[0], bound[0]), bound[1]
                if isinstance(host, list):
                    host, port = host
                source = None
                loopback = "::1" if ":" in host else "127.0.0.1"
                if self.forward["how"] == "to loopback":
                    host = loopback
                elif self.forward["how"] == "from loopback":
                    source = loopback
                rest = connect(host, port, source)
                hops += rest if isinstance(rest, list) else [{"problem": rest}]
            connection.sendall(json.dumps(hops).encode())


class Listeners:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        threading.Thread(target=self.run, daemon=True).start()

    def add(self, listener):
        self.selector.register(listener.socket, selectors.EVENT_READ, listener)

    def run(self):
        while True:
            # An empty selector waits too; what is added then is seen at the next turn.
            for key, _ in self.selector.select(0.05):
                connection, _ = key.data.socket.accept()
                threading.Thread(target=key.data.serve, args=(connection,), daemon=True).start()


def main():
    listeners = Listeners()
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "listen":
            listeners.add(Listener(order["who"], order["host"], order["port"], order.get("forward")))
            answer = "listening"
        else:
            answer = connect(order["host"], order["port"], order.get("source"), order.get("seconds", SECONDS))
        print(json.dumps(answer), flush=True)


SOURCE = "" if __name__ == "__main__" else pathlib.Path(__file__).read_text()


class Agent:
    """The tests' side of it."""

    def __init__(self, namespace, uid=0, gid=0):
        user = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--pdeathsig", "KILL", "--"]
        self.process = subprocess.Popen(
            # The system's, and no file: another user may not get to where these are.
            namespace.command(*user, "/usr/bin/python3", "-c", SOURCE),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **order):
        print(json.dumps(order), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def listen(self, who, port, hosts=("0.0.0.0", "::"), forward=None):
        for host in hosts:
            self.ask(do="listen", who=who, host=host, port=port, forward=forward)

    def connect(self, host, port, **options):
        return self.ask(do="connect", host=host, port=port, **options)

    def stop(self):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


if __name__ == "__main__":
    main()
