#!/usr/bin/env python3
"""The figures of hack/bench-plugins; run by hack/e2e, whose modules it uses."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import threading
import time

from api_server import APIServer
from meshed.checks import Checks
from meshed.herd import SIDECARS, Herd
from meshed.mesh import Mesh
from meshed.plugins import PATH, Configs, config
from meshed.pods import ENABLED, kubectl, pod
from meshed.sidecars import PluginSidecar
from meshed.workload import pod_token

NAMESPACE = "amesh-e2e-bench-plugins"
# Every other one by kubectl.
ROUNDS = 60
ROWS = [
    *(
        f"{who} → {end}"
        for who in ("kubectl apply", "a request")
        for end in ("its own end", "the API server's watch", "a sidecar's stream", "version in APISIX's dictionary")
    ),
    "first stream → last stream",
    "first stream → version in APISIX's dictionary",
]


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
    # When the API server itself has told of which change.
    told = {}
    threading.Thread(target=listen, args=[server, told], daemon=True).start()
    rows = {row: [] for row in ROWS}
    try:
        async with herd:
            for number in range(ROUNDS):
                described = config("bench", ("response-rewrite", {"body": str(number)}))
                version = sidecar.nginx.dump().version
                bump = asyncio.create_task(asyncio.to_thread(bumped, sidecar, version, number))
                who, began = "kubectl apply" if number % 2 else "a request", time.monotonic()
                if number % 2:
                    applied, said = await asyncio.to_thread(
                        kubectl, "apply", "--namespace", NAMESPACE, "--filename", "-", stdin=described
                    )
                    assert applied, said
                else:
                    await asyncio.to_thread(configs.put, described)
                rows[f"{who} → its own end"].append(time.monotonic() - began)
                await herd.until(lambda: len(herd.moments(began)) == SIDECARS, 60, "every sidecar has it")  # noqa: B023
                moments = herd.moments(began)
                rows[f"{who} → a sidecar's stream"] += [moment - began for moment in moments]
                rows["first stream → last stream"].append(max(moments) - min(moments))
                await herd.until(lambda: number in told, 60, "the API server has told")  # noqa: B023
                rows[f"{who} → the API server's watch"].append(told[number] - began)
                changed = await bump
                rows[f"{who} → version in APISIX's dictionary"].append(changed - began)
                rows["first stream → version in APISIX's dictionary"].append(changed - min(moments))
                # The version changes at most so often; each round is one by itself.
                await asyncio.sleep(1)
    finally:
        sidecar.close()
    for row, seconds in rows.items():
        show(row, seconds)
    print(f"    pushes: {herd.pushes}, {json.dumps({'sidecars': SIDECARS, 'rounds': ROUNDS})}")


def listen(server, told):
    for event in server.watch(PATH.format(NAMESPACE)):
        moment = time.monotonic()
        settings = event["object"]["spec"]["plugins"][0]["config"]
        told.setdefault(int(settings["body"]), moment)


def bumped(sidecar, version, number):
    wanted = f'"body":"{number}"'
    while True:
        version = sidecar.nginx.get(f"/next?version={version}").strip()
        moment = time.monotonic()
        if wanted in str(sidecar.nginx.dump().objects):
            return moment


def show(what, seconds):
    ordered = sorted(seconds)
    at = lambda part: ordered[min(len(ordered) - 1, int(part * len(ordered)))] * 1000  # noqa: E731
    print(
        f"    {what}: p50 {statistics.median(ordered) * 1000:.0f} ms, p99 {at(0.99):.0f} ms, "
        f"most {ordered[-1] * 1000:.0f} ms, {len(ordered)} samples"
    )


if __name__ == "__main__":
    sys.exit(main())
