"""A real APISIX with the library and the plugin, as a sidecar of what an istiod said to one (Tests/XDSTranslationTests)."""

import collections
import concurrent.futures
import os
import pathlib
import socket
import tempfile
import time
import unittest

import grpc
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_components_pb2, route_pb2
from envoy.service.discovery.v3 import discovery_pb2

from library.ads import ADSServer
from library.sidecar import POD, Pod
from peers.process import wait_until

SHOP = pathlib.Path(__file__).resolve().parents[2] / "XDSTranslationTests" / "Data" / "shop"
TYPES = {
    "Cluster": cluster_pb2.Cluster,
    "ClusterLoadAssignment": endpoint_pb2.ClusterLoadAssignment,
    "Listener": listener_pb2.Listener,
    "RouteConfiguration": route_pb2.RouteConfiguration,
}
V1, V2 = "10.0.1.1:9080", "10.0.1.2:9080"
CATALOG = "240.0.0.10"
ELSEWHERE = "198.51.100.7"
PEERS = [
    V1, V2, "10.0.0.1:8080", "10.0.0.2:9080", "10.0.0.3:9080", "10.0.4.1:8080", "10.0.4.2:8080",
    f"{ELSEWHERE}:80", f"{ELSEWHERE}:8080",
]  # fmt: skip
PAYMENT = ["10.0.2.1", "10.0.2.2"]


def shop():
    for name, message in TYPES.items():
        response = discovery_pb2.DiscoveryResponse.FromString((SHOP / f"{name}.pb").read_bytes())
        for packed in response.resources:
            resource = message()
            assert packed.Unpack(resource)
            if name == "RouteConfiguration" and resource.name == "80":
                resource.virtual_hosts.append(hashed_host())
            yield resource
    yield from hashed_cluster()


def hashed_host():
    host = route_components_pb2.VirtualHost(name="hashed", domains=["hashed.example"])
    route = host.routes.add()
    route.match.prefix = "/"
    route.route.cluster = "hashed"
    route.route.hash_policy.add().header.header_name = "x-user"
    return host


def hashed_cluster():
    cluster = cluster_pb2.Cluster(name="hashed", type=cluster_pb2.Cluster.EDS, lb_policy=cluster_pb2.Cluster.RING_HASH)
    cluster.eds_cluster_config.eds_config.ads.SetInParent()
    yield cluster
    assignment = endpoint_pb2.ClusterLoadAssignment(cluster_name="hashed")
    for address in ("10.0.4.1", "10.0.4.2"):
        socket_address = assignment.endpoints.add().lb_endpoints.add().endpoint.address.socket_address
        socket_address.address, socket_address.port_value = address, 8080
    yield assignment


@unittest.skipUnless("SIDECAR_IMAGE" in os.environ, "hack/check-sidecar runs it")
class Sidecar(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="sidecar-")
        cls.addClassCleanup(holder.cleanup)
        cls.pod = Pod(holder.name, PEERS, PAYMENT)
        cls.addClassCleanup(cls.pod.stop)
        cls.ads = ADSServer()
        cls.addClassCleanup(cls.ads.stop)
        cls.ads.set(*shop())
        cls.pod.start(cls.ads.address)
        # The first request that the mesh decides about.
        wait_until(lambda: cls.catalog("/items", x_canary="yes").at == V2, 20, "the mesh's routes are there")

    @classmethod
    def catalog(cls, path, method="GET", **headers):
        return cls.pod.get(f"http://{CATALOG}{path}", method, Host="catalog.mesh.example", **headers)

    def test_matches(self):
        """Requests go where headers, queries, paths and methods send them"""
        self.assertEqual(self.catalog("/items", x_canary="yes").at, V2)
        self.assertEqual(self.catalog("/?canary=1").at, V2)
        self.assertEqual(self.catalog("/v1/shoes").at, V1)
        self.assertEqual(self.catalog("/items/12").at, V1)
        self.assertEqual(self.catalog("/items/12", x_canary="yes").at, V2)

    def test_rewrite(self):
        """Paths and headers are rewritten on the way there, headers on the way back"""
        answer = self.catalog("/v1/shoes?size=9", x_drop="1", x_keep="2")
        self.assertEqual(answer.seen["path"], "/shoes?size=9")
        self.assertEqual(answer.seen["headers"]["x-from"], "mesh")
        self.assertEqual(answer.seen["headers"]["x-keep"], "2")
        self.assertNotIn("x-drop", answer.seen["headers"])
        self.assertEqual(answer.headers["x-served-by"], "catalog")
        self.assertEqual(answer.seen["headers"]["host"], "catalog.mesh.example")

    def test_redirect(self):
        """A redirect is answered by the sidecar"""
        answer = self.catalog("/old")
        self.assertEqual((answer.status, answer.headers["location"]), (302, "http://catalog.mesh.example/new"))

    def test_split(self):
        """Weights of 90 and 10 are kept"""
        seen = collections.Counter(self.catalog("/").at for _ in range(200))
        self.assertEqual(set(seen), {V1, V2})
        self.assertTrue(10 <= seen[V2] <= 30, seen)

    def test_cors(self):
        """CORS is answered and added"""
        answer = self.catalog("/", Origin="https://shop.example")
        self.assertEqual(answer.headers["access-control-allow-origin"], "https://shop.example")
        self.assertEqual(answer.headers["access-control-allow-credentials"], "true")
        answer = self.catalog("/", Origin="https://other.example")
        self.assertNotEqual(answer.headers.get("access-control-allow-origin"), "https://other.example")

    def test_fault(self):
        """About half of the requests are delayed by 250 ms"""

        def taken(_):
            began = time.monotonic()
            self.catalog("/slow")
            return time.monotonic() - began

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            delayed = sum(seconds >= 0.25 for seconds in pool.map(taken, range(60)))
        self.assertTrue(15 <= delayed <= 45, delayed)

    def test_mirror(self):
        """A share of the requests is mirrored"""
        before = len(self.pod.seen)
        for _ in range(100):
            self.assertEqual(self.catalog("/items/77").at, V1)
        mirrored = [where for where, path in self.pod.seen[before:] if path.startswith("/items/77") and where == V2]
        self.assertTrue(2 <= len(mirrored) <= 30, len(mirrored))

    def test_names(self):
        """A service is found by its address and by all of its names, with and without the port"""
        for host in (
            "app.default", "app.default.svc", "app.default.svc.cluster.local", "app.default:80", "10.96.17.115",
        ):  # fmt: skip
            with self.subTest(host=host):
                self.assertEqual(self.pod.get("http://10.96.17.115/", Host=host).at, "10.0.0.1:8080")

    def test_hash(self):
        """A consistent hash keeps a user at one endpoint, and users at both"""
        where = {}
        for user in range(40):
            seen = {self.pod.get(f"http://{ELSEWHERE}/", Host="hashed.example", x_user=str(user)).at for _ in range(2)}
            self.assertEqual(len(seen), 1)
            where[user] = seen.pop()
        self.assertEqual(set(where.values()), {"10.0.4.1:8080", "10.0.4.2:8080"})

    def test_headless(self):
        """A headless service is reached at the Pod that the application has chosen"""
        for address in ("10.0.4.1:8080", "10.0.4.2:8080"):
            self.assertEqual(self.pod.get(f"http://{address}/", Host="cache.shop:8080").at, address)

    def test_no_endpoints(self):
        """A service without endpoints is 503"""
        self.assertEqual(self.pod.get("http://10.96.189.89/", Host="empty.shop").status, 503)

    def test_passthrough(self):
        """Who is no service is reached where the connection was going"""
        answer = self.pod.get(f"http://{ELSEWHERE}/x?y=1", Host="elsewhere.example")
        self.assertEqual((answer.at, answer.seen["path"]), (f"{ELSEWHERE}:80", "/x?y=1"))
        self.assertEqual(answer.seen["headers"]["host"], "elsewhere.example")
        self.assertEqual(self.pod.get(f"http://{ELSEWHERE}:8080/", Host="elsewhere.example:8080").at, f"{ELSEWHERE}:8080")
        self.assertEqual(self.pod.get(f"http://{ELSEWHERE}/", Host="any.wild.example").at, f"{ELSEWHERE}:80")

    def test_inbound(self):
        """What comes for the application reaches it at the Pod's own address"""
        self.assertIn(f'"at": "{POD}:8080", "method": "GET", "path": "/in"', self.pod.outside(f"http://{POD}:8080/in"))
        self.assertIn(f'"at": "{POD}:8081"', self.pod.outside(f"http://{POD}:8081/in"))

    def test_grpc(self):
        """gRPC passes, with its status and trailers"""
        servers = []
        for address in PAYMENT:
            server = grpc.server(concurrent.futures.ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])

            def pay(request, context, address=address):
                context.set_trailing_metadata((("served-by", address),))
                if request == b"fail":
                    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "no money")
                return request * 2

            handler = grpc.unary_unary_rpc_method_handler(pay)
            server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("shop.Payment", {"Pay": handler})])
            self.pod.there(lambda server=server, address=address: server.add_insecure_port(f"{address}:9090"))
            server.start()
            servers.append(server)
        try:
            options = [("grpc.default_authority", "payment.shop:9090")]
            with grpc.insecure_channel("10.96.40.136:9090", options=options) as channel:
                pay = channel.unary_unary("/shop.Payment/Pay")
                served = set()
                for _ in range(10):
                    answer, call = pay.with_call(b"ab", timeout=10)
                    self.assertEqual(answer, b"abab")
                    served |= {value for key, value in call.trailing_metadata() if key == "served-by"}
                self.assertEqual(served, set(PAYMENT))
                with self.assertRaises(grpc.RpcError) as failure:
                    pay(b"fail", timeout=10)
                self.assertEqual(failure.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
        finally:
            for server in servers:
                server.stop(0)

    def test_websocket(self):
        """A websocket's handshake and its bytes pass, both ways"""
        with socket.create_connection((ELSEWHERE, 80), timeout=10) as client:
            client.sendall(
                b"GET /echo HTTP/1.1\r\nHost: app.default\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            self.assertTrue(head.startswith(b"HTTP/1.1 101 "), head)
            client.sendall(b"ping")
            self.assertEqual(client.recv(4), b"ping")

    def test_connection(self):
        """What a client says of its own connection is not said to the upstream"""
        self.assertNotIn("connection", self.catalog("/v1/x", Connection="close").seen["headers"])

    def test_forwarded(self):
        """What a gateway has said of the client stays, and the sidecar's own port is nobody's affair"""
        said = {"X_Forwarded_Proto": "https", "X_Forwarded_Port": "443", "X_Forwarded_Host": "shop.example"}
        seen = self.catalog("/v1/x", **said).seen["headers"]
        self.assertEqual([seen.get(name.replace("_", "-").lower()) for name in said], list(said.values()))
        seen = self.catalog("/v1/x").seen["headers"]
        self.assertEqual(seen["x-forwarded-proto"], "http")
        self.assertNotIn("x-forwarded-port", seen)
        self.assertNotIn("x-forwarded-host", seen)
        self.assertNotIn("19081", self.pod.outside(f"http://{POD}:8080/in"))

    def test_change(self):
        """A change of the mesh is served within three seconds, and nothing fails meanwhile"""
        cluster = "outbound|80||app.default.svc.cluster.local"
        before = self.ads.resources["type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"][cluster][1]
        assignment = endpoint_pb2.ClusterLoadAssignment()
        before.Unpack(assignment)
        old = endpoint_pb2.ClusterLoadAssignment()
        old.CopyFrom(assignment)
        endpoint = assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address
        endpoint.address, endpoint.port_value = "10.0.4.1", 8080
        self.ads.set(assignment)
        try:
            seen = []

            def moved():
                seen.append(self.pod.get("http://10.96.17.115/", Host="app.default").at)
                return seen[-10:] == ["10.0.4.1:8080"] * 10

            wait_until(moved, 3, "the new endpoint")
            self.assertEqual(set(seen) - {"10.0.0.1:8080", "10.0.4.1:8080"}, set())
        finally:
            self.ads.set(old)

    def test_hooks(self):
        """The Pod's hooks find their program, and the metrics are APISIX's and the library's"""
        self.pod.execute("amesh", "wait", "--url=http://127.0.0.1:15021/healthz/ready", "--timeout=5")
        self.pod.execute("amesh", "drain", "--minimum=0", "--maximum=1", "--ports=19081,19443,19080")
        metrics = self.pod.get("http://127.0.0.1:15020/metrics").body
        self.assertIn("amesh_", metrics)
        self.assertIn("apisix_", metrics)

    def test_quiet(self):
        """Nothing in the log is an error"""
        lines = [line for line in self.pod.logs().splitlines() if "[error]" in line or "[emerg]" in line]
        # Of requests that find no endpoint, and of plugins whose libraries an image of one's own may lack.
        known = ("no valid upstream node", "failed to load plugin")
        lines = [line for line in lines if not any(words in line for words in known)]
        self.assertEqual(lines, [], "\n".join(lines))
