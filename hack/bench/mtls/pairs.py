"""Measures a pair of sidecars and a pair of Envoys, inside a network namespace of its own; hack/bench-mtls runs it.

pairs.py SECONDS
"""

import contextlib
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

from library.ads import ADSServer
from library.envoy import Credentials, Envoy
from library.identity import IdentityServer, make_key, spiffe_id, workload
from library.mutual import MUTUAL_PORT, SERVICE, inbound, outbound
from library.other import Other
from library.sidecar import OUTSIDE, POD, PROXY, Pod, run
from peers.envoy import executable
from peers.envoy_configuration import address
from peers.process import Child, free_port, wait_until

CONNECTIONS = [1, 16, 64]
ROUNDS = 2
THREADS = 2
PROXIES = ["our sidecars", "two Envoys"]
WAYS = ["plaintext", "mutual TLS"]
# Answers at once, and says what a certificate was said to be.
APPLICATION = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  server {{
    listen 127.0.0.1:8080;
    listen {address}:8080;
    location / {{ add_header x-seen $http_x_forwarded_client_cert; return 200 "0123456789abcdef0123456789abcdef"; }}
  }}
}}
"""


class Figures:
    def __init__(self, text, cpu):
        requests = int(re.search(r"(\d+) requests in", text)[1])
        if re.search("Non-2xx|Socket errors", text) or not requests:
            raise SystemExit(f"requests failed:\n{text}")
        self.rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
        self.p50, self.p99 = (_milliseconds(part, text) for part in (50, 99))
        self.cpu = cpu * 1e6 / requests


def _milliseconds(part, text):
    match = re.search(rf"(?m)^ *{part}% +([\d.]+)(us|ms|s|m)\s*$", text)
    if not match:
        raise SystemExit(f"wrk does not say its {part} %:\n{text}")
    return float(match[1]) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[match[2]]


def proxies_cpu():
    """Seconds of CPU time of everything that runs as the proxies' user."""
    ticks = 0
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if path.stat().st_uid == PROXY and _is_here(path):
                fields = (path / "stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _is_here(path):
    return os.readlink(path / "ns" / "net") in NAMESPACES


NAMESPACES = set()


def measure(connections, seconds):
    command = ["wrk", "--latency", "--timeout", "10s", "-t", 1 if connections == 1 else THREADS, "-c", connections, "-d", f"{seconds}s"]
    before = proxies_cpu()
    text = run(*command, f"http://{SERVICE}/")
    return Figures(text, proxies_cpu() - before)


class Bench:
    def __init__(self, folder, seconds, cleanup):
        self.folder = folder
        self.seconds = seconds
        self.cleanup = cleanup
        # The release of the image itself sets the redirects.
        container = run("podman", "create", os.environ["SIDECAR_IMAGE"]).strip()
        run("podman", "cp", f"{container}:/usr/local/bin/amesh", folder / "amesh")
        run("podman", "rm", container)
        os.environ["AMESH"] = str(folder / "amesh")
        self.pod = Pod(folder, [f"{SERVICE}:80"])
        cleanup.callback(self.pod.stop)
        self.pod.there(lambda: run(os.environ["AMESH"], "redirect", "--outbound-ports", "80", "--inbound-ports", "8080"))
        NAMESPACES.add(os.readlink("/proc/self/ns/net"))
        self.pod.there(lambda: NAMESPACES.add(os.readlink("/proc/thread-self/ns/net")))
        self._start_application()
        port = free_port()
        self.identity = IdentityServer(f"0.0.0.0:{port}")
        cleanup.callback(self.identity.stop)
        self.identity.set_workload(OUTSIDE, workload("cart"))
        self.environment = {
            "AMESH_INBOUND_PORTS": "8080", "AMESH_TRUST_DOMAIN": "cluster.local",
            "AMESH_SDS_SOURCE": f"https://{POD}:{port}", "AMESH_SDS_SERVER_NAME": "amesh.test",
            "AMESH_TOKEN_FILE": "/var/run/amesh/token", "AMESH_ROOT_CERT_FILE": "/var/run/amesh/root.pem",
            "AMESH_WORKERS": str(THREADS),
        }  # fmt: skip
        self.ads = ADSServer()
        resources = outbound()
        for resource in resources:
            if hasattr(resource, "connect_timeout"):
                resource.connect_timeout.FromSeconds(10)
        self.ads.set(*resources)
        held = []
        self.pod.there(lambda: held.append(ADSServer()))
        self.other_ads = held[0]
        self.other_ads.set(*inbound())
        for server in (self.ads, self.other_ads):
            cleanup.callback(server.stop)

    def _start_application(self):
        path = self.folder / "nginx.conf"
        path.write_text(APPLICATION.format(folder=self.folder, address=OUTSIDE))
        inside = ["ip", "netns", "exec", self.pod.peer]
        application = Child("application", [*inside, "nginx", "-p", self.folder, "-c", path], self.folder)
        self.cleanup.callback(application.stop)

    def _seen(self):
        """What the application was told of a certificate, or None while nothing is reached."""
        text = run("curl", "-s", "-i", "--max-time", "5", f"http://{SERVICE}/", check=False)
        if "200 OK" not in text:
            return None
        return "".join(re.findall(r"(?im)^x-seen: (.*)$", text))

    def is_reached(self, proxies):
        try:
            wait_until(lambda: self._seen() is not None, 40, f"{proxies}: the application is reached")
        except TimeoutError as problem:
            said = [subprocess.run(["podman", "logs", name], capture_output=True, text=True) for name in self.containers]
            raise SystemExit("\n".join([str(problem), *(each.stderr[-2000:] for each in said)])) from None

    @contextlib.contextmanager
    def running(self, proxies, way):
        starts = self._sidecars if proxies == PROXIES[0] else self._envoys
        self.containers = []
        with contextlib.ExitStack() as ends:
            starts(ends, way == WAYS[1])
            self.is_reached(proxies)
            wanted = f"URI={spiffe_id('web')}" if way == WAYS[1] else ""
            wait_until(lambda: all((self._seen() or "-").endswith(wanted) for _ in range(6)), 20, f"{proxies}: {way}")
            if not wanted and self._seen():
                raise SystemExit(f"{proxies}: {self._seen()} was seen in plaintext")
            yield

    def _sidecars(self, ends, is_mutual):
        environment = self.environment | {"AMESH_MTLS": "permissive" if is_mutual else "disabled"}
        folder = self.folder / "other"
        folder.mkdir(exist_ok=True)
        folder.chmod(0o777)
        (folder / "token").write_text("cart")
        (folder / "root.pem").write_bytes(self.identity.tls_root.pem)
        other = Other(self.pod, folder)
        ends.callback(other.stop)
        other.start(
            **environment,
            AMESH_XDS_SOURCE=self.other_ads.address, POD_NAME="cart", POD_NAMESPACE="shop", POD_IP=OUTSIDE,
        )  # fmt: skip
        self.pod.prepare({"token": b"web", "root.pem": self.identity.tls_root.pem})
        ends.callback(subprocess.run, ["podman", "rm", "--force", "--time", "5", self.pod.name], capture_output=True)
        self.pod.start(self.ads.address, **environment)

    def _envoys(self, ends, is_mutual):
        client, server = Envoy(None, self.folder), Envoy(self.pod.peer, self.folder)
        application = address("127.0.0.1", 8080)
        if is_mutual:
            web, cart = spiffe_id("web"), spiffe_id("cart")
            server.lets_in("in", address("0.0.0.0", MUTUAL_PORT), self._credentials("cart", web), application)
            client.goes_out(
                "out", address("0.0.0.0", 19080), self._credentials("web", cart), address(OUTSIDE, MUTUAL_PORT),
                server_name="cart.shop.sa.cluster.local", headers=[("x-amesh-port", "8080")],
            )  # fmt: skip
        else:
            server.passes("in", address("0.0.0.0", 19081), application)
            client.passes("out", address("0.0.0.0", 19080), address(OUTSIDE, 8080))
        for name, envoy, network in (("server", server, f"ns:/run/netns/{self.pod.peer}"), ("client", client, "host")):
            path = self.folder / f"{name}.json"
            envoy.write(path)
            # As the sidecars run: what a container costs, both pay.
            container = f"amesh-bench-{name}-{os.getpid()}"
            ends.callback(subprocess.run, ["podman", "rm", "--force", "--time", "5", container], capture_output=True)
            run(
                "podman", "run", "--detach", "--name", container, "--runtime", "runc", "--network", network,
                "--user", f"{PROXY}:{PROXY}", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
                "--read-only", "--read-only-tmpfs=false", "--ulimit", "nofile=20000:20000", "--ulimit", "nproc=1000:1000",
                "--volume", f"{executable()}:/envoy:ro", "--volume", f"{path}:/envoy.json:ro", "--entrypoint", "/envoy",
                os.environ["SIDECAR_IMAGE"],
                "-c", "/envoy.json", "--concurrency", THREADS, "--disable-hot-restart", "-l", "warning",
            )  # fmt: skip
            self.containers.append(container)

    def _credentials(self, account, wants):
        key, pem = make_key()
        authority = self.identity.authority
        return Credentials((authority.issue_to(key.public_key(), account), pem), authority.pem, wants)


def table(measured):
    lines = [
        "| | connections | requests/s | p50 | p99 | CPU of both proxies for a request |",
        "|---|---|---|---|---|---|",
    ]
    for way in WAYS:
        for proxies in PROXIES:
            for connections in CONNECTIONS:
                figures = measured[proxies, way, connections]
                rate, p50, p99, cpu = (
                    statistics.mean(getattr(each, name) for each in figures) for name in ("rate", "p50", "p99", "cpu")
                )
                name = f"{proxies}, {way}" if connections == CONNECTIONS[0] else ""
                lines.append(f"| {name} | {connections} | {rate:,.0f} | {p50:.2f} ms | {p99:.2f} ms | {cpu:.0f} µs |")
    return "\n".join(lines)


def main():
    seconds = int(sys.argv[1])
    measured = {}
    with contextlib.ExitStack() as cleanup:
        folder = pathlib.Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="bench-mtls-")))
        folder.chmod(0o755)
        bench = Bench(folder, seconds, cleanup)
        for number in range(ROUNDS):
            for way in WAYS:
                for proxies in PROXIES:
                    print(f"==> round {number + 1} of {ROUNDS}: {proxies}, {way}", flush=True)
                    with bench.running(proxies, way):
                        for connections in CONNECTIONS:
                            measure(connections, 1)
                            figures = measure(connections, seconds)
                            measured.setdefault((proxies, way, connections), []).append(figures)
                            print(f"    {connections:>3} connections: {figures.rate:,.0f} requests/s", flush=True)
    print(table(measured))


if __name__ == "__main__":
    main()
