#!/usr/bin/env python3
"""The figures of hack/bench-plugins; run by hack/e2e, whose modules it uses."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time

from api_server import APIServer
from meshed.checks import Checks
from meshed.herd import SIDECARS, Herd
from meshed.mesh import Mesh
from meshed.plugins import Configs, config
from meshed.pods import ENABLED, kubectl, pod
from meshed.sidecars import PluginSidecar
from meshed.workload import pod_token

NAMESPACE = "amesh-e2e-bench-plugins"
ROUNDS = 20


def main():
    checks = Checks()
    with APIServer() as server, Mesh(server) as mesh:
        manifest = subprocess.run(
            [os.environ["KUBECTL"], "kustomize", "manifests/plugins"], capture_output=True, text=True, check=True
        ).stdout
        # The webhook's Service leads nowhere here, and it is not what is measured.
        documents = [each for each in manifest.split("\n---\n") if "ValidatingWebhookConfiguration" not in each]
        path = mesh.folder / "plugins.yaml"
        path.write_text("\n---\n".join(documents), encoding="utf-8")
        applied, said = kubectl("apply", "--validate=false", "--filename", str(path))
        assert applied, said
        server.make_namespace(NAMESPACE, ENABLED)
        with checks(f"{ROUNDS} changes reach {SIDECARS} sidecars"):
            asyncio.run(measure(server, mesh))
    return checks.close()


async def measure(server, mesh):
    created = server.create_pod(NAMESPACE, pod("real", labels={"app": "app-0"}))
    herd = Herd(server, mesh, NAMESPACE)
    sidecar = PluginSidecar(mesh, "real", (f"{NAMESPACE}/real", pod_token(server, created)), mesh.plugin_port)
    configs = Configs(server, NAMESPACE)
    from_apply, from_answer, spread, bumps = [], [], [], []
    try:
        async with herd:
            for number in range(ROUNDS):
                described = config("bench", ("response-rewrite", {"body": str(number)}))
                version = sidecar.nginx.dump().version
                bump = asyncio.create_task(asyncio.to_thread(bumped, sidecar, version, number))
                herd.times.clear()
                began = time.monotonic()
                if number % 2:
                    applied, said = await asyncio.to_thread(
                        kubectl, "apply", "--namespace", NAMESPACE, "--filename", "-", stdin=described
                    )
                    assert applied, said
                else:
                    await asyncio.to_thread(configs.put, described)
                await herd.until(lambda: len(herd.times) == SIDECARS, 60, "every sidecar has it")
                taken = [moment - began for moment in herd.times.values()]
                (from_apply if number % 2 else from_answer).extend(taken)
                spread.append(max(taken) - min(taken))
                bumps.append((await bump) - began)
                # The version changes at most so often; each round is one by itself.
                await asyncio.sleep(1)
    finally:
        sidecar.close()
    show("kubectl apply → a sidecar's stream", from_apply)
    show("request to the API server → a sidecar's stream", from_answer)
    show("first sidecar → last sidecar", spread)
    show("kubectl apply → version in APISIX's dictionary", bumps[1::2])
    show("request to the API server → version in APISIX's dictionary", bumps[::2])
    print(f"    pushes: {herd.pushes}, {json.dumps({'sidecars': SIDECARS, 'rounds': ROUNDS})}")


def bumped(sidecar, version, number):
    wanted = f'"body":"{number}"'
    while True:
        dump = sidecar.nginx.dump()
        if dump.version != version and wanted in str(dump.objects):
            return time.monotonic()
        time.sleep(0.005)


def show(what, seconds):
    ordered = sorted(seconds)
    at = lambda part: ordered[min(len(ordered) - 1, int(part * len(ordered)))] * 1000  # noqa: E731
    print(
        f"    {what}: p50 {statistics.median(ordered) * 1000:.0f} ms, p99 {at(0.99):.0f} ms, "
        f"most {ordered[-1] * 1000:.0f} ms, {len(ordered)} samples"
    )


if __name__ == "__main__":
    sys.exit(main())
