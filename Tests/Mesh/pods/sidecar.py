"""A sidecar: the library inside one nginx, what it writes made the configuration of another, as the injected environment
says."""

import json
import signal
import threading

from library.nginx import Nginx
from peers.process import Child

from .network import is_v6
from .reader import Reader

PROXY = 1337
STATUS_PORT, METRICS_PORT = 15021, 15020


class Sidecar:
    """environment: of both processes beside what was injected, such as another clock. http2: what the application sends."""

    def __init__(self, pod, mesh, ads_port, *, environment=None, http2=False, **changes):
        self.pod = pod
        self._extra = environment or {}
        folder = pod.folder
        for path in (folder / "library", folder / "library" / "temp", folder / "proxy", folder / "proxy" / "temp"):
            path.mkdir()
            path.chmod(0o777)
        node = f"[{pod.network.node}]" if is_v6(pod.network.node) else pod.network.node
        # Where things are that have no Service here.
        self._variables = pod.environment() | {
            "AMESH_XDS_SOURCE": f"grpc://{node}:{ads_port}",
            "AMESH_SDS_SOURCE": f"https://{node}:{mesh.port}",
            "AMESH_SDS_SERVER_NAME": "localhost",
            "AMESH_GRPC_SOURCE": "",
            "AMESH_TOKEN_FILE": str(folder / "token"),
            "AMESH_ROOT_CERT_FILE": str(folder / "roots.pem"),
            "AMESH_APISIX_METRICS": "http://127.0.0.1:15022/apisix/prometheus/metrics",
            "STATUS_SERVER_PORT": str(STATUS_PORT),
            "METRICS_SERVER_PORT": str(METRICS_PORT),
            **changes,
        }
        self._reader = Reader(folder / "proxy", http2)
        self._proxy = None
        self._ends = threading.Event()
        self._problem = None
        self._agent = Nginx(
            folder / "library", self._variables | self._extra, prefix=pod.network.command(user=PROXY)
        )
        self._version = None
        self._agent.child.wait_until(self._take, 30, "a first configuration")
        command = pod.network.command("nginx", "-p", folder / "proxy", "-c", self._reader.configuration, user=PROXY)
        self._proxy = Child(f"proxy-{pod.name}", command, folder, self._extra)
        self._follower = threading.Thread(target=self._follow, daemon=True)
        self._follower.start()

    # What the library writes

    def _take(self):
        """Whether there is something new."""
        try:
            dump = self.pod.network.do(self._agent.dump)
        except OSError:
            return False
        if dump.version in (self._version, "nil"):
            return False
        self._version = dump.version
        self._reader.take(dump.everything)
        if self._proxy:
            self._proxy.process.send_signal(signal.SIGHUP)
        return True

    def _follow(self):
        while not self._ends.wait(0.1):
            try:
                self._take()
            except Exception as problem:  # noqa: BLE001
                self._problem = problem
                return

    # What it says

    def wait_until_ready(self):
        try:
            self._proxy.wait_until(self.is_ready, 30, "ready")
        except TimeoutError as problem:
            raise TimeoutError(f"{problem}\n{self.log()}") from None

    def is_ready(self):
        if self._problem:
            raise self._problem
        try:
            return self.get("/healthz/ready").status == 200
        except OSError:
            return False

    def get(self, path, port=STATUS_PORT):
        return self.pod.application.call(port, path, "127.0.0.1")

    def state(self):
        """Of mutual TLS."""
        return json.loads(self.get("/debug/status").body)["mtls"]

    def metric(self, sample):
        for line in self.get("/metrics", METRICS_PORT).body.splitlines():
            name, _, value = line.rpartition(" ")
            if name == sample:
                return float(value)
        return 0.0

    def log(self):
        logs = [self.pod.folder / part / "error.log" for part in ("library", "proxy")]
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in logs if path.exists()]
        return "\n".join(line for text in texts for line in text.splitlines()[-20:])

    def stop(self):
        self._ends.set()
        self._follower.join()
        self._proxy.stop()
        self._agent.stop()
