"""A real sidecar that has its certificates of a real `amesh serve`, with leaves of some seconds."""

import json
import os
import pathlib
import tempfile
import unittest

from library.ads import ADSServer
from library.mutual import SERVICE, outbound
from library.sidecar import OUTSIDE, Pod
from peers.control_plane import TRUST_DOMAIN, ControlPlane, identity
from peers.process import LOOPBACK, wait_until

SECONDS = 12


@unittest.skipUnless("SIDECAR_IMAGE" in os.environ, "hack/check-sidecar runs it")
class RealServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="mtls-server-")
        cls.addClassCleanup(holder.cleanup)
        folder = pathlib.Path(holder.name)
        cls.pod = Pod(folder, [f"{OUTSIDE}:8080", f"{SERVICE}:80"])
        cls.addClassCleanup(cls.pod.stop)
        leaf = {"lifetimeSeconds": SECONDS, "dnsNames": True}
        state = folder / "control-plane"
        state.mkdir()
        cls.server = ControlPlane(state, ["web"], leaf=leaf)
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)
        cls.ads = ADSServer()
        cls.addClassCleanup(cls.ads.stop)
        cls.ads.set(*outbound())
        roots = (cls.server.state / "identity" / "root-cert.pem").read_bytes()
        cls.pod.prepare({"token": cls.server.static_tokens["web"].encode(), "root.pem": roots})
        cls.pod.start(
            cls.ads.address,
            AMESH_MTLS="permissive",
            AMESH_INBOUND_PORTS="8080",
            AMESH_TRUST_DOMAIN=TRUST_DOMAIN,
            AMESH_SDS_SOURCE=f"https://{LOOPBACK}:{cls.server.port}",
            AMESH_SDS_SERVER_NAME="localhost",
            AMESH_TOKEN_FILE="/var/run/amesh/token",
            AMESH_ROOT_CERT_FILE="/var/run/amesh/root.pem",
        )

    def state(self):
        return json.loads(self.pod.get("http://127.0.0.1:15021/debug/status").body)["mtls"]

    def renewals(self):
        return self.state()["renewals"]

    def test_renewal(self):
        """Certificates follow each other, and none is refused; also when the server was killed"""
        self.assertEqual(self.state()["identity"], identity("web"))
        wait_until(lambda: self.renewals() >= 3, 40, "leaves are renewed")
        self.server.crash_and_restart()
        wait_until(lambda: self.state()["connected"], 40, "connected again")
        before = self.renewals()
        wait_until(lambda: self.renewals() >= before + 2, 40, "leaves are renewed again")
        state = self.state()
        self.assertEqual((state["lastFailure"], state["lacksNames"], state["roots"]), ("", False, 1))
        metrics = self.pod.get("http://127.0.0.1:15020/metrics").body
        self.assertIn("amesh_svid_refusals_total 0\n", metrics)

    def test_outside(self):
        """Where the server knows of no Pod, traffic goes as it did"""
        wait_until(lambda: self.pod.get(f"http://{SERVICE}/").status == 200, 20, "plaintext arrives")
        state = self.state()
        self.assertEqual((state["addresses"], state["unknownAddresses"], state["peers"]), (2, 0, 0))
        self.assertEqual(state["plainUpstreams"], 2)
