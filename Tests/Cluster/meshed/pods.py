"""Pods as they are sent, and what becomes of them."""

import copy
import itertools
import json
import os
import re
import subprocess

PREFIX = "amesh.apisix.apache.org/"
INJECT, INJECTION, REVISION = PREFIX + "inject", PREFIX + "injection", PREFIX + "rev"
STATUS = PREFIX + "status"
ENABLED = {INJECTION: "enabled"}
# The server's own generateName meets a name that is there already, once in some thousands of Pods.
_numbers = itertools.count()


def pod(name=None, *, labels=None, annotations=None, **spec):
    """Without a name, one that nothing else has. No node is fit for it, so nothing ever runs."""
    metadata = {"name": name or f"pod-{os.getpid()}-{next(_numbers)}"}
    if labels:
        metadata["labels"] = labels
    if annotations:
        metadata["annotations"] = annotations
    container = {"name": "app", "image": "app", "ports": [{"name": "http", "containerPort": 8080}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [container], "nodeSelector": {PREFIX + "nowhere": "true"}, **spec},
    }


def rich_pod(name):
    """With most of what injection looks at, and some that it has never heard of."""
    described = pod(name, labels={"app": "web"}, annotations={"prometheus.io/scrape": "true", "prometheus.io/port": "9090"})
    (app,) = described["spec"]["containers"]
    app["readinessProbe"] = {"httpGet": {"path": "/ready", "port": "http"}}
    app["livenessProbe"] = {"tcpSocket": {"port": 8080}, "periodSeconds": 3}
    app["lifecycle"] = {"preStop": {"httpGet": {"path": "/bye", "port": 8080}}}
    app["env"] = [{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}]
    app["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    described["spec"] |= {
        "initContainers": [{"name": "prepare", "image": "app", "command": ["true"]}],
        "volumes": [{"name": "data", "emptyDir": {}}],
        "securityContext": {"runAsNonRoot": True, "fsGroup": 2000},
        "terminationGracePeriodSeconds": 7,
    }
    return described


def template(labels=None):
    """Of a Deployment or Job."""
    described = pod()
    return {"metadata": {"labels": labels or {"app": "web"}}, "spec": described["spec"]}


def containers(created):
    spec = created["spec"]
    return [each["name"] for each in [*spec.get("initContainers", []), *spec["containers"]]]


def has_sidecar(created):
    return {"amesh-init", "amesh-proxy"} <= set(containers(created))


def is_untouched(created):
    """Nothing of ours is anywhere in it but labels that it came with."""
    text = json.dumps({**created, "metadata": {**created["metadata"], "labels": {}, "managedFields": []}})
    return not re.search("amesh-(init|proxy|token|root|run|podinfo)", text) and STATUS not in text


def revision(created):
    return json.loads(created["metadata"]["annotations"][STATUS])["revision"]


def without_chance(created):
    """What two creations of one Pod have in common: without names, times and what else the server draws."""
    common = copy.deepcopy(created)
    common.pop("status", None)
    for field in ("uid", "resourceVersion", "creationTimestamp", "managedFields", "selfLink", "namespace", "name"):
        common["metadata"].pop(field, None)
    for field in ("generateName", "generation"):
        common["metadata"].pop(field, None)
    return json.loads(re.sub(r"kube-api-access-[a-z0-9]{5}", "kube-api-access", json.dumps(common)))


def amesh(command, described, *arguments):
    """What an offline command of amesh makes of an object."""
    result = subprocess.run(
        [os.environ["AMESH"], command, "-f", "-", "-o", "json", *map(str, arguments)],
        input=json.dumps(described),
        capture_output=True,
        text=True,
        timeout=30,
    )
    if result.returncode != 0:
        raise AssertionError(f"amesh {command}: {result.stderr}")
    return json.loads(result.stdout)


def kubectl(*arguments, stdin=None):
    """What kubectl says, on both of its outputs, and whether it succeeded."""
    result = subprocess.run(
        [os.environ["KUBECTL"], *arguments],
        input=None if stdin is None else json.dumps(stdin),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return result.returncode == 0, result.stdout
