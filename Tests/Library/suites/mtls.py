"""Mutual TLS between two real sidecars, each in a Pod of its own."""

import http.server
import json
import os
import socket
import ssl
import subprocess
import threading
import unittest

from library.identity import Authority, make_key, spiffe_id, workload
from library.mutual import IMPOSTOR, IMPOSTOR_PORT, MUTUAL_PORT
from library.sidecar import OUTSIDE
from library.two_sidecars import TwoSidecars
from peers.process import wait_until


class Impostor(http.server.ThreadingHTTPServer):
    """A TLS server of Python's, with whatever certificate; asks for one too, as a sidecar does."""

    daemon_threads = True

    def __init__(self, folder, trusted):
        super().__init__((IMPOSTOR, IMPOSTOR_PORT), _Impostor)
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


@unittest.skipUnless("SIDECAR_IMAGE" in os.environ, "hack/check-sidecar runs it")
class MutualTLS(TwoSidecars):
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
                self.assertEqual(self.call(Host="pay.example").status, 503)
        server.callers.clear()
        server.show(mesh_authority.issue_to(key.public_key(), "pay"), pem)
        answer = self.call(Host="pay.example")
        self.assertEqual((answer.status, answer.headers["x-port"]), (200, "8080"))
        self.assertEqual(set(server.callers), {spiffe_id("web")})

    def test_wrong_identity(self):
        """A peer that is somebody else than the server says gets nothing"""
        self.identity.set_workload(OUTSIDE, workload("somebody"))
        try:
            wait_until(lambda: self.call().status == 503, 20, "the peer is refused")
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
