"""Who is refused, on both sides of 19443."""

from library.identity import Authority
from peers.process import wait_until

from .network import Capture
from .pod import NAMESPACE, spiffe_id
from .strangers import Impostor, MeshRoot, knock, serve
from .world import ADDRESSES, CART, PAY


def run(checks, world):
    callers(checks, world)
    ports(checks, world)
    servers(checks, world)


def is_refused(answer):
    """By the handshake, or by nginx right after it."""
    return answer.status in (0, 400)


def callers(checks, world):
    cart = ADDRESSES["cart"]
    world.cart  # noqa: B018
    root, foreign = MeshRoot(world.server), Authority("foreign")
    with checks("on 19443 a certificate that amesh serve gave is let in, whoever of the mesh it is"):
        for pod in (world.pod("web"), world.pod("plain")):
            answer = knock(cart, world.wardrobe.issued(pod))
            assert answer.status == 200 and answer.caller.endswith(f"URI={spiffe_id(pod.name)}"), answer
    with checks("so is one by the root's own key, which shows that those refused below lack only what they lack"):
        assert knock(cart, world.wardrobe.made(root, "web")).status == 200
    for title, files in {
        "no certificate": None,
        "one of a foreign authority": world.wardrobe.made(foreign, "web"),
        "one that has expired": world.wardrobe.made(root, "web", seconds=-60),
    }.items():
        with checks(f"{title} is refused"):
            answer = knock(cart, files)
            assert is_refused(answer), answer
    with checks("one of another trust domain, by the same root, is refused with the reason, and counted"):
        before = cart_denials(world, "trust_domain")
        answer = knock(cart, world.wardrobe.made(root, "web", trust_domain="elsewhere.test"))
        assert answer.status == 403 and answer.reason == "trust_domain", answer
        assert cart_denials(world, "trust_domain") == before + 1


def cart_denials(world, reason):
    """As Prometheus scrapes them from the sidecar."""
    return world.cart.metric(f'amesh_denied_requests_total{{reason="{reason}"}}')


def ports(checks, world):
    files = world.wardrobe.issued(world.pod("web"))
    with checks("ports that the Pod does not declare are not reached, nor what is no port"):
        for port in (15021, 22, 0, 70000, "8080x", None):
            answer = knock(ADDRESSES["cart"], files, port)
            assert answer.status == 403 and answer.reason == "port", (port, answer)
    with checks("one that it declares is, and a caller's word about itself is not believed there either"):
        answer = knock(ADDRESSES["cart"], files, 8081, x_forwarded_client_cert=f"URI={spiffe_id('admin')}")
        assert answer.status == 200 and answer.seen["port"] == 8081, answer
        assert answer.caller.endswith(f"URI={spiffe_id('web')}") and "admin" not in answer.caller, answer
    with checks("nor with underscores, which applications of CGI's kind take for hyphens"):
        spelled = {"X_Forwarded_Client_Cert": f"URI={spiffe_id('admin')}", "x_amesh_port": "8081", "x_other": "1"}
        answer = knock(ADDRESSES["cart"], files, None, spelled)
        assert answer.status == 200 and answer.seen["port"] == 8081, answer
        assert [name for name in answer.seen["headers"] if "_" in name] == ["x_other"], answer
        assert answer.caller.endswith(f"URI={spiffe_id('web')}") and "admin" not in answer.caller, answer


def servers(checks, world):
    """A Pod of the mesh, at whose 19443 somebody else listens."""
    if "pay" in world.sidecars:
        world.sidecars["pay"].stop()
    pay = world.pod("pay")
    root, foreign = MeshRoot(world.server), Authority("foreign")
    impostor = serve(pay, Impostor, world.mesh.bundle())
    try:
        impostor.show(world.wardrobe.made(root, "pay"))
        with checks("a server with the right certificate is talked to, and sees who calls"):
            wait_until(lambda: world.web.call(PAY).status == 200, 20, "it is reached")
            assert set(impostor.callers) == {spiffe_id("web")}, impostor.callers
        for title, files in {
            "another of the mesh": world.wardrobe.made(root, "cart"),
            "its namesake in another namespace": world.wardrobe.made(root, "pay", "other"),
            "its namesake of another trust domain": world.wardrobe.made(root, "pay", trust_domain="elsewhere.test"),
            "itself, by a foreign authority": world.wardrobe.made(foreign, "pay"),
            "itself, until a minute ago": world.wardrobe.made(root, "pay", seconds=-60),
        }.items():
            with checks(f"a server that shows {title} is told nothing"):
                impostor.show(files)
                impostor.heard = None
                with Capture(b"a-secret-path") as capture:
                    answer = world.web.call(PAY, "/a-secret-path")
                assert answer.status == 502 and impostor.heard is None and not capture.seen, (answer, impostor.heard)
    finally:
        impostor.shutdown()
        impostor.server_close()
    assert world.web.call(CART).status == 200
