"""Everything rotates under load, the authority crashes, and no request fails."""

import time
import urllib.parse

from peers import probes
from peers.certificates import certificates, fingerprint, pem
from peers.control_plane import CommandRefused, identity
from peers.discovery_source import unix_socket, watched_roots
from peers.load import Load
from peers.process import wait_until
from peers.sidecar import ClientSidecar, ServerSidecar
from peers.suite import Suite
from peers.watcher import BundleWatcher

LEAF = 20
# The shortest that leaves of 20 s allow; replaced when two of them are left.
INTERMEDIATE = 80
SKEW = 1
# When Envoys are asked to connect again, which brings a new leaf too.
CONNECTION_AGE = 30
REQUESTS_PER_SECOND = 25
# How many leaves each side has shown at least when it is over; one is pushed every 8 to 12 s.
LEAVES = 5


class Rotation(Suite):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plane = cls.control_plane(
            accounts=["cart", "web", "watcher"],
            leaf={"lifetimeSeconds": LEAF, "maximumSeconds": LEAF},
            intermediateLifetimeSeconds=INTERMEDIATE,
            clockSkewSeconds=SKEW,
            root={"rotation": "manual"},
            limits={"connectionAgeSeconds": CONNECTION_AGE},
        )

    def test_under_load(self):
        """Leaves, intermediates and the root rotate and amesh is killed and restarted under load: no request fails"""
        server, client = self._sidecars()
        watcher = BundleWatcher(self.plane, self.plane.static_tokens["watcher"]).start()
        self.addCleanup(watcher.stop)
        load = Load(client.port, per_second=REQUESTS_PER_SECOND).start()
        self.addCleanup(load.stop)
        wait_until(lambda: len(load.client_serials) >= 1, 10, "the first answer")
        first = self._root(watcher, 1)

        # The root, step by step; amesh is killed while the new one is prepared.
        self.plane.command("rotate", "prepare")
        both = self._bundle(watcher, 2, 10, "both roots in the bundle")
        self.assertIn(first, both)
        self.assertRaisesRegex(CommandRefused, "has not reached everyone", self.plane.command, "rotate", "activate")
        self.plane.crash_and_restart()
        self._rotate_when_safe("activate")
        self._wait_for_issuers(load, 1, 30)
        self.assertRaisesRegex(CommandRefused, "may be valid until", self.plane.command, "rotate", "retire")
        self._rotate_when_safe("retire")
        (second,) = self._bundle(watcher, 1, 10, "only the new root in the bundle")
        self.assertNotEqual(first, second)
        self.assertFalse(probes.trusts(server.port, self._pem_of(watcher, first)), "the server shows the old root's")
        self.assertTrue(probes.trusts(server.port, self._pem_of(watcher, second)), "the server shows the new root's")

        # An intermediate is replaced for its age alone: no command and no start made this one.
        self._wait_for_issuers(load, 1, 60)
        # Killed once more, with nothing under way.
        self.plane.crash_and_restart()
        self._wait_for_issuers(load, 1, 30)
        shown = (load.client_serials, load.server_certificates)
        wait_until(lambda: min(map(len, shown)) >= LEAVES, 60, f"{LEAVES} leaves each")
        load.stop()

        self.assertEqual(len(load.failures), 0, "\n".join([f"failed, of {load.answers}:", *load.failures[:10]]))
        self._shows_what_was_issued("web", [int(serial, 16) for serial in load.client_serials])
        servers = [certificates(urllib.parse.unquote(text))[0] for text in load.server_certificates]
        self._shows_what_was_issued("cart", [certificate.serial_number for certificate in servers])
        for kind in ("kept", "new"):
            self.assertGreater(load.answers[kind], 500, f"requests over connections of the kind {kind}")
        for envoy in (server, client):
            self.assertEqual(envoy.stat(".update_rejected"), 0, f"secrets that {envoy.name} refused")
        print(self._summary(load), flush=True)

    def _sidecars(self):
        """The server's is told by delta over the Unix socket, the client's over TLS, and takes the SPIFFE validator."""
        tokens = self.plane.static_tokens
        server = self.sidecar(
            ServerSidecar, "server", unix_socket(self.plane, tokens["cart"], delta=True), client=identity("web")
        )
        client = self.sidecar(
            ClientSidecar,
            "client",
            watched_roots(self.plane, tokens["web"], self.folder),
            server=identity("cart"),
            port=server.port,
            roots="ALL",
        )
        return server.wait_until_ready(), client.wait_until_ready()

    def _shows_what_was_issued(self, account, shown):
        """What was shown is what was issued to the account, in that order."""
        issued = [
            int(line["serial"].replace(":", ""), 16)
            for line in self.plane.audit()
            if (line["event"], line["identity"]) == ("issued", identity(account))
        ]
        self.assertEqual([serial for serial in issued if serial in shown], shown, account)
        # The last may be on its way, and a crash may have come between one and its delivery.
        self.assertGreaterEqual(len(shown), len(issued) - 2, account)

    def _rotate_when_safe(self, step):
        """Asks until it is not refused any more."""
        deadline = time.monotonic() + 60
        while True:
            try:
                return self.plane.command("rotate", step)
            except CommandRefused:
                if time.monotonic() > deadline:
                    raise
            time.sleep(1)

    @staticmethod
    def _wait_for_issuers(load, count, seconds):
        """Until leaves of so many other intermediates have been shown than until now."""
        before = len(load.client_issuers)
        wait_until(lambda: len(load.client_issuers) >= before + count, seconds, "leaves of another intermediate")

    def _bundle(self, watcher, count, seconds, what):
        """Fingerprints of the roots, once there are so many."""
        return wait_until(lambda: self._roots(watcher, count), seconds, what)

    def _root(self, watcher, count):
        return self._bundle(watcher, count, 10, "the bundle")[0]

    @staticmethod
    def _roots(watcher, count):
        if not watcher.bundles:
            return None
        roots = [fingerprint(root) for root in certificates(watcher.bundles[-1])]
        return roots if len(roots) == count else None

    @staticmethod
    def _pem_of(watcher, root):
        return next(pem(c) for bundle in watcher.bundles for c in certificates(bundle) if fingerprint(c) == root)

    @staticmethod
    def _summary(load):
        return (
            f"       {load.answers['new']} requests over new connections, {load.answers['kept']} over kept ones; "
            f"{len(load.client_serials)} leaves of the client from {len(load.client_issuers)} intermediates, "
            f"{len(load.server_certificates)} of the server"
        )
