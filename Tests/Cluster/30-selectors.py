#!/usr/bin/env python3
"""Which webhook the API server calls for which labels: asked of the server itself, a dry run for each combination.

Nothing listens at the webhooks' address, so a Pod that is to be sent to one is refused, with the webhook's name, and any
other is let through. hack/check-manifests holds the same selectors against the engine; this shows that its evaluation of
selectors is the API server's.
"""

import concurrent.futures
import itertools
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "hack" / "lib"))
sys.path.insert(0, str(ROOT / "Tests" / "Cluster"))
from api_server import APIServer  # noqa: E402
from label_selectors import matches  # noqa: E402

CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
PREFIX = "amesh.apisix.apache.org/"
VALUES = [None, "default", "canary", "other"]


def labels(**values):
    return {PREFIX + key: value for key, value in values.items() if value is not None}


def called_webhook(server, namespace, pod_labels):
    """The webhook that a Pod would be sent to, None for none."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "pod-", "labels": pod_labels},
        "spec": {"containers": [{"name": "app", "image": "app"}], "serviceAccountName": "default"},
    }
    status, answer = server.request("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", pod)
    if status == 201:
        return None
    found = re.search(r'failed calling webhook "([^"]+)"', answer.get("message", ""))
    if not found:
        raise AssertionError(f"{status}: {answer.get('message')}")
    return found.group(1)


def main():
    passed = failed = 0
    with APIServer() as server, concurrent.futures.ThreadPoolExecutor(4) as pool:
        # Those of the revision too: side by side they have to be mutually exclusive as well.
        webhooks = [
            webhook
            for name in ("amesh-sidecar-injector", "amesh-sidecar-injector-canary")
            for webhook in server.request("GET", f"{CONFIGURATIONS}/{name}")[1]["webhooks"]
        ]
        pods = [
            labels(inject=inject, rev=revision)
            for inject, revision in itertools.product([None, "true", "false", "maybe"], VALUES)
        ]
        for number, (injection, revision) in enumerate(itertools.product([None, "enabled", "disabled", "maybe"], VALUES)):
            name = f"amesh-e2e-selectors-{number}"
            wanted = labels(injection=injection, rev=revision)
            made = server.make_namespace(name, wanted)
            expected = [
                [
                    webhook["name"]
                    for webhook in webhooks
                    if matches(webhook["namespaceSelector"], made) and matches(webhook["objectSelector"], pod)
                ]
                for pod in pods
            ]
            seen = list(pool.map(lambda pod: called_webhook(server, name, pod), pods))  # noqa: B023
            for pod, many, one in zip(pods, expected, seen):
                if many == ([] if one is None else [one]):
                    passed += 1
                else:
                    failed += 1
                    print(f"✘ namespace {wanted}, Pod {pod}: the server calls {one}, the evaluation says {many}")
    print(f"{len(pods) * 16} combinations of labels asked of the API server")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
