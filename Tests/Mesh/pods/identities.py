"""Who is on the other side: both know, the application is told, and nobody between can read it."""

from peers.process import wait_until

from .network import Capture
from .pod import spiffe_id
from .world import ADDRESSES, CART, FAR, OUTSIDE, PAY

MARKER = "nobody-else-says-this"


def run(checks, world):
    cart, web = world.cart, world.web
    with checks("two Pods that the webhook has injected are ready, with what it put in"):
        assert cart.is_ready() and world.sidecars["web"].is_ready()
        state = world.sidecars["web"].state()
        assert state["identity"] == spiffe_id("web") and state["connected"] and not state["lacksNames"], state
    with checks("a call is mutual TLS: the application is told who calls, by the certificate and nothing else"):
        wait_until(lambda: web.call(CART).caller, 20, "the call is mutual TLS")
        spoofed = {"x_forwarded_client_cert": f"URI={spiffe_id('admin')}", "x_amesh_port": "1"}
        answer = web.call(CART, **spoofed)
        assert answer.status == 200 and answer.seen["port"] == 8080, answer
        expected = f"By={spiffe_id('cart')};Hash="
        assert answer.caller.startswith(expected) and answer.caller.endswith(f";URI={spiffe_id('web')}"), answer.caller
        assert "x-amesh-port" not in answer.seen["headers"], answer
    with checks("of plaintext the application is told no caller, whatever the caller says"):
        answer = world.plain.application.call(8080, address=ADDRESSES["cart"], x_forwarded_client_cert="URI=me")
        assert answer.status == 200 and answer.caller is None, answer
    wire(checks, world)
    envoy(checks, world)


def wire(checks, world):
    web = world.web
    with checks("nothing of it can be read between the Pods: not path, not header, not what is answered"):
        with Capture(MARKER.encode()) as capture:
            assert web.call(CART, f"/{MARKER}", x_secret=MARKER).status == 200
        assert not capture.seen and capture.mutual > 4, (capture.seen, capture.mutual)
    with checks("what goes to a Pod outside of the mesh can, by the same eyes"):
        world.plain  # noqa: B018
        with Capture(MARKER.encode()) as capture:
            assert web.call(OUTSIDE, f"/{MARKER}").status == 200
        assert capture.seen and not capture.mutual, (capture.seen, capture.mutual)


def envoy(checks, world):
    with checks("an Envoy is called, which verifies the SPIFFE ID of the sidecar and is verified by its name"):
        far, web = world.far, world.web
        wait_until(lambda: web.call(FAR).status == 200, 20, "the Envoy is reached")
        headers = web.call(FAR).headers
        assert headers["x-client-id"] == spiffe_id("web") and headers["x-port"] == "8080", headers
    with checks("it lets in nobody else"):
        # Whoever has another certificate of the mesh.
        other = world.sidecar("pay")
        wait_until(lambda: other.state()["mutualUpstreams"] > 1, 20, "the other sidecar knows the Envoy")
        status = world.pods["pay"].application.call(FAR).status
        assert status == 502, status
    with checks("an Envoy calls, verifies the SPIFFE ID of the sidecar, and the application is told of it"):
        answer = far.call("/from-envoy")
        assert answer.status == 200 and answer.caller.endswith(f";URI={spiffe_id('far')}"), answer
        assert answer.seen["path"] == "/from-envoy", answer
