"""Two real sidecars in Pods that have addresses of IPv6 only."""

import json
import os
import pathlib
import socket
import subprocess
import tempfile
import unittest

from library import mesh
from library.ads import ADSServer
from library.identity import Authority, IdentityServer, make_key, spiffe_id, workload
from library.mutual import MUTUAL_PORT, assignment, inbound
from library.other import Other
from library.sidecar import OUTSIDE, POD, Pod, run
from peers.process import free_port, wait_until

POD_V6, OTHER_V6, SERVICE_V6 = "fd09::1", "fd09::2", "fd96::20"


@unittest.skipUnless("SIDECAR_IMAGE" in os.environ, "hack/check-sidecar runs it")
@unittest.skipUnless(os.path.exists("/proc/net/if_inet6"), "this kernel has no IPv6")
class IPv6Pods(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="mtls-ipv6-")
        cls.addClassCleanup(holder.cleanup)
        cls.folder = pathlib.Path(holder.name)
        cls.pod = Pod(cls.folder, [], application=())
        cls.addClassCleanup(cls.pod.stop)
        cls.only_ipv6()
        cls.pod.there(lambda: [cls.pod.serve(f"[{host}]:8080") for host in (OTHER_V6, "::1")])
        cls.pod.there(cls.redirect)
        cls.redirect()
        port = free_port()
        cls.identity = IdentityServer(f"[::]:{port}")
        cls.addClassCleanup(cls.identity.stop)
        cls.identity.set_workload(OTHER_V6, workload("cart"))
        cls.ads = ADSServer()
        cls.addClassCleanup(cls.ads.stop)
        cls.ads.set(
            mesh.cluster("cart"), assignment("cart", OTHER_V6), mesh.routes("80", "cart"),
            mesh.listener("[::]_80", "80", 80, "::"),
        )  # fmt: skip
        others = []
        cls.pod.there(lambda: others.append(ADSServer()))
        cls.addClassCleanup(others[0].stop)
        others[0].set(*inbound())
        cls.start(port, others[0])
        wait_until(lambda: cls.call().status == 200, 20, f"the other Pod is reached\n{cls.pod.logs()[-2000:]}")

    @classmethod
    def only_ipv6(cls):
        for own, other, address, prefix in ((POD_V6, OTHER_V6, POD, []), (OTHER_V6, POD_V6, OUTSIDE, ["-n", cls.pod.peer])):
            run("ip", *prefix, "addr", "del", f"{address}/24", "dev", "eth0")
            run("ip", *prefix, "addr", "add", f"{own}/64", "dev", "eth0", "nodad")
            run("ip", *prefix, "-6", "route", "add", "default", "via", other)

    @staticmethod
    def redirect():
        run(os.environ["AMESH"], "redirect", "--outbound-ports", "80", "--inbound-ports", "8080")

    @classmethod
    def start(cls, port, other_ads):
        common = {
            "AMESH_MTLS": "strict", "AMESH_INBOUND_PORTS": "8080", "AMESH_TRUST_DOMAIN": "cluster.local",
            "AMESH_SDS_SOURCE": f"https://[{POD_V6}]:{port}", "AMESH_SDS_SERVER_NAME": "amesh.test",
            "AMESH_TOKEN_FILE": "/var/run/amesh/token", "AMESH_ROOT_CERT_FILE": "/var/run/amesh/root.pem",
            "AMESH_LOG_LEVEL": "warn",
        }  # fmt: skip
        folder = cls.folder / "other"
        folder.mkdir()
        folder.chmod(0o777)
        (folder / "token").write_text("cart")
        (folder / "root.pem").write_bytes(cls.identity.tls_root.pem)
        other = Other(cls.pod, folder)
        cls.addClassCleanup(other.stop)
        other.start(
            **common, AMESH_XDS_SOURCE=other_ads.address, POD_NAME="cart", POD_NAMESPACE="shop", POD_IP=OTHER_V6,
        )  # fmt: skip
        cls.pod.prepare({"token": b"web", "root.pem": cls.identity.tls_root.pem})
        cls.pod.start(cls.ads.address, **common, POD_IP=POD_V6)

    @classmethod
    def call(cls, path="/", **headers):
        return cls.pod.get(f"http://[{SERVICE_V6}]{path}", **headers)

    def curl(self, url, *options, **user):
        command = ["curl", "-sk", "--max-time", "10", "-w", "\n%{http_code}", *options, url]
        body, _, status = subprocess.run(command, capture_output=True, text=True, **user).stdout.rpartition("\n")
        return int(status or 0), body

    def test_call(self):
        """A call is mutual TLS, the application is told who calls, and nothing of it can be read"""
        capture = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        capture.bind(("eth0", 0))
        capture.settimeout(0.5)
        self.addCleanup(capture.close)
        answer = self.call("/a-path-that-nobody-else-has", x_forwarded_client_cert=f"URI={spiffe_id('admin')}")
        self.assertEqual((answer.status, answer.at), (200, f"{OTHER_V6}:8080"))
        headers = answer.seen["headers"]
        self.assertRegex(
            headers["x-forwarded-client-cert"], rf"^By={spiffe_id('cart')};Hash=[0-9a-f]{{64}};URI={spiffe_id('web')}$"
        )
        self.assertNotIn("x-amesh-port", headers)
        packets = []
        try:
            while True:
                packets.append(capture.recv(65536))
        except TimeoutError:
            pass
        wire = b"".join(packets)
        self.assertIn(MUTUAL_PORT.to_bytes(2, "big"), wire)
        self.assertNotIn(b"a-path-that-nobody-else-has", wire)

    def test_refused(self):
        """A strict Pod refuses plaintext, a foreign certificate and none, and serves one of the mesh"""
        # As a sidecar's user, whom no redirect catches.
        status, body = self.curl(f"http://[{OTHER_V6}]:8080/", user=1337, group=1337)
        self.assertEqual((status, json.loads(body)["reason"]), (403, "plaintext"))
        for authority, expected in ((None, (0, 400)), (Authority("foreign"), (0, 400)), (self.identity.authority, (200,))):
            shown = []
            if authority:
                key, pem = make_key()
                (self.folder / "crt").write_bytes(authority.issue_to(key.public_key(), "web"))
                (self.folder / "key").write_bytes(pem)
                shown = ["--cert", self.folder / "crt", "--key", self.folder / "key"]
            url = f"https://[{OTHER_V6}]:{MUTUAL_PORT}/"
            status, body = self.curl(url, "-H", "x-amesh-port: 8080", *shown)
            self.assertIn(status, expected, body)

    def test_wrong_identity(self):
        """A peer that is somebody else than the server says gets nothing"""
        self.identity.set_workload(OTHER_V6, workload("somebody"))
        try:
            wait_until(lambda: self.call().status == 502, 20, "the peer is refused")
        finally:
            self.identity.set_workload(OTHER_V6, workload("cart"))
        wait_until(lambda: self.call().status == 200, 20, "the right one is taken again")
