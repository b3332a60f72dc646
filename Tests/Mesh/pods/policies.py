"""Permissive and strict, on the way in and on the way out."""

from peers.process import wait_until

from .network import Capture
from .pod import spiffe_id
from .strangers import MeshRoot, knock
from .world import ADDRESSES, CART, MIXED, OUTSIDE, OWN_PORTS, PORTS, SAFE


def run(checks, world):
    web, safe = world.web, world.safe
    world.plain, world.cart  # noqa: B018
    inward(checks, world)
    with checks("a permissive sidecar sends plaintext where one endpoint takes nothing else"):
        with Capture(b"/mixed-by-web") as capture:
            answers = [web.call(MIXED, "/mixed-by-web") for _ in range(4)]
        assert {answer.status for answer in answers} == {200} and capture.seen, answers
        assert {answer.caller for answer in answers} == {None}, answers
    own = world.pods["safe"].application
    with checks("a strict one sends nothing there, to none of the endpoints"):
        with Capture(b"/mixed-by-safe") as capture:
            statuses = [own.call(MIXED, "/mixed-by-safe").status for _ in range(4)]
        assert statuses == [503] * 4 and not capture.seen, (statuses, capture.seen)
        assert safe.state()["refusedUpstreams"] >= 1, safe.state()
    with checks("where Pods have the application on different ports, each is asked for its own, by mutual TLS"):
        world.sidecar("dual")
        wait_until(lambda: own.call(OWN_PORTS).status == 200, 20, "they are known")
        answers = [own.call(OWN_PORTS) for _ in range(4)]
        assert {answer.status for answer in answers} == {200}, answers
        asked = {(answer.caller.partition(";")[0], answer.seen["port"]) for answer in answers}
        assert asked == {(f"By={spiffe_id('cart')}", 8081), (f"By={spiffe_id('dual')}", 8080)}, asked
    with checks("where one Pod has it on two ports it goes as plaintext, or not at all if strict"):
        answers = [web.call(PORTS) for _ in range(4)]
        assert {(answer.status, answer.caller) for answer in answers} == {(200, None)}, answers
        assert {answer.seen["port"] for answer in answers} == {8080, 8081}, answers
        assert own.call(PORTS).status == 503
    with checks("it goes on calling the mesh, and what is wholly outside of it"):
        wait_until(lambda: own.call(CART).caller, 20, "the mesh is called")
        assert own.call(OUTSIDE).status == 200


def inward(checks, world):
    address, root = ADDRESSES["safe"], MeshRoot(world.server)
    with checks("a strict Pod refuses plaintext, whoever sends it, and counts it"):
        sample = 'amesh_denied_requests_total{reason="plaintext"}'
        before = world.safe.metric(sample)
        answer = world.plain.application.call(8080, address=address, x_forwarded_client_cert=f"URI={spiffe_id('web')}")
        assert answer.status == 403 and answer.reason == "plaintext", answer
        assert world.safe.metric(sample) == before + 1
    with checks("but not the kubelet's probes"):
        assert world.safe.is_ready()
    with checks("who is on its list is served, a whole namespace too"):
        wait_until(lambda: world.web.call(SAFE).status == 200, 20, "it is called")
        assert world.web.call(SAFE).caller.endswith(f"URI={spiffe_id('web')}")
        assert knock(address, world.wardrobe.made(root, "any", "front")).status == 200
    with checks("who is not is refused with the reason, and counted"):
        sample = 'amesh_denied_requests_total{reason="not_allowed"}'
        before = world.safe.metric(sample)
        for account, namespace in (("webs", "amesh-e2e-mesh"), ("any", "fronts"), ("any", "other")):
            answer = knock(address, world.wardrobe.made(root, account, namespace))
            assert answer.status == 403 and answer.reason == "not_allowed", (account, namespace, answer)
        answer = world.pods["cart"].application.call(SAFE)
        assert answer.status == 403 and answer.reason == "not_allowed", answer
        assert world.safe.metric(sample) == before + 4
