"""Clocks that are apart: a certificate is good 120 seconds before it was made."""

from library.clock import clock_environment, clock_library
from peers.process import wait_until

from .pod import spiffe_id
from .strangers import knock
from .world import ADDRESSES

EARLY, LATE = 87, 88


def run(checks, world):
    library = clock_library(world.folder)
    with checks("sidecars whose clocks are 90 seconds ahead and 90 behind are ready"):
        early = world.sidecar("early", clock_environment(library, 90))
        late = world.sidecar("late", clock_environment(library, -90))
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
