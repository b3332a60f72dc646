"""Many Pods at once, and what admission adds to each."""

import concurrent.futures
import time

from .pods import has_sidecar, is_untouched, pod

PODS, CLIENTS = 1000, 16
# For the comparison, of each kind, one after the other.
SAMPLES = 300


def crowd(checks, server, plain, meshed):
    with checks(f"{PODS} Pods, created as fast as the API server takes them, all have their sidecars"):
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            made = list(pool.map(lambda _: has_sidecar(server.create_pod(meshed, pod())), range(PODS)))
        seconds = time.monotonic() - began
        assert all(made), f"{made.count(False)} lack it"
        checks.note(f"{CLIENTS} clients, {seconds:.1f} s, {PODS / seconds:.0f} Pods/s")
    with checks("and so the API server has kept them"):
        kept = listed(server, meshed)
        assert len(kept) >= PODS and all(map(has_sidecar, kept)), len(kept)
    with checks(f"what admission adds to a Pod's creation ({SAMPLES} with and without, in turn)"):
        times = {plain: [], meshed: []}
        for _ in range(SAMPLES):
            for namespace, expected in ((plain, is_untouched), (meshed, has_sidecar)):
                began = time.monotonic()
                created = server.create_pod(namespace, pod())
                times[namespace].append(1000 * (time.monotonic() - began))
                assert expected(created)
        for share in (0.5, 0.99):
            without, with_it = (quantile(times[namespace], share) for namespace in (plain, meshed))
            checks.note(
                f"p{100 * share:.0f}: {without:.1f} ms without, {with_it:.1f} ms with, {with_it - without:.1f} ms added"
            )


def listed(server, namespace):
    """All Pods of it, page by page."""
    items, rest = [], ""
    while True:
        page = server.get(f"/api/v1/namespaces/{namespace}/pods?limit=500{rest}")
        items += page["items"]
        token = page["metadata"].get("continue")
        if not token:
            return items
        rest = f"&continue={token}"


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
