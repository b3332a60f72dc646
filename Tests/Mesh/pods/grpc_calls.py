"""gRPC by mutual TLS: calls and streams, trailers and statuses, between two sidecars and with an Envoy."""

import json
import pathlib
import sys

from library.identity import Authority
from peers.process import Child, wait_until

from .application import Application
from .envoy import MUTUAL_PORT, OUTBOUND
from .network import Capture
from .pod import NAMESPACE, TRUST_DOMAIN, spiffe_id
from .strangers import MeshRoot
from .world import ADDRESSES, FAR_HEARER, HEARER, MIMIC

_PROGRAM = pathlib.Path(__file__).resolve().parent / "talk.py"


def run(checks, world):
    world.sidecar("hearer", serves=())
    world.sidecar("talker", http2=True, serves=())
    serve(world, "hearer", 8080)
    between_sidecars(checks, world)
    with_envoy(checks, world)
    callers(checks, world)
    servers(checks, world)


def serve(world, name, port, *files):
    pod = world.pods[name]
    command = pod.network.command(sys.executable, _PROGRAM, "serve", port, *files)
    child = world.stop_at_end(Child(f"talk-{name}", command, pod.folder))
    child.wait_until(lambda: "serves" in child.output(), 20, "serves")
    return child


def call(world, name, address, *files):
    """What came of each kind of call, made in that Pod."""
    return json.loads(world.pods[name].network.run(sys.executable, _PROGRAM, "call", address, *files))


def by_service(world, port, name="talker"):
    return call(world, name, f"{Application.SERVICES}:{port}")


def is_whole(said):
    """A call with its trailers, a conversation in both directions, and an error as the server worded it."""
    conversation = said.get("talk") == ["ONE", "TWO", "THREE"]
    refusal = said.get("status") == "ALREADY_EXISTS" and said["details"] == "there is one"
    return said.get("trailers", {}).get("said") == "all" and conversation and refusal


def headers(said):
    return said["say"]["headers"]


def caller(said):
    return headers(said)["x-forwarded-client-cert"]


def between_sidecars(checks, world):
    with checks("gRPC between two sidecars: a call, a conversation in both directions, an error as it was worded"):
        wait_until(lambda: "say" in by_service(world, HEARER), 20, "it is called")
        with Capture(b"application/grpc", b"hello") as capture:
            said = by_service(world, HEARER)
        assert is_whole(said), said
    with checks("it is mutual TLS: the application is told who calls, and nothing can be read between the Pods"):
        assert caller(said).startswith(f"By={spiffe_id('hearer')};Hash="), said
        assert caller(said).endswith(f";URI={spiffe_id('talker')}"), said
        assert "x-amesh-port" not in headers(said), said
        assert not capture.seen and capture.mutual > 4, (capture.seen, capture.mutual)


def with_envoy(checks, world):
    # Its application is asked by it in plaintext.
    world.envoy("far-hearer", "talker", "hearer", grpc=True)
    serve(world, "far-hearer", 8080)
    with checks("an Envoy is called by gRPC, and verifies the SPIFFE ID of the sidecar"):
        wait_until(lambda: "say" in by_service(world, FAR_HEARER), 20, "the Envoy is reached")
        said = by_service(world, FAR_HEARER)
        assert is_whole(said), said
        assert headers(said)["x-client-id"] == spiffe_id("talker") and headers(said)["x-port"] == "8080", said
    with checks("an Envoy calls by gRPC, and the application is told of it"):
        said = call(world, "far-hearer", f"127.0.0.1:{OUTBOUND}")
        assert is_whole(said) and caller(said).endswith(f";URI={spiffe_id('far-hearer')}"), said


def callers(checks, world):
    at, name = f"{ADDRESSES['hearer']}:{MUTUAL_PORT}", f"hearer.{NAMESPACE}.sa.{TRUST_DOMAIN}"
    root, bundle = MeshRoot(world.server), world.mesh.bundle_file
    with checks("a client of gRPC with a certificate of the mesh is served on 19443"):
        files = world.wardrobe.issued(world.pods["talker"])
        said = call(world, "talker", at, files.chain, files.key, bundle, name)
        assert is_whole(said) and caller(said).endswith(f";URI={spiffe_id('talker')}"), said
    for title, files in {
        "by a foreign authority": world.wardrobe.made(Authority("foreign"), "talker"),
        "until a minute ago": world.wardrobe.made(root, "talker", seconds=-60),
    }.items():
        with checks(f"one with a certificate {title} is not"):
            said = call(world, "talker", at, files.chain, files.key, bundle, name)
            assert "say" not in said and said["status"] in ("UNAVAILABLE", "INTERNAL", "UNKNOWN"), said


def servers(checks, world):
    world.pod("mimic", serves=())
    root, bundle = MeshRoot(world.server), world.mesh.bundle_file
    for title, files, is_right in (
        ("the right certificate", world.wardrobe.made(root, "mimic"), True),
        ("that of another of the mesh", world.wardrobe.made(root, "hearer"), False),
        ("its own by a foreign authority", world.wardrobe.made(Authority("foreign"), "mimic"), False),
    ):
        server = serve(world, "mimic", MUTUAL_PORT, files.chain, files.key, bundle)
        try:
            if is_right:
                with checks(f"a server of gRPC with {title} is talked to, and sees who calls"):
                    wait_until(lambda: "say" in by_service(world, MIMIC), 20, "it is reached")
                    said = by_service(world, MIMIC)
                    assert is_whole(said) and spiffe_id("talker") in said["say"]["callers"], said
            else:
                with checks(f"one that shows {title} is told nothing"), Capture(b"application/grpc") as capture:
                    said = by_service(world, MIMIC)
                    assert said == {"status": "UNAVAILABLE", "details": said.get("details")}, said
                assert not capture.seen
        finally:
            server.stop()
