"""An endpoint that leaves the mesh and comes back, under load."""

from peers.process import wait_until

from .application import Load
from .network import Capture
from .world import ADDRESSES, CART, settle

ELSEWHERE = "10.9.0.99"


def run(checks, world):
    web, cart = world.web, world.cart
    sidecar, pod = world.sidecars["web"], world.pods["cart"]
    wait_until(lambda: web.call(CART).caller, 20, "the call is mutual TLS")
    with checks("an endpoint that stops being meshed gets plaintext, one that is again does not, and no request fails"):
        with Load(world.pods["web"], CART) as load:
            for address in (ELSEWHERE, ADDRESSES["cart"], ELSEWHERE, ADDRESSES["cart"]):
                pod.assign(address)
                is_mutual = address != ELSEWHERE
                wait_until(lambda: bool(web.call(CART).caller) == is_mutual, 20, f"mutual: {is_mutual}")  # noqa: B023
                settle(1)
        assert not load.failures, load.failures[:5]
        assert load.answered[CART] > 50, load.answered
        checks.note(f"{load.answered[CART]} requests meanwhile")
    with checks("once it is, nothing goes in plaintext any more"):
        settle(1)
        with Capture(b"/after-that") as capture, Load(world.pods["web"], CART, path="/after-that") as load:
            settle(1)
        assert not load.failures and not capture.seen and load.answered[CART] > 5, (load.failures, capture.seen)
        assert cart.is_ready() and sidecar.is_ready()
