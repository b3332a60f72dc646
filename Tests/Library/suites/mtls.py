"""Mutual TLS between two real sidecars, each in a Pod of its own."""

import http.server
import json
import os
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from google.protobuf import json_format

from library import mesh
from library.ads import ADSServer
from library.identity import Authority, IdentityServer, make_key, spiffe_id, workload
from library.sidecar import OUTSIDE, POD, Pod, run
from peers.process import free_port, wait_until

MUTUAL_PORT = 19443
SERVICE = "240.0.0.20"
# Where somebody else than a sidecar listens.
IMPOSTOR = "10.9.7.7"


def outbound():
    """Port 80 leads to the other Pod's application, or by its host to whom somebody calls `pay`."""
    routes = mesh.routes("80", "cart")
    routes.virtual_hosts.add().CopyFrom(mesh.routes("", "pay", "pay.example").virtual_hosts[0])
    routes.virtual_hosts[1].name = "pay"
    return [
        mesh.cluster("cart"), assignment("cart", OUTSIDE), mesh.cluster("pay"), assignment("pay", IMPOSTOR),
        routes, mesh.listener("0.0.0.0_80", "80", 80),
    ]  # fmt: skip


def assignment(name, address):
    place = {"endpoint": {"address": {"socket_address": {"address": address, "port_value": 8080}}}}
    return json_format.ParseDict(
        {"cluster_name": name, "endpoints": [{"lb_endpoints": [place]}]}, endpoint_pb2.ClusterLoadAssignment()
    )


def inbound():
    """What comes for the application."""
    cluster = json_format.ParseDict(
        {"name": "inbound|8080||", "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED", "connect_timeout": "1s"},
        cluster_pb2.Cluster(),
    )
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3."
        "HttpConnectionManager",
        "stat_prefix": "inbound",
        "route_config": {
            "name": "inbound",
            "virtual_hosts": [
                {
                    "name": "inbound",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "inbound|8080||"}}],
                }
            ],
        },
    }
    listener = json_format.ParseDict(
        {
            "name": "virtualInbound",
            "address": {"socket_address": {"address": "0.0.0.0", "port_value": 15006}},
            "traffic_direction": "INBOUND",
            "filter_chains": [
                {
                    "filter_chain_match": {"destination_port": 8080},
                    "filters": [
                        {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
                    ],
                }
            ],
        },
        listener_pb2.Listener(),
    )
    return [cluster, listener]


class Impostor(http.server.ThreadingHTTPServer):
    """A TLS server of Python's, with whatever certificate; asks for one too, as a sidecar does."""

    # The other sidecar has 19443 of every address there.
    PORT = 20443

    daemon_threads = True

    def __init__(self, folder, trusted):
        super().__init__((IMPOSTOR, self.PORT), _Impostor)
        self.folder = folder
        self.trusted = trusted
        self.callers = []

    def show(self, chain, key):
        (self.folder / "impostor.pem").write_bytes(chain + key)

    def finish_request(self, request, client_address):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "impostor.pem")
        context.load_verify_locations(cadata=self.trusted.decode())
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            with context.wrap_socket(request, server_side=True) as secured:
                self.callers.append(dict(secured.getpeercert()["subjectAltName"])["URI"])
                super().finish_request(secured, client_address)
        except (OSError, ssl.SSLError):
            pass


class _Impostor(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.send_header("x-port", self.headers["x-amesh-port"])
        self.end_headers()

    def log_message(self, *_):
        pass


class Other:
    """The other Pod's sidecar: its network namespace is the first one's outside."""

    def __init__(self, pod, folder):
        self.pod = pod
        self.folder = folder
        self.name = f"amesh-other-{os.getpid()}"

    def start(self, **environment):
        run(
            "podman", "run", "--detach", "--name", self.name, "--runtime", "runc",
            "--network", f"ns:/run/netns/{self.pod.peer}", "--user", "1337:1337", "--cap-drop", "ALL",
            "--security-opt", "no-new-privileges", "--read-only", "--read-only-tmpfs=false",
            "--ulimit", "nofile=20000:20000", "--ulimit", "nproc=1000:1000",
            "--volume", f"{self.folder}:/var/run/amesh",
            *(word for name, value in environment.items() for word in ("--env", f"{name}={value}")),
            os.environ["SIDECAR_IMAGE"],
        )  # fmt: skip
        wait_until(self.is_ready, 60, f"the other Pod is ready\n{self.logs()}")

    def is_ready(self):
        url = "http://127.0.0.1:15021/healthz/ready"
        command = ["ip", "netns", "exec", self.pod.peer, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", url]
        return subprocess.run(command, capture_output=True, text=True).stdout == "200"

    def logs(self):
        command = ["podman", "logs", self.name]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout

    def stop(self):
        subprocess.run(["podman", "rm", "--force", "--time", "5", self.name], capture_output=True)


@unittest.skipUnless("SIDECAR_IMAGE" in os.environ, "hack/check-sidecar runs it")
class MutualTLS(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="mtls-")
        cls.addClassCleanup(holder.cleanup)
        cls.folder = pathlib.Path(holder.name)
        cls.pod = Pod(cls.folder, [f"{OUTSIDE}:8080", f"{SERVICE}:80"], [IMPOSTOR])
        cls.addClassCleanup(cls.pod.stop)
        cls.pod.there(lambda: cls.pod.serve("127.0.0.1:8080"))
        cls.pod.there(cls.redirect_other)
        identity_port = free_port()
        cls.identity = IdentityServer(f"0.0.0.0:{identity_port}")
        cls.addClassCleanup(cls.identity.stop)
        cls.identity.set_workload(OUTSIDE, workload("cart"))
        cls.identity.set_workload(IMPOSTOR, workload("pay", mtls_port=Impostor.PORT))
        cls.ads = ADSServer()
        cls.addClassCleanup(cls.ads.stop)
        cls.ads.set(*outbound())
        others = []
        cls.pod.there(lambda: others.append(ADSServer()))
        cls.other_ads = others[0]
        cls.addClassCleanup(cls.other_ads.stop)
        cls.other_ads.set(*inbound())
        common = {
            "AMESH_MTLS": "permissive", "AMESH_INBOUND_PORTS": "8080", "AMESH_TRUST_DOMAIN": "cluster.local",
            "AMESH_SDS_SOURCE": f"https://{POD}:{identity_port}", "AMESH_SDS_SERVER_NAME": "amesh.test",
            "AMESH_TOKEN_FILE": "/var/run/amesh/token", "AMESH_ROOT_CERT_FILE": "/var/run/amesh/root.pem",
            "AMESH_LOG_LEVEL": "warn",
        }  # fmt: skip
        cls.other = Other(cls.pod, cls.run_folder("other", "cart"))
        cls.addClassCleanup(cls.other.stop)
        cls.other_environment = common | {
            "AMESH_XDS_SOURCE": cls.other_ads.address, "POD_NAME": "cart", "POD_NAMESPACE": "shop", "POD_IP": OUTSIDE,
        }  # fmt: skip
        cls.other.start(**cls.other_environment)
        cls.pod.prepare({"token": b"web", "root.pem": cls.identity.tls_root.pem})
        cls.pod.start(cls.ads.address, **common)
        try:
            wait_until(lambda: cls.call().status == 200, 20, "the other Pod is reached")
        except TimeoutError as problem:
            answer = cls.call()
            said = f"{answer.status} {answer.body}\n{cls.pod.logs()[-2000:]}\nthe other Pod:\n{cls.other.logs()[-2000:]}"
            raise AssertionError(f"{problem}\n{said}") from None

    @classmethod
    def run_folder(cls, name, account):
        folder = cls.folder / name
        folder.mkdir(exist_ok=True)
        folder.chmod(0o777)
        (folder / "token").write_text(account)
        (folder / "root.pem").write_bytes(cls.identity.tls_root.pem)
        return folder

    @staticmethod
    def redirect_other():
        run(os.environ["AMESH"], "redirect", "--outbound-ports", "80", "--inbound-ports", "8080")

    @classmethod
    def call(cls, path="/", **headers):
        return cls.pod.get(f"http://{SERVICE}{path}", **headers)

    def secured(self):
        documents = json.loads(self.pod.get("http://127.0.0.1:15021/debug/status").body)
        return documents["mtls"]

    def direct(self, port=8080, certificate=None, *options):
        """To the other Pod's 19443, as a client of one's own: (status, what the application saw)."""
        command = ["curl", "-sk", "--max-time", "10", "-o", "-", "-w", "\n%{http_code}", *options]
        if port is not None:
            command += ["-H", f"x-amesh-port: {port}"]
        if certificate:
            command += ["--cert", certificate[0], "--key", certificate[1]]
        done = subprocess.run([*command, f"https://{OUTSIDE}:{MUTUAL_PORT}/"], capture_output=True, text=True)
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body

    def client(self, authority=None, account="web", **options):
        key, pem = make_key()
        chain = (authority or self.identity.authority).issue_to(key.public_key(), account, **options)
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        (folder / "crt").write_bytes(chain)
        (folder / "key").write_bytes(pem)
        return str(folder / "crt"), str(folder / "key")

    def test_identity(self):
        """Both show who they are: the application is told who calls, whatever the caller says of that"""
        spoofed = {"x_forwarded_client_cert": "URI=spiffe://cluster.local/ns/shop/sa/admin", "x_amesh_port": "1"}
        answer = self.call(**spoofed)
        self.assertEqual(answer.status, 200)
        headers = answer.seen["headers"]
        self.assertTrue(answer.seen["at"].endswith(":8080"), answer.seen)
        certificate = headers["x-forwarded-client-cert"]
        self.assertRegex(certificate, rf"^By={spiffe_id('cart')};Hash=[0-9a-f]{{64}};URI={spiffe_id('web')}$")
        self.assertNotIn("x-amesh-port", headers)
        self.assertEqual(self.secured()["mutualUpstreams"], 2)

    def test_wire(self):
        """Nothing of it can be read between the Pods"""
        packets = []
        # All that goes over the Pod's link, both ways.
        capture = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        capture.bind(("eth0", 0))
        capture.settimeout(0.5)
        self.addCleanup(capture.close)
        self.assertEqual(self.call("/a-path-that-nobody-else-has").status, 200)
        try:
            while True:
                packets.append(capture.recv(65536))
        except TimeoutError:
            pass
        wire = b"".join(packets)
        self.assertIn(MUTUAL_PORT.to_bytes(2, "big"), wire)
        self.assertNotIn(b"a-path-that-nobody-else-has", wire)

    def test_callers(self):
        """On 19443 whoever has a certificate of the mesh is served, and nobody else"""
        self.assertEqual(self.direct(certificate=self.client())[0], 200)
        self.assertEqual(self.direct()[0] in (0, 400), True)
        self.assertIn(self.direct(certificate=self.client(Authority("foreign")))[0], (0, 400))
        self.assertIn(self.direct(certificate=self.client(seconds=-60))[0], (0, 400))
        self.assertEqual(self.direct(certificate=self.client(trust_domain="elsewhere.test"))[0], 403)

    def test_ports(self):
        """A port that the Pod does not declare is not reached, nor one that is no port"""
        certificate = self.client()
        for port in (8081, 15021, 0, 70000, "8080x", None):
            with self.subTest(port=port):
                status, body = self.direct(port, certificate)
                self.assertIn(status, (403, 404), body)

    def restart_other(self, **environment):
        self.other.stop()
        self.other.start(**(self.other_environment | environment))
        wait_until(lambda: self.call().status == 200, 20, "the other Pod is reached again")

    def plaintext(self):
        """To the other Pod's port as a sidecar's user, whom no redirect catches: (status, body)."""
        command = ["curl", "-s", "--max-time", "10", "-w", "\n%{http_code}", f"http://{OUTSIDE}:8080/"]
        done = subprocess.run(command, capture_output=True, text=True, user=1337, group=1337)
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body

    def test_strict(self):
        """A strict Pod refuses plaintext but health checks, and serves those on its list only"""
        self.assertEqual(self.plaintext()[0], 200)
        self.addCleanup(self.restart_other)
        allowed = f"{spiffe_id('web')},spiffe://cluster.local/ns/front/*"
        self.restart_other(AMESH_MTLS="strict", AMESH_ALLOWED_IDENTITIES=allowed)
        status, body = self.plaintext()
        self.assertEqual((status, json.loads(body)["reason"]), (403, "plaintext"))
        self.assertTrue(self.other.is_ready())
        self.assertEqual(self.direct(certificate=self.client())[0], 200)
        self.assertEqual(self.direct(certificate=self.client(account="any", namespace="front"))[0], 200)
        for account, namespace in [("cart", "shop"), ("webs", "shop"), ("any", "fronts")]:
            status, body = self.direct(certificate=self.client(account=account, namespace=namespace))
            self.assertEqual((status, json.loads(body)["reason"]), (403, "not_allowed"))

    def test_impostor(self):
        """Who listens where a peer should be, with another certificate than the peer's, is told nothing"""
        servers = []
        self.pod.there(lambda: servers.append(Impostor(self.folder, self.identity.authority.pem)))
        server = servers[0]
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        key, pem = make_key()
        mesh_authority = self.identity.authority
        for authority, account, options in [
            (mesh_authority, "cart", {}),
            (mesh_authority, "pay", {"namespace": "other"}),
            (mesh_authority, "pay", {"seconds": -60}),
            (Authority("foreign"), "pay", {}),
        ]:
            server.show(authority.issue_to(key.public_key(), account, **options), pem)
            with self.subTest(account=account, **options):
                self.assertEqual(self.call(Host="pay.example").status, 502)
        server.callers.clear()
        server.show(mesh_authority.issue_to(key.public_key(), "pay"), pem)
        answer = self.call(Host="pay.example")
        self.assertEqual((answer.status, answer.headers["x-port"]), (200, "8080"))
        self.assertEqual(set(server.callers), {spiffe_id("web")})

    def test_wrong_identity(self):
        """A peer that is somebody else than the server says gets nothing"""
        self.identity.set_workload(OUTSIDE, workload("somebody"))
        try:
            wait_until(lambda: self.call().status == 502, 20, "the peer is refused")
        finally:
            self.identity.set_workload(OUTSIDE, workload("cart"))
        wait_until(lambda: self.call().status == 200, 20, "the right one is taken again")

    def test_no_longer_meshed(self):
        """An endpoint that takes no mutual TLS any more is sent plaintext, one that takes it again is not; none fails"""
        with self.load() as failures:
            for mutual in (False, True, False, True):
                self.identity.set_workload(OUTSIDE, workload("cart") if mutual else None)
                wait_until(lambda: self.secured()["mutualUpstreams"] == 1 + int(mutual), 20, f"mutual: {mutual}")
                header = "x-forwarded-client-cert"
                wait_until(lambda: (header in self.call().seen["headers"]) == mutual, 20, f"goes so: {mutual}")
        self.assertEqual(failures, [])

    def test_rotation(self):
        """Leaves of some seconds, then a new root through all its states: no request fails"""
        old, new = self.identity.authority, Authority("next")
        self.addCleanup(setattr, self.identity, "seconds", 3600)
        with self.load() as failures:
            self.identity.seconds = 12
            self.identity.push_certificates()
            before = len(self.identity.issued)
            wait_until(lambda: len(self.identity.issued) >= before + 6, 40, "leaves are renewed")
            self.identity.push_roots(old, new)
            self.settle()
            self.identity.authority = new
            self.identity.push_certificates()
            self.settle()
            self.identity.push_roots(new)
            self.settle()
        self.assertEqual(failures, [])
        self.assertEqual(self.identity.errors, [])
        keys = [request for _, request in self.identity.issued]
        self.assertGreater(len(set(keys)), 6)
        self.assertEqual(self.direct(certificate=self.client(new))[0], 200)
        self.assertIn(self.direct(certificate=self.client(old))[0], (0, 400))

    def test_without_server(self):
        """While the identity server is away all goes on"""
        self.identity.stop()
        try:
            wait_until(lambda: not self.secured()["connected"], 20, "the server is missed")
            self.assertEqual(self.call().status, 200)
            self.assertNotEqual(self.secured()["lastFailure"], "")
        finally:
            self.identity.listen()
        wait_until(lambda: self.secured()["connected"], 60, "the server is found again")

    def settle(self):
        """Until another certificate has gone through: what was pushed before is in use then."""
        before = len(self.identity.issued)
        wait_until(lambda: len(self.identity.issued) >= before + 4, 60, "more leaves")

    def load(self):
        return Load(self)


class Load:
    """Requests all the while; what fails is listed."""

    def __init__(self, case):
        self.case = case
        self.failures = []
        self.count = 0
        self.ends = threading.Event()

    def __enter__(self):
        self.threads = [threading.Thread(target=self.run) for _ in range(4)]
        for thread in self.threads:
            thread.start()
        return self.failures

    def run(self):
        while not self.ends.is_set():
            try:
                status = self.case.call().status
                if status != 200:
                    self.failures.append(status)
            except OSError as problem:
                self.failures.append(str(problem))
            self.count += 1

    def __exit__(self, *_):
        self.ends.set()
        for thread in self.threads:
            thread.join()
        print(f"{self.count} requests under load")
