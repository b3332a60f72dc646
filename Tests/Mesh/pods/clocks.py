"""Clocks that are apart: a certificate is good 120 seconds before it was made."""

from peers.process import wait_until

from .network import clock
from .pod import spiffe_id
from .strangers import knock
from .world import ADDRESSES

EARLY, LATE = 87, 88


def run(checks, world):
    with clock(world.folder, 90) as ahead, clock(world.folder, -90) as behind:
        with checks("sidecars whose clocks are 90 seconds ahead and 90 behind are ready"):
            early, late = world.sidecar("early", ahead), world.sidecar("late", behind)
            assert early.is_ready() and late.is_ready()
    with checks("they call each other by mutual TLS, both ways"):
        for caller, callee, port in (("early", "late", LATE), ("late", "early", EARLY)):
            application = world.pods[caller].application
            wait_until(lambda: application.call(port).caller, 20, f"{caller} calls {callee}")  # noqa: B023
            assert application.call(port).caller.endswith(f"URI={spiffe_id(caller)}")
    with checks("their clocks are what was said: one refuses what the other takes"):
        files = world.wardrobe.made_for_a_minute(world.server, "web")
        assert knock(ADDRESSES["late"], files).status == 200
        assert knock(ADDRESSES["early"], files).status in (0, 400)
