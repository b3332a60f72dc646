"""A real Envoy on the other side of a sidecar's mutual TLS, as client and as server; no line of it is ours."""

import hashlib
import json
import os
import pathlib
import ssl
import tempfile
import unittest

from library import mesh
from library.ads import ADSServer
from library.envoy import Credentials, Envoy
from library.identity import Authority, IdentityServer, make_key, spiffe_id, workload
from library.mutual import MUTUAL_PORT, SERVICE, assignment, inbound
from library.sidecar import OUTSIDE, POD, Pod, run
from peers.envoy_configuration import address
from peers.process import free_port, wait_until

# Where Envoy takes the sidecar's connections: the host that the application asks for, and the address.
SERVERS = {"cart.example": "10.9.7.1", "closed.example": "10.9.7.2", "other.example": "10.9.7.3", "foreign.example": "10.9.7.4"}
# Where Envoy takes requests in plaintext, each to be sent on in another way.
CLIENTS = ["cart", "named", "http2", "front", "stranger", "foreign", "expired", "bare", "mistaken", "envoy"]
FIRST_PORT = 8100


def outbound():
    routes = mesh.routes("80", "cart", "cart.example")
    resources = [routes, mesh.listener("0.0.0.0_80", "80", 80)]
    for host, at in SERVERS.items():
        name = host.partition(".")[0]
        if name != "cart":
            routes.virtual_hosts.add().CopyFrom(mesh.routes("", name, host).virtual_hosts[0])
            routes.virtual_hosts[-1].name = name
        resources += [mesh.cluster(name), assignment(name, at)]
        # The same endpoints by HTTP/2, which APISIX sends in a way of its own.
        routes.virtual_hosts.add().CopyFrom(mesh.routes("", f"grpc-{name}", f"grpc.{host}").virtual_hosts[0])
        routes.virtual_hosts[-1].name = f"grpc-{name}"
        resources += [mesh.http2(mesh.cluster(f"grpc-{name}")), assignment(f"grpc-{name}", at)]
    return resources


@unittest.skipUnless("SIDECAR_IMAGE" in os.environ, "hack/check-sidecar runs it")
class EnvoyAsPeer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="mtls-envoy-")
        cls.addClassCleanup(holder.cleanup)
        cls.folder = pathlib.Path(holder.name)
        cls.pod = Pod(cls.folder, [f"{OUTSIDE}:8080", f"{SERVICE}:80"], SERVERS.values())
        cls.addClassCleanup(cls.pod.stop)
        cls.identity = IdentityServer(f"127.0.0.1:{free_port()}")
        cls.addClassCleanup(cls.identity.stop)
        for host, at in SERVERS.items():
            cls.identity.set_workload(at, workload(host.partition(".")[0]))
        cls.ads = ADSServer()
        cls.addClassCleanup(cls.ads.stop)
        cls.ads.set(*outbound(), *inbound())
        cls.envoy = cls.make_envoy().start()
        cls.addClassCleanup(cls.envoy.stop)
        cls.pod.prepare({"token": b"web", "root.pem": cls.identity.tls_root.pem})
        cls.pod.start(
            cls.ads.address,
            AMESH_MTLS="strict", AMESH_INBOUND_PORTS="8080", AMESH_TRUST_DOMAIN="cluster.local",
            AMESH_SDS_SOURCE=f"https://{cls.identity.address}", AMESH_SDS_SERVER_NAME="amesh.test",
            AMESH_TOKEN_FILE="/var/run/amesh/token", AMESH_ROOT_CERT_FILE="/var/run/amesh/root.pem",
            AMESH_ALLOWED_IDENTITIES=f"{spiffe_id('cart')},spiffe://cluster.local/ns/front/*",
        )  # fmt: skip
        wait_until(lambda: cls.call("cart.example").status == 200, 20, f"Envoy is reached\n{cls.pod.logs()[-2000:]}")
        wait_until(lambda: cls.from_envoy("cart")[0] == 200, 20, "Envoy reaches the Pod")

    @classmethod
    def credentials(cls, account, wants, authority=None, **options):
        key, pem = make_key()
        authority = authority or cls.identity.authority
        chain = authority.issue_to(key.public_key(), account, **options)
        return Credentials((chain, pem), cls.identity.authority.pem, wants)

    @classmethod
    def make_envoy(cls):
        envoy = Envoy(cls.pod.peer, cls.folder)
        web, foreign = spiffe_id("web"), Authority("foreign")
        application = address(OUTSIDE, 8080)
        for host, credentials in {
            "cart.example": cls.credentials("cart", web),
            "closed.example": cls.credentials("closed", spiffe_id("admin")),
            "other.example": cls.credentials("another", web),
            "foreign.example": cls.credentials("foreign", web, foreign),
        }.items():
            envoy.lets_in(host, address(SERVERS[host], MUTUAL_PORT), credentials, application)
        # Another Envoy's end, in the sidecar's place: what it says of a caller is what the sidecar has to say.
        envoy.lets_in("twin", address("127.0.0.1", 8099), cls.credentials("web", spiffe_id("cart")), application)
        cls.shown = cls.credentials("cart", web)
        pod = address(POD, MUTUAL_PORT)
        bare = Credentials(None, cls.identity.authority.pem, web)
        for name, credentials, peer, options in [
            ("cart", cls.shown, pod, {}),
            ("named", cls.shown, pod, {"server_name": "web.shop.sa.cluster.local"}),
            ("http2", cls.shown, pod, {"http2": True}),
            ("front", cls.credentials("any", web, namespace="front"), pod, {}),
            ("stranger", cls.credentials("stranger", web), pod, {}),
            ("foreign", cls.credentials("cart", web, foreign), pod, {}),
            ("expired", cls.credentials("cart", web, seconds=-60), pod, {}),
            ("bare", bare, pod, {}),
            ("mistaken", cls.credentials("cart", spiffe_id("bank")), pod, {}),
            ("envoy", cls.shown, address("127.0.0.1", 8099), {}),
        ]:
            envoy.goes_out(name, address("127.0.0.1", FIRST_PORT + CLIENTS.index(name)), credentials, peer, **options)
        return envoy

    @classmethod
    def call(cls, host, **headers):
        """The application's request, by the sidecar to Envoy."""
        return cls.pod.get(f"http://{SERVICE}/", Host=host, **headers)

    @staticmethod
    def call_grpc(host):
        """The same by HTTP/2, as clients of gRPC do: the status."""
        named = ["-H", f"host: grpc.{host}", "-H", "content-type: application/grpc", "-H", "te: trailers"]
        command = ["curl", "-sS", "--max-time", "15", "--http2-prior-knowledge", "-o", "/dev/null", "-w", "%{http_code}"]
        return int(run(*command, *named, "-d", "", f"http://{SERVICE}/"))

    @classmethod
    def from_envoy(cls, name, port=8080, *options):
        """By Envoy to the sidecar: (status, body)."""
        url = f"http://127.0.0.1:{FIRST_PORT + CLIENTS.index(name)}/"
        named = ["-H", f"x-amesh-port: {port}"] if port is not None else []
        body, _, status = cls.pod.outside(url, "-w", "\n%{http_code}", *named, *options).rpartition("\n")
        return int(status), body

    def seen(self, name, *options):
        status, body = self.from_envoy(name, 8080, *options)
        self.assertEqual(status, 200, body)
        return json.loads(body)["headers"]

    def test_to_envoy(self):
        """Envoy lets the sidecar in by its SPIFFE ID, is told the port, and says of it what a sidecar would"""
        answer = self.call("cart.example", x_forwarded_client_cert=f"URI={spiffe_id('admin')}")
        self.assertEqual((answer.status, answer.at), (200, f"{OUTSIDE}:8080"))
        self.assertRegex(
            answer.seen["headers"]["x-forwarded-client-cert"],
            rf"^By={spiffe_id('cart')};Hash=[0-9a-f]{{64}};URI={spiffe_id('web')}$",
        )

    def test_to_wrong_envoy(self):
        """An Envoy that wants another caller serves nothing; one with another identity, or of another mesh, is told nothing"""
        before = len(self.pod.seen)
        for host in ("closed.example", "other.example", "foreign.example"):
            with self.subTest(host=host):
                self.assertEqual(self.call(host).status, 502)
        self.assertEqual(len(self.pod.seen), before)

    def test_grpc_to_envoy(self):
        """Of gRPC too: an Envoy with the right identity is served, the others are told nothing"""
        before = len(self.pod.seen)
        self.assertEqual(self.call_grpc("cart.example"), 200)
        self.assertEqual([at for at, _ in self.pod.seen[before:]], [f"{OUTSIDE}:8080"])
        for host in ("closed.example", "other.example", "foreign.example"):
            with self.subTest(host=host):
                self.assertEqual(self.call_grpc(host), 502)
        self.assertEqual(len(self.pod.seen), before + 1)

    def test_from_envoy(self):
        """An Envoy with a certificate of the mesh is served: with and without a server's name, by HTTP/1.1 and HTTP/2"""
        for name in ("cart", "named", "http2", "front"):
            with self.subTest(name=name):
                headers = self.seen(name)
                self.assertNotIn("x-amesh-port", headers)
                namespace, account = ("front", "any") if name == "front" else ("shop", "cart")
                self.assertTrue(headers["x-forwarded-client-cert"].endswith(f";URI={spiffe_id(account, namespace)}"))

    def test_from_wrong_envoy(self):
        """Who is not on the list, foreign, expired or nobody is refused, and an Envoy that wants somebody else breaks off"""
        status, body = self.from_envoy("stranger")
        self.assertEqual((status, json.loads(body)["reason"]), (403, "not_allowed"))
        before = len(self.pod.seen)
        for name in ("foreign", "expired", "bare", "mistaken"):
            with self.subTest(name=name):
                status, body = self.from_envoy(name)
                # Envoy's own, or nginx's to a client without a good certificate.
                self.assertIn(status, (503, 400), body)
        self.assertEqual(len(self.pod.seen), before)

    def test_ports(self):
        """A request of an Envoy's that names no port, or one that the Pod does not declare, is refused"""
        for port in (None, 8081, 15021):
            with self.subTest(port=port):
                status, body = self.from_envoy("cart", port)
                self.assertEqual((status, json.loads(body)["reason"]), (403, "port"))

    def test_client_certificate_header(self):
        """Of one certificate the sidecar says letter by letter what Envoy says, whatever the caller says of that"""
        spoofed = f"x-forwarded-client-cert: By=x;URI={spiffe_id('admin')}"
        ours, envoys = (self.seen(name, "-H", spoofed)["x-forwarded-client-cert"] for name in ("cart", "envoy"))
        self.assertEqual(ours, envoys)
        leaf = hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.shown.shown[0].decode())).hexdigest()
        self.assertEqual(ours, f"By={spiffe_id('web')};Hash={leaf};URI={spiffe_id('cart')}")
