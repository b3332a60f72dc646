"""The sidecar's image in a Pod of its own: the network namespace of this process, with the peers that a mesh tells of.

Whoever uses it runs in a fresh network namespace (hack/check-sidecar sees to that): addresses and redirects are its own.
"""

import ctypes
import http.server
import json
import os
import pathlib
import socket
import subprocess
import threading
import urllib.error
import urllib.request

from peers.process import wait_until

PROXY = 1337
POD = "10.9.0.1"
OUTSIDE = "10.9.0.2"
STATUS_PORT = 15021


def run(*command, check=True):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self):
        if self.headers.get("Upgrade"):
            return self._echo()
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        where = f"{self.server.server_address[0]}:{self.server.server_address[1]}"
        self.server.seen.append((where, self.path))
        text = json.dumps(
            {
                "at": where,
                "method": self.command,
                "path": self.path,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "size": len(body),
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def _echo(self):
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", self.headers["Upgrade"])
        self.end_headers()
        while text := self.connection.recv(4096):
            self.connection.sendall(text)
        self.close_connection = True

    do_GET = do_POST = do_PUT = do_HEAD = do_OPTIONS = do_DELETE = _answer

    def log_message(self, *_):
        pass


_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000


def inside(namespace, work):
    """Does something in a network namespace: sockets are of the one that they were made in."""
    problems = []

    def entered():
        try:
            with open(f"/run/netns/{namespace}") as held:
                if _libc.setns(held.fileno(), _CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            work()
        except Exception as problem:
            problems.append(problem)

    thread = threading.Thread(target=entered)
    thread.start()
    thread.join()
    if problems:
        raise problems[0]


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host, port):
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body

    @property
    def seen(self):
        """What the server that answered has seen."""
        return json.loads(self.body)

    @property
    def at(self):
        return self.seen["at"] if self.status == 200 else self.status


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)


class Pod:
    """`peers`: address:port of HTTP servers outside; `addresses`: more that are there."""

    def __init__(self, folder, peers, addresses=(), application=(8080, 8081)):
        self.folder = pathlib.Path(folder)
        self.seen = []
        self.servers = []
        self.name = f"amesh-sidecar-{os.getpid()}"
        self.peer = f"amesh-peer-{os.getpid()}"
        run("ip", "link", "set", "lo", "up")
        run("ip", "netns", "add", self.peer)
        run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", self.peer)
        for address, prefix in ((POD, []), (OUTSIDE, ["-n", self.peer])):
            run("ip", *prefix, "link", "set", "eth0", "up")
            run("ip", *prefix, "addr", "add", f"{address}/24", "dev", "eth0")
        run("ip", "route", "add", "default", "via", OUTSIDE)
        run("ip", "-n", self.peer, "link", "set", "lo", "up")
        for address in sorted({peer.rpartition(":")[0] for peer in peers} | set(addresses)):
            run("ip", "-n", self.peer, "addr", "add", f"{address}/32", "dev", "lo")
        for peer in peers:
            self.there(lambda peer=peer: self.serve(peer))
        for port in application:
            self.serve(f"127.0.0.1:{port}")
            self.serve(f"{POD}:{port}")
        ports = sorted({peer.rpartition(":")[2] for peer in peers} | {"9090"})
        run(
            os.environ["AMESH"], "redirect",
            "--outbound-ports", ",".join(ports), "--inbound-ports", ",".join(map(str, application)),
        )  # fmt: skip

    def serve(self, peer, tls=None):
        """`tls`: a context of Python's, for HTTPS."""
        host, _, port = peer.rpartition(":")
        server = _Server(host.strip("[]"), int(port))
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.seen = self.seen
        self.servers.append(server)
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()

    def there(self, work):
        """Does something outside of the Pod."""
        inside(self.peer, work)

    def prepare(self, files):
        """Files by name for the one directory that it may write to, as a volume would bring them."""
        writable = self.folder / "run"
        writable.mkdir(exist_ok=True)
        writable.chmod(0o777)
        for name, content in files.items():
            (writable / name).write_bytes(content)
        return writable

    def start(self, source, **environment):
        """As the injector starts it: a root that can't be written, no capabilities, one directory."""
        writable = self.prepare({})
        variables = {
            "AMESH_XDS_SOURCE": source, "POD_NAME": "cart", "POD_NAMESPACE": "shop", "POD_IP": POD,
            "AMESH_LOG_LEVEL": "warn", **environment,
        }  # fmt: skip
        run(
            "podman", "run", "--detach", "--name", self.name, "--runtime", "runc", "--network", "host",
            "--user", f"{PROXY}:{PROXY}", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
            "--read-only", "--read-only-tmpfs=false", "--ulimit", "nofile=20000:20000", "--ulimit", "nproc=1000:1000",
            "--volume", f"{writable}:/var/run/amesh",
            *(word for name, value in variables.items() for word in ("--env", f"{name}={value}")),
            os.environ["SIDECAR_IMAGE"],
        )  # fmt: skip
        wait_until(self.is_ready, 60, f"ready\n{self.logs()}")
        return self

    def is_ready(self):
        if run("podman", "inspect", "--format", "{{.State.Running}}", self.name).strip() != "true":
            raise AssertionError(f"the container has ended\n{self.logs()}")
        try:
            return self.get(f"http://127.0.0.1:{STATUS_PORT}/healthz/ready").status == 200
        except OSError:
            return False

    def logs(self):
        command = ["podman", "logs", self.name]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout

    def execute(self, *command):
        return run("podman", "exec", self.name, *command)

    def get(self, url, method="GET", body=None, **headers):
        """A request of the application's; `_` in the name of a header stands for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(url, data=body, headers=named, method=method)
        try:
            with _opener.open(request, timeout=15) as response:
                return Answer(response.status, response.getheaders(), response.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers.items(), error.read().decode())

    def outside(self, url, *options):
        """A request from somebody else, to the Pod."""
        return run("ip", "netns", "exec", self.peer, "curl", "-sS", "--max-time", "15", *options, url)

    def stop(self):
        subprocess.run(["podman", "rm", "--force", "--time", "5", self.name], capture_output=True)
        for server in self.servers:
            server.shutdown()
            server.server_close()
        run("ip", "netns", "del", self.peer, check=False)

