"""What runs beside a sidecar: a server that tells what it was asked, and clients."""

import http.client
import http.server
import json
import socket
import threading
import time

from .network import HAS_IPV6


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        seen = {
            "port": self.server.server_address[1],
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
        }
        body = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    """Of both families, where there are two."""

    address_family = socket.AF_INET6 if HAS_IPV6 else socket.AF_INET
    daemon_threads = True
    request_queue_size = 128


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def seen(self):
        """What the server that answered has seen."""
        return json.loads(self.body)

    @property
    def caller(self):
        """Whom it was told to have been called by, if by anybody."""
        return self.seen["headers"].get("x-forwarded-client-cert")

    @property
    def reason(self):
        """Why the mesh refused it."""
        return json.loads(self.body).get("reason")

    def __repr__(self):
        return f"{self.status} {self.body[:300]}"


def ask(address, port, path="/", seconds=10, **headers):
    """A request on a connection of its own; `_` in the name of a header stands for `-`."""
    connection = http.client.HTTPConnection(address, port, timeout=seconds)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers={"Connection": "close", **named})
        response = connection.getresponse()
        body = response.read().decode()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)
    finally:
        connection.close()


class Application:
    """The Pod's own program. Services have the virtual address that all share, and a port each."""

    SERVICES, SERVICES_V6 = "10.96.0.20", "fd96::20"

    def __init__(self, network, ports):
        self._network = network
        servers = network.do(lambda: [_Server(("", port), _Handler) for port in ports])
        for server in servers:
            threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()

    def call(self, port, path="/", address=SERVICES, **headers):
        return self._network.do(lambda: ask(address, port, path, **headers))


class Load:
    """Requests to services all the while, as a context; whatever is no 200 is listed, with when it was."""

    def __init__(self, pod, *ports, path="/"):
        self._network = pod.network
        self._ports = ports
        self._path = path
        self._ends = threading.Event()
        self._began = time.monotonic()
        self.failures = []
        # Of each service: how many were answered, and the certificates that applications were told of.
        self.answered = dict.fromkeys(ports, 0)
        self.callers = {port: set() for port in ports}

    def __enter__(self):
        self._threads = [threading.Thread(target=self._run, args=[port]) for port in self._ports for _ in range(2)]
        for thread in self._threads:
            thread.start()
        return self

    def _run(self, port):
        self._network.enter()
        while not self._ends.is_set():
            try:
                answer = ask(Application.SERVICES, port, self._path)
                problem = None if answer.status == 200 else repr(answer)
                if not problem:
                    self.answered[port] += 1
                    self.callers[port].add(self._caller(answer))
            # Whatever it is: a thread that ends would fail no more.
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
            if problem:
                self.failures.append(f"{time.monotonic() - self._began:.1f} s, {port}: {problem}")
            # A steady load that leaves the machine to what is tested.
            self._ends.wait(0.02)

    @staticmethod
    def _caller(answer):
        return answer.headers.get("x-client-serial") or answer.caller

    def __exit__(self, *_):
        self._ends.set()
        for thread in self._threads:
            thread.join()
