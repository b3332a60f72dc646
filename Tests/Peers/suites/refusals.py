"""Who is refused by a sidecar that has its secrets from amesh; each time the same request passes when all is right."""

import time

from peers import probes
from peers.calling import channel
from peers.certificates import ForeignAuthority, WorkloadFiles, certificates, new_key, now, request
from peers.control_plane import identity
from peers.discovery_source import unix_socket
from peers.sidecar import ClientSidecar, ServerSidecar
from peers.signing import create_certificate
from peers.suite import Suite


class Refusals(Suite):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plane = cls.control_plane(accounts=["cart", "web", "intruder"])
        cls.channel = channel(cls.plane, "socket")
        cls.addClassCleanup(cls.channel.close)

    def _source(self, account):
        return unix_socket(self.plane, self.plane.static_tokens[account])

    def _server(self, name="server", roots="ROOTCA"):
        return self.sidecar(ServerSidecar, name, self._source("cart"), client=identity("web"), roots=roots)

    def _client(self, account, port, *, server="cart", roots="ROOTCA", name=None):
        return self.sidecar(
            ClientSidecar,
            name or account,
            self._source(account),
            server=identity(server),
            port=port,
            roots=roots,
        )

    def _workload(self, account, *, seconds=0):
        """Files of a workload that holds its own key."""
        key = new_key()
        signed = create_certificate(self.channel, request(key), self.plane.static_tokens[account], seconds=seconds)
        return WorkloadFiles(self.folder, f"{self._testMethodName}-{account}", signed.chain_pem, key)

    def _foreign(self, account):
        chain, key = ForeignAuthority().leaf(identity(account))
        return WorkloadFiles(self.folder, f"{self._testMethodName}-foreign-{account}", chain, key)

    def _is_refused(self, port, workload):
        with self.assertRaises(OSError):
            probes.get(port, workload)

    def _serves_as(self, workload):
        server = probes.TLSServer(workload)
        self.addCleanup(server.stop)
        return server.port

    def _wrong_client(self, roots):
        server = self._server(roots=roots).wait_until_ready()
        right = self._client("web", server.port, roots=roots).wait_until_ready()
        wrong = self._client("intruder", server.port, roots=roots).wait_until_ready()
        self.assertEqual(right.request().status, 200)
        self.assertEqual(wrong.request().status, 503)
        self.assertEqual(right.request().status, 200)
        self.assertEqual(server.stat(".ssl.fail_verify_san"), 1)

    def test_wrong_client(self):
        """A client of another identity is refused, by names next to ROOTCA"""
        self._wrong_client("ROOTCA")

    def test_wrong_client_by_validator(self):
        """A client of another identity is refused, by names next to the SPIFFE validator of ALL"""
        self._wrong_client("ALL")

    def test_wrong_server(self):
        """A server of another identity is refused"""
        server = self._server().wait_until_ready()
        right = self._client("web", server.port, name="right").wait_until_ready()
        wrong = self._client("web", server.port, server="intruder", name="wrong").wait_until_ready()
        self.assertEqual(right.request().status, 200)
        self.assertEqual(wrong.request().status, 503)
        self.assertEqual(wrong.stat(".new.ssl.fail_verify_san"), 1)

    def test_foreign_client(self):
        """A client with the right identity of a foreign authority is refused, by ROOTCA and by ALL"""
        for roots in ("ROOTCA", "ALL"):
            server = self._server(f"server-{roots}", roots).wait_until_ready()
            self.assertIn("200", probes.get(server.port, self._workload("web")))
            self._is_refused(server.port, self._foreign("web"))
            self.assertEqual(server.stat(".ssl.fail_verify_error"), 1)

    def test_foreign_server(self):
        """A server with the right identity of a foreign authority is refused"""
        right = self._client("web", self._serves_as(self._workload("cart")), name="right").wait_until_ready()
        wrong = self._client("web", self._serves_as(self._foreign("cart")), name="wrong").wait_until_ready()
        self.assertEqual(right.request().status, 200)
        self.assertEqual(wrong.request().status, 503)
        self.assertEqual(wrong.stat(".new.ssl.fail_verify_error"), 1)

    def test_expired(self):
        """A client and a server whose leaf has expired are refused, where it passed before"""
        server = self._server().wait_until_ready()
        client = self._client("web", self._serves_as(cart := self._workload("cart", seconds=15))).wait_until_ready()
        web = self._workload("web", seconds=15)
        self.assertIn("200", probes.get(server.port, web))
        self.assertEqual(client.request().status, 200)
        leaves = [certificates(files.chain.read_text())[0] for files in (cart, web)]
        end = max(leaf.not_valid_after_utc for leaf in leaves)
        self.assertLess(now(), end, "this machine is too slow for the test")
        time.sleep((end - now()).total_seconds() + 1)
        self._is_refused(server.port, web)
        self.assertEqual(client.request().status, 503)
        self.assertIn("200", probes.get(server.port, self._workload("web")), "a fresh one")
