"""TLS to servers outside of the mesh, by a real APISIX: whom it trusts, by which name, and that nothing goes to others."""

import os
import pathlib
import ssl
import tempfile
import unittest

from envoy.extensions.transport_sockets.tls.v3 import tls_pb2
from library import mesh
from library.ads import ADSServer
from library.identity import Authority, make_key
from library.mutual import SERVICE, assignment
from library.sidecar import OUTSIDE, Pod
from peers.process import wait_until

AT = "10.9.8.1"
NAME = "cart.shop.sa.cluster.local"


def secured(name, trusted=None, server_name=NAME):
    cluster = mesh.cluster(name)
    context = tls_pb2.UpstreamTlsContext(sni=server_name)
    if trusted:
        context.common_tls_context.validation_context.trusted_ca.inline_string = trusted.pem.decode()
    cluster.transport_socket.name = "tls"
    cluster.transport_socket.typed_config.Pack(context)
    return cluster


@unittest.skipUnless("SIDECAR_IMAGE" in os.environ, "hack/check-sidecar runs it")
class Outside(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="outside-")
        cls.addClassCleanup(holder.cleanup)
        folder = pathlib.Path(holder.name)
        cls.pod = Pod(folder, [f"{OUTSIDE}:8080", f"{SERVICE}:80"], [AT])
        cls.addClassCleanup(cls.pod.stop)
        authority = Authority("outside")
        key, pem = make_key()
        shown = folder / "shown.pem"
        shown.touch(mode=0o600)
        shown.write_bytes(authority.issue_to(key.public_key(), "cart") + pem)
        cls.pod.there(lambda: cls.serve(shown))
        cls.ads = ADSServer()
        cls.addClassCleanup(cls.ads.stop)
        clusters = [
            secured("right", authority), secured("stranger", Authority("another")),
            secured("misnamed", authority, "pay.shop.sa.cluster.local"), secured("unverified"),
        ]  # fmt: skip
        routes = mesh.routes("80", "right", "right.example")
        for name in ("stranger", "misnamed", "unverified", "mirrored"):
            routes.virtual_hosts.add().CopyFrom(mesh.routes("", name, f"{name}.example").virtual_hosts[0])
            routes.virtual_hosts[-1].name = name
        mirrored = routes.virtual_hosts[-1].routes[0].route
        mirrored.cluster = "right"
        mirrored.request_mirror_policies.add(cluster="copy")
        cls.ads.set(
            routes, mesh.listener("0.0.0.0_80", "80", 80), *clusters, mesh.cluster("copy"), assignment("copy", OUTSIDE),
            *(assignment(cluster.name, AT) for cluster in clusters),
        )  # fmt: skip
        cls.pod.start(cls.ads.address)
        wait_until(lambda: cls.status("unverified") == 200, 20, f"the server is reached\n{cls.pod.logs()[-2000:]}")

    @classmethod
    def serve(cls, shown):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(shown)
        cls.pod.serve(f"{AT}:8080", context)

    @classmethod
    def status(cls, name):
        return cls.pod.get(f"http://{SERVICE}/", Host=f"{name}.example").status

    def test_trusted(self):
        """A server whose authority is trusted for its name is served; of others nothing is taken, and they are told nothing"""
        self.assertEqual(self.status("right"), 200)
        before = len(self.pod.seen)
        for name in ("stranger", "misnamed"):
            with self.subTest(name=name):
                self.assertEqual(self.status(name), 503)
        self.assertEqual(len(self.pod.seen), before)

    def test_mirrored(self):
        """The name is the same where requests are mirrored, on connections that are new too"""
        for _ in range(20):
            self.assertEqual(self.status("mirrored"), 200)
        wait_until(lambda: (f"{OUTSIDE}:8080", "/") in self.pod.seen, 10, "a copy arrives")

    def test_kept_apart(self):
        """A connection that nobody verified is not used where somebody has to be"""
        for _ in range(20):
            self.assertEqual([self.status(name) for name in ("unverified", "right", "stranger")], [200, 200, 503])
