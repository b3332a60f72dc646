"""The Pods of a test, their sidecars, and what keeps them: a control plane of xDS, and a kubelet's hand for their files."""

import contextlib
import pathlib
import threading
import time

from library.ads import ADSServer
from library.mesh import inbound

from .envoy import EnvoySidecar
from .network import HAS_IPV6, NODE_V6
from .pod import Pod, spiffe_id
from .relay import Relay
from .resources import service
from .sidecar import Sidecar
from .strangers import Wardrobe

# Services by their ports.
CART, FAR, MIXED, OUTSIDE, PAY, PORTS, SAFE = 80, 81, 82, 83, 84, 85, 86
# Of gRPC.
HEARER, FAR_HEARER, MIMIC = 90, 91, 92
# By IPv6, and of a Pod with both.
SIX_CART, DUAL, DUAL_V6 = 93, 94, 95
# Whose endpoints have the application on ports of their own.
OWN_PORTS = 96
ADDRESSES = {
    name: f"10.9.0.{number}"
    for number, name in enumerate(
        ("web", "cart", "far", "plain", "pay", "safe", "early", "late", "talker", "hearer", "far-hearer", "mimic", "dual"),
        start=1,
    )
}
ADDRESSES_V6 = {"six-web": "fd09::1", "six-cart": "fd09::2", "dual": "fd09::3"}


class World:
    def __init__(self, server, mesh, folder):
        self.server, self.mesh = server, mesh
        self.folder = pathlib.Path(folder)
        (self.replica,) = mesh.replicas
        self.wardrobe = Wardrobe(mesh.folder, self.replica)
        self.pods, self.sidecars = {}, {}
        # Where a node's sidecars would find it, however often it is started.
        self.socket = mesh.folder / "serve.sock"
        self._link()

    def _link(self):
        self.socket.unlink(missing_ok=True)
        self.socket.symlink_to(self.replica.socket)

    def kill_server(self):
        self.replica.child.kill()

    def start_server(self):
        self.replica.start()
        self._link()
        self.replica.wait_until_ready()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.ads = ADSServer()
            stack.callback(self.ads.stop)
            self.ads.set(
                *inbound(8080, 8081),
                *self._service(CART, "cart", "cart"), *self._service(FAR, "far", "far"),
                *self._service(MIXED, "mixed", "cart", "plain"), *self._service(OUTSIDE, "outside", "plain"),
                *self._service(PAY, "pay", "pay"), *self._service(SAFE, "safe", "safe"),
                *service(PORTS, "ports", (ADDRESSES["cart"], 8080), (ADDRESSES["cart"], 8081)),
                *service(OWN_PORTS, "own-ports", (ADDRESSES["cart"], 8081), (ADDRESSES["dual"], 8080)),
                *self._service(87, "early", "early"), *self._service(88, "late", "late"),
                *self._service(HEARER, "hearer", "hearer", http2=True), *self._service(MIMIC, "mimic", "mimic", http2=True),
                *self._service(FAR_HEARER, "far-hearer", "far-hearer", http2=True), *self._service(DUAL, "dual", "dual"),
                *service(SIX_CART, "six-cart", (ADDRESSES_V6["six-cart"], 8080), listens="::"),
                *service(DUAL_V6, "dual-v6", (ADDRESSES_V6["dual"], 8080), listens="::"),
            )  # fmt: skip
            if HAS_IPV6:
                stack.enter_context(Relay(NODE_V6, self.ads.port, self.mesh.port))
            self._ends = threading.Event()
            kubelet = threading.Thread(target=self._keep_files)
            kubelet.start()
            stack.callback(kubelet.join)
            stack.callback(self._ends.set)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *problem):
        if problem[0]:
            for name, sidecar in self.sidecars.items():
                print(f"    the last of {name}:\n{sidecar.log()}", flush=True)
        self._stack.close()

    @staticmethod
    def _service(port, name, *pods, **options):
        return service(port, name, *((ADDRESSES[pod], 8080) for pod in pods), **options)

    def _keep_files(self):
        """ConfigMaps reach Pods a moment later."""
        told = {}
        while not self._ends.wait(0.5):
            pem = self.mesh.bundle()
            for name, pod in list(self.pods.items()):
                if pem and told.get(name) != pem:
                    pod.bundle(pem)
                    told[name] = pem

    # Pods, made when they are asked for first

    def pod(self, name, **options):
        if name not in self.pods:
            addresses = [known[name] for known in (ADDRESSES, ADDRESSES_V6) if name in known]
            pod = Pod(self.server, self.folder, name, *addresses, **options)
            pod.bundle(self.mesh.bundle())
            self.pods[name] = pod
        return self.pods[name]

    def sidecar(self, name, environment=None, http2=False, **options):
        """Ready."""
        if name not in self.sidecars:
            pod = self.pod(name, **options)
            sidecar = Sidecar(pod, self.mesh, self.ads.port, environment=environment, http2=http2)
            self._stack.callback(sidecar.stop)
            self.sidecars[name] = sidecar
            sidecar.wait_until_ready()
        return self.sidecars[name]

    @property
    def web(self):
        self.sidecar("web")
        return self.pods["web"].application

    @property
    def cart(self):
        return self.sidecar("cart", ports=(8080, 8081))

    @property
    def safe(self):
        allowed = f"{spiffe_id('web')},spiffe://cluster.local/ns/front/*"
        return self.sidecar("safe", mtls="strict", allowed_identities=allowed)

    @property
    def far(self):
        """An Envoy."""
        return self.envoy("far", "web", "cart")

    def envoy(self, name, caller, server, grpc=False):
        """In the place of the Pod's sidecar: `caller` is let in, `server` is called."""
        if name not in self.sidecars:
            pod = self.pod(name, serves=() if grpc else None)
            sides = {"caller": spiffe_id(caller), "there": ADDRESSES[server], "server": spiffe_id(server)}
            envoy = EnvoySidecar(pod, self, **sides, grpc=grpc)
            self._stack.callback(envoy.stop)
            self.sidecars[name] = envoy
        return self.sidecars[name]

    def stop_at_end(self, child):
        self._stack.callback(child.stop)
        return child

    @property
    def plain(self):
        return self.pod("plain", meshed=False)


def settle(seconds=2.5):
    """What was pushed is in use: there is no other sign of it on the other side of a reload."""
    time.sleep(seconds)
