"""Pods with addresses of IPv6 only, and one with both: found, redirected and verified like any other."""

from library.identity import Authority
from peers.process import wait_until

from .application import Application, ask
from .network import HAS_IPV6, Capture
from .pod import spiffe_id
from .sidecar import METRICS_PORT, STATUS_PORT
from .strangers import knock
from .world import ADDRESSES_V6, CART, DUAL, DUAL_V6, SIX_CART

MARKER = "said-by-six"


def run(checks, world):
    if not HAS_IPV6:
        checks.skip("Pods with IPv6", "this kernel has none")
        return
    single(checks, world)
    dual(checks, world)


def call(world, name, port, path="/", **headers):
    return world.pods[name].application.call(port, path, Application.SERVICES_V6, **headers)


def single(checks, world):
    address = ADDRESSES_V6["six-cart"]
    with checks("two Pods that have IPv6 only are ready, and tell the kubelet so by their own addresses"):
        world.sidecar("six-cart", mtls="strict"), world.sidecar("six-web")
        assert world.sidecars["six-web"].state()["identity"] == spiffe_id("six-web")
        for name in ("six-cart", "six-web"):
            assert ask(ADDRESSES_V6[name], STATUS_PORT, "/healthz/ready").status == 200
            assert "amesh_peers" in ask(ADDRESSES_V6[name], METRICS_PORT, "/metrics").body
    with checks("one calls the other by mutual TLS, and nothing of it can be read between them"):
        wait_until(lambda: call(world, "six-web", SIX_CART).status == 200, 20, "it is called")
        with Capture(MARKER.encode()) as capture:
            answer = call(world, "six-web", SIX_CART, f"/{MARKER}", x_forwarded_client_cert="URI=me")
        assert answer.status == 200 and answer.seen["port"] == 8080, answer
        assert answer.caller.startswith(f"By={spiffe_id('six-cart')};Hash="), answer.caller
        assert answer.caller.endswith(f";URI={spiffe_id('six-web')}"), answer.caller
        assert "x-amesh-port" not in answer.seen["headers"], answer
        assert not capture.seen and capture.mutual > 4, (capture.seen, capture.mutual)
    with checks("one that calls itself by its Service is its own caller"):
        answer = call(world, "six-cart", SIX_CART)
        assert answer.status == 200 and answer.caller.endswith(f";URI={spiffe_id('six-cart')}"), answer
    with checks("plaintext is refused, and so is a foreign certificate"):
        answer = ask(address, 8080)
        assert answer.status == 403 and answer.reason == "plaintext", answer
        foreign = world.wardrobe.made(Authority("foreign"), "six-web")
        assert knock(address, foreign).status in (0, 400)
    with checks("on 19443 one that amesh serve gave is let in, to ports that the Pod declares"):
        files = world.wardrobe.issued(world.pods["six-web"])
        answer = knock(address, files)
        assert answer.status == 200 and answer.caller.endswith(f";URI={spiffe_id('six-web')}"), answer
        assert knock(address, files, 22).reason == "port"


def dual(checks, world):
    web, cart = world.web, world.cart
    world.sidecar("dual")
    for title, call_it in {
        "IPv4": lambda: web.call(DUAL),
        "IPv6": lambda: call(world, "six-web", DUAL_V6),
    }.items():
        with checks(f"a Pod with both is called by {title}, in mutual TLS"):
            wait_until(lambda: call_it().status == 200, 20, "it is called")  # noqa: B023
            assert f"By={spiffe_id('dual')};" in call_it().caller, call_it()
    with checks("it calls Pods that have one of them, whichever it is"):
        own = world.pods["dual"].application
        for answer, callee in ((own.call(CART), "cart"), (call(world, "dual", SIX_CART), "six-cart")):
            assert answer.status == 200, (callee, answer)
            assert answer.caller.startswith(f"By={spiffe_id(callee)};"), (callee, answer.caller)
            assert answer.caller.endswith(f";URI={spiffe_id('dual')}"), answer.caller
    assert cart.is_ready()
