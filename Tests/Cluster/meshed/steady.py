"""What goes on in the background while something happens to the control plane."""

import threading
import time

import grpc
from api_server import RefusedPod

from .pods import has_sidecar, pod
from .workload import Sidecar, sign


class _Steady:
    """As a context: `step` is called again and again, by several threads."""

    def __init__(self, threads, period):
        self._period = period
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self):
        while not self._ended.is_set():
            self.step()
            self._ended.wait(self._period)


class Creator(_Steady):
    """Pods, one after the other: how many came, what was refused, and which lack their sidecar."""

    def __init__(self, server, namespace, *, threads=2, period=0.05):
        super().__init__(threads, period)
        self._server, self._namespace = server, namespace
        self.created = 0
        self.refused, self.bare = [], []

    def step(self):
        try:
            made = self._server.create_pod(self._namespace, pod())
        except RefusedPod as problem:
            with self._lock:
                self.refused.append((time.monotonic(), str(problem)))
            return
        with self._lock:
            self.created += 1
            if not has_sidecar(made):
                self.bare.append(made["metadata"]["name"])


class Signer(_Steady):
    """Requests of certificates by the Service's port, each on a connection of its own."""

    def __init__(self, mesh, token):
        super().__init__(1, 0.2)
        self._mesh, self._token = mesh, token
        self.signed = 0
        self.failed = []

    def step(self):
        try:
            sign(self._mesh, self._token)
            self.signed += 1
        except (grpc.RpcError, OSError) as problem:
            self.failed.append((time.monotonic(), str(problem)))


class Follower(_Steady):
    """A sidecar's stream at one replica, opened anew when it ends; each bundle that came, and the leaf that came last."""

    def __init__(self, replica, token):
        super().__init__(1, 0.2)
        self._replica, self._token = replica, token
        self._sidecar = None
        self.bundles = []
        self.chain = None
        self.pushes = self.ends = 0

    def __exit__(self, *problem):
        self._ended.set()
        if self._sidecar:
            self._sidecar.close()
        super().__exit__(*problem)

    def step(self):
        try:
            self._sidecar = Sidecar(self._replica, self._token)
            while not self._ended.is_set():
                self._sidecar.receive()
                self.pushes += 1
                self.chain = self._sidecar.chain
                if self._sidecar.bundle and self._sidecar.bundle not in self.bundles[-1:]:
                    self.bundles.append(self._sidecar.bundle)
        except (grpc.RpcError, StopIteration, OSError):
            self.ends += 1
        finally:
            if self._sidecar:
                self._sidecar.close()
