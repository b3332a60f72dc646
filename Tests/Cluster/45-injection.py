#!/usr/bin/env python3
"""What becomes of Pods while two replicas of `amesh serve` answer the API server."""

import concurrent.futures
import difflib
import json
import os
import sys

from api_server import APIServer, RefusedPod
from meshed.checks import Checks
from meshed.mesh import Mesh
from meshed.pods import (
    ENABLED,
    INJECT,
    INJECTION,
    PREFIX,
    STATUS,
    amesh,
    has_sidecar,
    is_untouched,
    kubectl,
    pod,
    revision,
    rich_pod,
    template,
    without_chance,
)
from peers.process import wait_until

MINOR = int(os.environ["SERVER_MINOR"])
PLAIN, MESHED, OFF = "amesh-e2e-plain", "amesh-e2e-meshed", "amesh-e2e-off"
# Namespaces that are labelled and get a Pod in the same instant.
INSTANTS = 40


def main():
    checks = Checks()
    with APIServer() as server, Mesh(server) as mesh:
        replicas(checks, mesh)
        for name, labels in ((PLAIN, {}), (MESHED, ENABLED), (OFF, {INJECTION: "disabled"})):
            server.make_namespace(name, labels)
        exact(checks, server, mesh)
        opted(checks, server)
        said(checks, server)
        owners(checks, server)
        untouched(checks, server)
        controllers(checks, server)
        instants(checks, server, mesh)
    return checks.close()


def replicas(checks, mesh):
    with checks("two replicas run as the control plane's ServiceAccount and are ready"):
        for replica in mesh.replicas:
            assert replica.ready() == (200, "ready\n"), replica.ready()
    with checks("exactly one of them leads"):
        wait_until(mesh.leader, 20, "a leader")
        assert not mesh.leads(mesh.other(mesh.leader()))
    with checks("both issue under the one root that the cluster has"):
        bundles = {each.bundle_file.read_text(encoding="utf-8") for each in mesh.replicas}
        assert bundles == {mesh.bundle()}, bundles
        assert mesh.bundle().count("BEGIN CERTIFICATE") == 1
    with checks("neither is denied anything by the API server"):
        for replica in mesh.replicas:
            refused = [line for line in replica.log().splitlines() if "forbidden" in line.lower()]
            assert not refused, refused


def exact(checks, server, mesh):
    created = {}
    with checks("a Pod of a labelled namespace comes back with its sidecar"):
        created |= server.create_pod(MESHED, rich_pod("rich"))
        assert has_sidecar(created), created["spec"]
        assert revision(created) == "default"
    with checks("it is exactly what `amesh inject` makes of it"):
        arguments = ["--config", mesh.configuration, "--kubernetes-version", f"1.{MINOR}"]
        # As the webhook saw it, with the API server's defaults; then again, for the defaults of what was added.
        seen = server.create_pod(PLAIN, rich_pod("rich"), dry_run=True)
        injected = amesh("inject", seen, *arguments)
        expected = server.create_pod(PLAIN, injected, dry_run=True)
        assert without_chance(created) == without_chance(expected), difference(created, expected)
    with checks("`amesh uninject` of it gives back what it was"):
        original = amesh("uninject", created)
        assert without_chance(original) == without_chance(seen), difference(original, seen)
    with checks("a dry run of the server is answered alike"):
        dry = server.create_pod(MESHED, rich_pod("dry"), dry_run=True)
        assert without_chance(dry) == without_chance(created), difference(dry, created)
        assert server.request("GET", f"/api/v1/namespaces/{MESHED}/pods/dry")[0] == 404
    with checks("sent again with its sidecar, it stays as it is"):
        again = without_chance(created)
        again["metadata"]["name"] = "again"
        again = server.create_pod(MESHED, again, dry_run=True)
        assert without_chance(again) == without_chance(created), difference(again, created)
    title = "the sidecar is a native one, as this cluster has them"
    if MINOR >= 29:
        with checks(title):
            (proxy,) = (each for each in created["spec"]["initContainers"] if each["name"] == "amesh-proxy")
            assert proxy["restartPolicy"] == "Always"
    else:
        checks.skip(title, "native sidecars need Kubernetes 1.29")
        with checks("the sidecar is a classic one, as this cluster knows no other"):
            assert created["spec"]["containers"][0]["name"] == "amesh-proxy"


def difference(one, other):
    """The first lines that differ, for people."""
    texts = [json.dumps(without_chance(each), indent=1, sort_keys=True).splitlines() for each in (one, other)]
    return "\n".join(list(difflib.unified_diff(*texts, n=1, lineterm=""))[:30])


def opted(checks, server):
    for title, namespace, described, expected in (
        ("a Pod may opt in by itself", PLAIN, pod(labels={INJECT: "true"}), True),
        ("a Pod may opt out in a labelled namespace", MESHED, pod(labels={INJECT: "false"}), False),
        ("a Pod that asks for nothing gets nothing", PLAIN, pod(), False),
        ("a namespace that is disabled gets nothing", OFF, pod(), False),
        ("a Pod of it may still opt in", OFF, pod(labels={INJECT: "true"}), True),
        ("a Pod of the node's network is left alone", MESHED, pod(hostNetwork=True), False),
        ("a Pod of another revision is left alone", MESHED, pod(labels={PREFIX + "rev": "elsewhere"}), False),
    ):
        with checks(title):
            created = server.create_pod(namespace, described)
            assert has_sidecar(created) if expected else is_untouched(created), created


def said(checks, server):
    """What a person sees in front of kubectl."""
    with checks("a bad annotation denies the Pod, and kubectl says which, and what would be right"):
        bad = pod("bad", annotations={PREFIX + "proxy-cpu-limit": "lots"})
        succeeded, text = kubectl("--namespace", MESHED, "create", "--filename", "-", stdin=bad)
        assert not succeeded, text
        for part in ("denied the request", PREFIX + "proxy-cpu-limit", "lots", "250m"):
            assert part in text, text
    with checks("a Pod that runs as the sidecar's user is denied, with the cure"):
        intruder = pod("intruder", securityContext={"runAsUser": 1337})
        succeeded, text = kubectl("--namespace", MESHED, "create", "--filename", "-", stdin=intruder)
        assert not succeeded and "denied the request" in text and "1337" in text, text
    with checks("so is it in a dry run"):
        succeeded, text = kubectl(
            "--namespace", MESHED, "create", "--dry-run=server", "--filename", "-", stdin=intruder
        )
        assert not succeeded and "denied the request" in text, text
    with checks("a label of no known value is warned of, and the namespace decides"):
        unsure = pod("unsure", labels={INJECT: "maybe"})
        succeeded, text = kubectl("--namespace", MESHED, "create", "--filename", "-", stdin=unsure)
        assert succeeded and "Warning:" in text and "maybe" in text, text
        assert has_sidecar(server.get(f"/api/v1/namespaces/{MESHED}/pods/unsure"))
    with checks("a Pod that is fine is created without a warning"):
        succeeded, text = kubectl("--namespace", MESHED, "create", "--filename", "-", stdin=pod("fine"))
        assert succeeded and "Warning" not in text, text


def owners(checks, server):
    with checks("the owner of a refused Pod is told why, by an Event"):
        described = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {"name": "owner"},
            "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "owned"}}, "template": template({"app": "owned"})},
        }
        status, owner = server.request("POST", f"/apis/apps/v1/namespaces/{MESHED}/replicasets", described)
        assert status == 201, owner
        refused = pod(labels={"app": "owned"}, annotations={PREFIX + "proxy-cpu-limit": "lots"})
        reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "owner", "uid": owner["metadata"]["uid"]}
        refused["metadata"]["ownerReferences"] = [{**reference, "controller": True}]
        try:
            server.create_pod(MESHED, refused)
            raise AssertionError("it was created")
        except RefusedPod:
            pass
        (event,) = wait_until(lambda: told(server, "owner"), 10, "an Event")
        assert event["type"] == "Warning" and PREFIX + "proxy-cpu-limit" in event["message"], event
        checks.note(f"{event['reason']}: {event['message'][:160]}")


def told(server, name):
    """Our Events about an object of that name."""
    query = f"fieldSelector=involvedObject.name%3D{name}"
    events = server.get(f"/api/v1/namespaces/{MESHED}/events?{query}")["items"]
    return [each for each in events if "amesh" in json.dumps([each.get("source"), each.get("reportingComponent")])]


def untouched(checks, server):
    with checks("a Deployment's and a Job's Pod template stay as they were written"):
        for kind, group, spec in (
            ("Deployment", "apps/v1", {"replicas": 0, "selector": {"matchLabels": {"app": "web"}}, "template": template()}),
            ("Job", "batch/v1", {"parallelism": 0, "template": never_again(template())}),
        ):
            described = {"apiVersion": group, "kind": kind, "metadata": {"name": "idle"}, "spec": spec}
            path = f"/apis/{group}/namespaces/{MESHED}/{kind.lower()}s"
            status, created = server.request("POST", path, described)
            assert status == 201 and is_untouched(created), created
    with checks("updates of Pods are not looked at, with or without a sidecar"):
        meshed = server.create_pod(MESHED, pod("updated"))
        bare = server.create_pod(MESHED, pod("bare", labels={INJECT: "false"}))
        for before in (meshed, bare):
            path = f"/api/v1/namespaces/{MESHED}/pods/{before['metadata']['name']}"
            labels = {INJECT: "true", "touched": "yes"}
            status, after = server.patch(path, {"metadata": {"labels": labels}})
            assert status == 200 and after["spec"] == before["spec"], after
            assert after["metadata"].get("annotations") == before["metadata"].get("annotations")
    title = "ephemeral containers come and nothing else changes"
    if MINOR >= 25:
        with checks(title):
            path = f"/api/v1/namespaces/{MESHED}/pods/updated"
            before = server.get(path)
            debugger = {"name": "debugger", "image": "debugger"}
            status, after = server.patch(f"{path}/ephemeralcontainers", {"spec": {"ephemeralContainers": [debugger]}})
            assert status == 200, after
            (added,) = after["spec"].pop("ephemeralContainers")
            assert added["name"] == "debugger" and after["spec"] == before["spec"], after["spec"]
    else:
        checks.skip(title, "they need Kubernetes 1.25")


def never_again(described):
    described["spec"]["restartPolicy"] = "Never"
    return described


def controllers(checks, server):
    """Pods that nobody has written."""
    title = "Pods that a Deployment and a Job make have their sidecars"
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "live"}}, "template": template({"app": "live"})},
    }
    if not server.has_controllers():
        checks.skip(title, "this cluster has no controllers")
        return
    pods = f"/api/v1/namespaces/{MESHED}/pods?labelSelector=app%3D"
    with checks(title):
        job = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "batch"},
            "spec": {"template": never_again(template({"app": "batch"}))},
        }
        assert server.request("POST", f"/apis/apps/v1/namespaces/{MESHED}/deployments", deployment)[0] == 201
        assert server.request("POST", f"/apis/batch/v1/namespaces/{MESHED}/jobs", job)[0] == 201
        for app, count in (("live", 2), ("batch", 1)):
            found = wait_until(lambda: enough(server.get(pods + app)["items"], count), 30, f"Pods of {app}")  # noqa: B023
            assert all(map(has_sidecar, found)), found


def enough(items, count):
    return items if len(items) >= count else None


def instants(checks, server, mesh):
    def create(number):
        """A namespace with its label, its account and a Pod, at once."""
        name = f"amesh-e2e-instant-{number}"
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": ENABLED}}
        assert server.request("POST", "/api/v1/namespaces", namespace)[0] == 201
        server.make_account(name, "default")
        return has_sidecar(server.create_pod(name, pod()))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        with checks(f"{INSTANTS} times a namespace is made and gets a Pod in the same instant: all have their sidecars"):
            assert all(pool.map(create, range(INSTANTS)))
        names = [f"amesh-e2e-instant-{number}" for number in range(INSTANTS)]
        for name in names:
            assert server.patch(f"/api/v1/namespaces/{name}", {"metadata": {"labels": {INJECTION: None}}})[0] == 200
        for name in names:
            # The server's own caches may take a moment, before and after.
            wait_until(lambda: is_untouched(server.create_pod(name, pod(), dry_run=True)), 10, "no sidecar")  # noqa: B023
        with checks(f"{INSTANTS} times one gets its label and a Pod in the same instant: who is asked about is injected"):
            before = sum(each.metric("amesh_injection_requests_total", reason="not-enabled") for each in mesh.replicas)

            def label(name):
                assert server.patch(f"/api/v1/namespaces/{name}", {"metadata": {"labels": ENABLED}})[0] == 200
                wait_until(lambda: has_sidecar(server.create_pod(name, pod(), dry_run=True)), 10, "a sidecar")

            list(pool.map(label, names))
            after = sum(each.metric("amesh_injection_requests_total", reason="not-enabled") for each in mesh.replicas)
            assert after == before, f"{after - before} reviews were answered by labels that had changed"


if __name__ == "__main__":
    sys.exit(main())
