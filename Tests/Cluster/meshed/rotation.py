"""A root's successor, from its preparation until the old one is nowhere any more."""

import base64
import time

from peers.certificates import certificates, fingerprint
from peers.process import wait_until

from .mesh import LEAF, SKEW
from .replica import Refused
from .steady import Creator, Follower
from .workload import sign, verified_id

# How long whoever has a leaf from before may have it.
SETTLING = LEAF + SKEW


def identities(pem):
    return {fingerprint(certificate) for certificate in certificates(pem)} if pem else set()


class Rotation:
    def __init__(self, checks, server, mesh, namespace, token, expected):
        self._checks, self._server, self._mesh, self._namespace = checks, server, mesh, namespace
        self._token, self._expected = token, expected
        self.old = mesh.bundle()
        self.new = None
        self._began = time.monotonic()

    def run(self):
        checks, mesh = self._checks, self._mesh
        leader = wait_until(mesh.leader, 20, "a leader")
        with Creator(self._server, self._namespace) as creator:
            followers = [Follower(replica, self._token) for replica in mesh.replicas]
            with followers[0], followers[1]:
                wait_until(lambda: all(each.bundles and each.chain for each in followers), 10, "streams at both")
                self._followers = followers
                self._steps(leader)
                with checks("no stream was cut meanwhile"):
                    assert [each.ends for each in followers] == [0, 0]
        with checks(f"of the Pods that were created meanwhile ({creator.created}) none was refused or lacks its sidecar"):
            assert creator.created > 100 and not creator.refused and not creator.bare, (
                creator.created,
                creator.refused[:3],
                creator.bare[:3],
            )

    def _steps(self, leader):
        checks, mesh = self._checks, self._mesh
        with checks("who does not lead refuses to rotate, and says why"):
            try:
                mesh.other(leader).ca("rotate", "prepare")
                raise AssertionError("it was taken")
            except Refused as refused:
                assert "lead" in str(refused), refused
        with checks("prepared by the leader, the next root is in every namespace beside the old one"):
            self._say(leader.ca("rotate", "prepare"))
            both = wait_until(lambda: two(mesh.bundle()), 10, "both roots")
            assert identities(self.old) < identities(both)
            (new,) = identities(both) - identities(self.old)
            self.new = next(each for each in split(both) if identities(each) == {new})
            wait_until(lambda: self._spread(both), 20, "both roots in every namespace")
        with checks("the webhooks trust both"):
            wait_until(lambda: self._trusts(both), 10, "both roots in every caBundle")
        with checks("streams at both replicas are told of it"):
            wait_until(lambda: all(two(each.bundles[-1]) for each in self._followers), 10, "both roots")
        with checks("nothing is signed under it yet"):
            self._signs_under(self.old)
        with checks("it is activated once everybody trusts it, and signs at both replicas"):
            self._say(self._when_safe(leader, "activate"))
            wait_until(lambda: self._signs_under(self.new, quietly=True), 15, "leaves under the new root at both")
        with checks("streams at both get leaves under it, and both roots stay everywhere"):
            wait_until(lambda: all(self._follows(each) for each in self._followers), LEAF, "leaves under the new root")
            assert self._spread(both) and self._trusts(both)
        with checks("the old one is retired once nothing under it is valid, and leaves every namespace"):
            self._say(self._when_safe(leader, "retire"))
            wait_until(lambda: identities(mesh.bundle()) == identities(self.new), 10, "only the new root")
            wait_until(lambda: self._spread(self.new), 20, "only the new root in every namespace")
            self.retired = time.monotonic()
        with checks("streams at both replicas have only the new one, and certificates go on"):
            wait_until(
                lambda: all(identities(each.bundles[-1]) == identities(self.new) for each in self._followers),
                10,
                "only the new root",
            )
            wait_until(lambda: self._signs_under(self.new, quietly=True), 15, "our own servers under the new root")
        checks.note(f"all of it took {time.monotonic() - self._began:.0f} s, with leaves of {LEAF} s")

    def ends(self, checks):
        """What is to leave the caBundle waits, since replicas may know different roots for a moment."""
        with checks("the webhooks trust only the new root in the end, neither the old one nor a stranger's"):
            wait_until(lambda: self._trusted() == [identities(self.new)], 120, "only the new root in every caBundle")
            checks.note(f"{time.monotonic() - self.retired:.0f} s after it was retired")

    # What there is to see

    def _spread(self, bundle):
        wanted = identities(bundle)
        names = [each["metadata"]["name"] for each in self._server.get("/api/v1/namespaces")["items"]]
        return all(identities(self._mesh.bundle(name)) == wanted for name in names)

    def _trusted(self):
        """The different sets of roots that our webhooks trust."""
        found = []
        for each in self._mesh.ca_bundles():
            roots = identities(base64.b64decode(each or "").decode())
            if roots not in found:
                found.append(roots)
        return found

    def _trusts(self, bundle):
        """Whether each of our webhooks trusts these roots, whatever else."""
        return all(identities(bundle) <= roots for roots in self._trusted())

    def _signs_under(self, root, *, quietly=False):
        """Whether both replicas sign for the Pod under that root alone."""
        try:
            for replica in self._mesh.replicas:
                chain, _ = sign(replica, self._token)
                assert verified_id(self._mesh.folder, chain, root) == self._expected
            return True
        except Exception:  # noqa: BLE001
            if quietly:
                return False
            raise

    def _follows(self, follower):
        try:
            return bool(verified_id(self._mesh.folder, split(follower.chain), self.new))
        except AssertionError:
            return False

    def _when_safe(self, leader, step):
        """Asks until it is not refused any more."""
        last = []

        def ask():
            try:
                return leader.ca("rotate", step)
            except Refused as refused:
                last[:] = [str(refused)]
                return None

        try:
            return wait_until(ask, 3 * SETTLING, step)
        except TimeoutError:
            raise AssertionError(f"{step} is still refused: {last}") from None

    def _say(self, text):
        self._checks.note(text.strip().splitlines()[0])


def two(bundle):
    return bundle if bundle and len(identities(bundle)) == 2 else None


def split(chain):
    end = "-----END CERTIFICATE-----\n"
    return [part + end for part in chain.split(end) if part.strip()]
