"""Three Pods: an upstream of which only some endpoints take mutual TLS, and one that joins while requests run."""

import json
import os
import pathlib
import tempfile
import unittest

from library import mesh
from library.ads import ADSServer
from library.identity import IdentityServer, spiffe_id, workload
from library.mutual import PORT, SERVICE, inbound
from library.other import Other
from library.sidecar import OUTSIDE, POD, Pod, run
from library.third import HERE, THIRD, Third
from library.two_sidecars import Load
from peers.process import free_port, wait_until


def outbound(*addresses, ports=(PORT, PORT), retries=0):
    routes = mesh.routes("80", "cart")
    policy = routes.virtual_hosts[0].routes[0].route.retry_policy
    policy.retry_on, policy.num_retries.value = "connect-failure", retries
    places = mesh.assignment("cart", *zip(addresses, ports))
    return [mesh.cluster("cart"), places, routes, mesh.listener("0.0.0.0_80", "80", 80)]


@unittest.skipUnless("SIDECAR_IMAGE" in os.environ, "hack/check-sidecar runs it")
class MixedUpstream(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="mtls-mixed-")
        cls.addClassCleanup(holder.cleanup)
        cls.folder = pathlib.Path(holder.name)
        cls.pod = Pod(cls.folder, [f"{OUTSIDE}:8080", f"{SERVICE}:80"])
        cls.addClassCleanup(cls.pod.stop)
        cls.third = Third(cls.pod)
        cls.addClassCleanup(cls.third.stop)
        cls.pod.there(lambda: cls.pod.serve("127.0.0.1:8080"))
        cls.pod.there(cls.redirect)
        for host in (THIRD, "127.0.0.1"):
            for port in (8080, 8081):
                cls.third.there(lambda host=host, port=port: cls.pod.serve(f"{host}:{port}"))
        port = free_port()
        cls.identity = IdentityServer(f"0.0.0.0:{port}")
        cls.addClassCleanup(cls.identity.stop)
        cls.identity.set_workload(OUTSIDE, workload("cart"))
        cls.common = {
            "AMESH_MTLS": "permissive", "AMESH_INBOUND_PORTS": "8080", "AMESH_TRUST_DOMAIN": "cluster.local",
            "AMESH_SDS_SERVER_NAME": "amesh.test", "AMESH_TOKEN_FILE": "/var/run/amesh/token",
            "AMESH_ROOT_CERT_FILE": "/var/run/amesh/root.pem", "AMESH_LOG_LEVEL": "warn",
        }  # fmt: skip
        cls.port = port
        cls.other = cls.start_other(cls.pod, "cart", OUTSIDE, POD, cls.pod.there, inbound())
        cls.addClassCleanup(cls.other.stop)
        cls.ads = ADSServer()
        cls.addClassCleanup(cls.ads.stop)
        cls.ads.set(*outbound(OUTSIDE, THIRD), *inbound())
        cls.pod.prepare({"token": b"web", "root.pem": cls.identity.tls_root.pem})
        cls.start_pod()

    @staticmethod
    def redirect(port=8080):
        run(os.environ["AMESH"], "redirect", "--outbound-ports", "80", "--inbound-ports", str(port))

    @classmethod
    def start_other(cls, place, account, address, server, there, resources, port=8080):
        """A sidecar elsewhere than in this process's own network, with a control plane of its own."""
        held = []
        there(lambda: held.append(ADSServer()))
        cls.addClassCleanup(held[0].stop)
        held[0].set(*resources)
        folder = cls.folder / account
        folder.mkdir(exist_ok=True)
        folder.chmod(0o777)
        (folder / "token").write_text(account)
        (folder / "root.pem").write_bytes(cls.identity.tls_root.pem)
        other = Other(place, folder)
        other.name = f"amesh-{account}-{os.getpid()}"
        other.start(
            **cls.common | {"AMESH_INBOUND_PORTS": str(port)},
            AMESH_SDS_SOURCE=f"https://{server}:{cls.port}", AMESH_XDS_SOURCE=held[0].address,
            POD_NAME=account, POD_NAMESPACE="shop", POD_IP=address,
        )  # fmt: skip
        return other

    @classmethod
    def start_pod(cls, mode="permissive"):
        settings = cls.common | {"AMESH_SDS_SOURCE": f"https://127.0.0.1:{cls.port}", "AMESH_MTLS": mode}
        cls.pod.start(cls.ads.address, **settings)
        wait_until(lambda: cls.status()["addresses"] == 2, 20, f"it knows the endpoints\n{cls.pod.logs()[-2000:]}")

    def restart_pod(self, mode):
        run("podman", "rm", "--force", "--time", "5", self.pod.name)
        self.start_pod(mode)

    @classmethod
    def status(cls):
        return json.loads(cls.pod.get("http://127.0.0.1:15021/debug/status").body)["mtls"]

    @classmethod
    def call(cls):
        return cls.pod.get(f"http://{SERVICE}/")

    def served(self, count=20):
        """Who has answered, and whom each has seen call: by SPIFFE ID, or "plain", or a status that is none of success."""
        said = {}
        for _ in range(count):
            answer = self.call()
            if answer.status != 200:
                said.setdefault(answer.status, set())
                continue
            certificate = answer.seen["headers"].get("x-forwarded-client-cert", "By=plain")
            named = dict(part.split("=", 1) for part in certificate.split(";"))
            said.setdefault(named["By"], set()).add(named.get("URI"))
        return said

    def settles(self, expected, what):
        """Each worker takes a change up when it next looks."""
        try:
            wait_until(lambda: self.served() == expected, 20, what)
        except TimeoutError as problem:
            raise AssertionError(f"{problem}: {self.served()}, {self.status()}") from None

    def test_permissive(self):
        """Where one endpoint takes no mutual TLS, a permissive Pod sends both plaintext"""
        self.settles({"plain": {None}}, "the endpoints are reached in plaintext")
        before = len(self.pod.seen)
        self.assertEqual(self.served(), {"plain": {None}})
        self.assertIn((f"{THIRD}:8080", "/"), self.pod.seen[before:])
        status = self.status()
        self.assertEqual((status["mutualUpstreams"], status["plainUpstreams"]), (0, 1))

    def test_strict(self):
        """A strict Pod sends nothing to such an upstream, and mutual TLS as soon as all of it takes that"""
        self.addCleanup(self.restart_pod, "permissive")
        self.restart_pod("strict")
        before = len(self.pod.seen)
        self.settles({503: set()}, "the mixed upstream is refused")
        self.assertEqual(len(self.pod.seen), before)
        self.assertEqual(self.status()["refusedUpstreams"], 1)
        self.addCleanup(self.ads.set, *outbound(OUTSIDE, THIRD))
        self.ads.set(*outbound(OUTSIDE))
        self.settles({spiffe_id("cart"): {spiffe_id("web")}}, "all of it takes mutual TLS")
        # The third Pod has no certificate: it is not served here either.
        refused = json.loads(self.third.curl(f"http://{POD}:8080/"))
        self.assertEqual(refused["reason"], "plaintext")

    def test_joins(self):
        """A Pod of another ServiceAccount gets a sidecar, joins under load and leaves again: mutual TLS to both, none fails"""
        self.addCleanup(self.ads.set, *outbound(OUTSIDE, THIRD))
        self.ads.set(*outbound(OUTSIDE))
        cart, further, web = spiffe_id("cart"), spiffe_id("cart-next"), spiffe_id("web")
        self.settles({cart: {web}}, "mutual TLS with the one that takes it")
        self.addCleanup(self.third.there, lambda: run(os.environ["AMESH"], "redirect", "--cleanup"))
        self.third.there(self.redirect)
        other = self.start_other(self.third, "cart-next", THIRD, HERE, self.third.there, [*outbound(OUTSIDE), *inbound()])
        self.addCleanup(other.stop)
        self.identity.set_workload(THIRD, workload("cart-next"))
        self.addCleanup(self.identity.set_workload, THIRD, None)
        with Load(self) as failures:
            self.ads.set(*outbound(OUTSIDE, THIRD))
            self.settles({cart: {web}, further: {web}}, "both serve, by mutual TLS")
            self.ads.set(*outbound(THIRD))
            self.settles({further: {web}}, "the new one serves alone")
            self.ads.set(*outbound(OUTSIDE))
            self.settles({cart: {web}}, "the old one serves alone")
        self.assertEqual(failures, [])
        # And it calls by itself, as who it is.
        headers = json.loads(self.third.curl(f"http://{SERVICE}/"))["headers"]
        self.assertRegex(headers["x-forwarded-client-cert"], rf"^By={cart};Hash=[0-9a-f]{{64}};URI={further}$")

    def test_ports_of_their_own(self):
        """Where Pods have the application on different ports each is asked for its own, as a second try is"""
        both = outbound(OUTSIDE, THIRD, ports=(8080, 8081), retries=2)
        self.addCleanup(self.ads.set, *outbound(OUTSIDE, THIRD))
        self.addCleanup(self.third.there, lambda: run(os.environ["AMESH"], "redirect", "--cleanup"))
        self.third.there(lambda: self.redirect(8081))
        other = self.start_other(self.third, "cart-own", THIRD, HERE, self.third.there, inbound(8081), port=8081)
        self.addCleanup(other.stop)
        self.identity.set_workload(THIRD, workload("cart-own", ports=((8081, 8081),)))
        self.addCleanup(self.identity.set_workload, THIRD, None)
        self.ads.set(*both)
        cart, own, web = spiffe_id("cart"), spiffe_id("cart-own"), spiffe_id("web")
        self.settles({cart: {web}, own: {web}}, "both serve, by mutual TLS")
        self.assertEqual({self.call().at for _ in range(20)}, {f"{OUTSIDE}:8080", f"{THIRD}:8081"})
        other.stop()
        before = self.pod.logs().count(f"{THIRD}:19443")
        self.assertEqual(self.served(40), {cart: {web}})
        # It was tried, too.
        self.assertGreater(self.pod.logs().count(f"{THIRD}:19443"), before)
