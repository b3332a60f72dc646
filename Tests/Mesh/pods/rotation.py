"""Certificates under load: leaves, an intermediate, a root through all its states, and the server that gives them away."""

import time

from meshed.mesh import LEAF
from meshed.replica import Refused
from peers.certificates import certificates, fingerprint
from peers.process import wait_until

from .application import Load
from .network import Capture
from .strangers import MeshRoot, knock
from .world import ADDRESSES, CART, FAR

PATH = "/under-load"


def roots(pem):
    return {fingerprint(certificate) for certificate in certificates(pem)}


def run(checks, world):
    far = world.far
    wait_until(lambda: world.web.call(CART).caller and world.web.call(FAR).status == 200, 20, "all is mutual TLS")
    old = world.wardrobe.made(MeshRoot(world.server), "web")
    with Capture(PATH.encode()) as capture, Load(world.pods["web"], CART, FAR, path=PATH) as load:
        leaves(checks, world, load)
        killed(checks, world)
        intermediate(checks, world)
        root(checks, world)
    with checks("none of the requests failed, to the sidecar and to the Envoy, and none of them could be read"):
        assert not load.failures, (len(load.failures), load.failures[:5])
        assert not capture.seen and capture.mutual > 1000, (capture.seen, capture.mutual)
        assert min(load.answered.values()) > 100, load.answered
        checks.note(
            f"{load.answered[CART]} to the sidecar, {load.answered[FAR]} to the Envoy, by {len(load.callers[CART])} "
            f"certificates, in {capture.frames} frames"
        )
    with checks("what the old root has signed is refused"):
        assert knock(ADDRESSES["cart"], old).status in (0, 400)
    with checks("what the new one has signed is taken, by the Envoy's too"):
        assert knock(ADDRESSES["cart"], world.wardrobe.issued(world.pods["web"])).status == 200
        assert far.call().status == 200
    away(checks, world)


def leaves(checks, world, load):
    with checks("leaves of 20 seconds follow each other on both sides"):
        before = {name: world.sidecars[name].state()["renewals"] for name in ("web", "cart")}
        wait_until(lambda: len(load.callers[CART]) >= 3 and len(load.callers[FAR]) >= 3, 3 * LEAF, "three of the caller's")
        wait_until(
            lambda: all(world.sidecars[name].state()["renewals"] >= before[name] + 2 for name in before), LEAF, "renewals"
        )


def killed(checks, world):
    with checks("amesh serve is killed and comes back: certificates go on"):
        world.kill_server()
        world.start_server()
        states = {name: world.sidecars[name].state()["renewals"] for name in ("web", "cart")}
        for name, before in states.items():
            sidecar = world.sidecars[name]
            wait_until(lambda: sidecar.state()["renewals"] > before, 2 * LEAF, f"{name} has another")  # noqa: B023


def issuer(world):
    chain = world.wardrobe.issued(world.pods["web"]).chain.read_text(encoding="utf-8")
    return fingerprint(certificates(chain)[1])


def intermediate(checks, world):
    # A replica that was started again has another one, since no key of it is kept.
    with checks("a later intermediate signs, and is taken"):
        first = issuer(world)
        world.kill_server()
        world.start_server()
        assert issuer(world) != first
        before = world.sidecars["web"].state()["renewals"]
        wait_until(lambda: world.sidecars["web"].state()["renewals"] > before, 2 * LEAF, "a leaf under it")


def root(checks, world):
    mesh, replica = world.mesh, world.replica
    old = roots(mesh.bundle())
    wait_until(mesh.leader, 40, "a leader")
    with checks("the next root is prepared, and every sidecar trusts both"):
        replica.ca("rotate", "prepare")
        wait_until(lambda: len(roots(mesh.bundle())) == 2, 20, "both are published")
        (new,) = roots(mesh.bundle()) - old
        both = [world.sidecars[name] for name in ("web", "cart")]
        wait_until(lambda: all(each.state()["roots"] == 2 for each in both), 20, "both trust both")
    with checks("it is activated, and leaves under it are in use on both sides"):
        when_safe(replica, "activate")
        for name in ("web", "cart"):
            before = world.sidecars[name].state()["renewals"]
            wait_until(lambda: world.sidecars[name].state()["renewals"] > before, 2 * LEAF, f"{name} has one")  # noqa: B023
    with checks("the old one is retired, and nobody trusts it any more"):
        when_safe(replica, "retire")
        wait_until(lambda: roots(mesh.bundle()) == {new}, 20, "only the new one is published")
        wait_until(lambda: all(each.state()["roots"] == 1 for each in both), 20, "it is gone")
        time.sleep(2)


def when_safe(replica, step):
    """Without force: as soon as `amesh ca` says that nothing is lost by it."""

    def is_done():
        try:
            replica.ca("rotate", step)
            return True
        except Refused:
            time.sleep(1)
            return False

    wait_until(is_done, 4 * LEAF, f"safe to {step}")


def away(checks, world):
    with checks("amesh serve is away for longer than half of a leaf's life: no request fails, then certificates go on"):
        names = ("web", "cart")
        before = {name: world.sidecars[name].state()["renewals"] for name in names}
        # Both have a fresh one, of the same moment: a new stream asks anew.
        world.kill_server()
        world.start_server()
        for name in names:
            wait_until(lambda: world.sidecars[name].state()["renewals"] > before[name], LEAF, "a renewal")  # noqa: B023
        with Load(world.pods["web"], CART) as load:
            world.kill_server()
            time.sleep(LEAF / 2 + 1)
            world.start_server()
            for name in names:
                known = world.sidecars[name].state()["renewals"]
                wait_until(lambda: world.sidecars[name].state()["renewals"] > known, 2 * LEAF, "a renewal")  # noqa: B023
        assert not load.failures, (len(load.failures), load.failures[:5])
        assert load.answered[CART] > 50, load.answered
        checks.note(f"{load.answered[CART]} requests meanwhile")
