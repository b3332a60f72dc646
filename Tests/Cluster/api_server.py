"""The API server of KUBECONFIG, for suites in Python: requests through `kubectl proxy`, whatever the credentials are."""

import http.client
import json
import os
import re
import subprocess
import threading
import time


class RefusedPod(Exception):
    """With the API server's words."""


class APIServer:
    """With it as a context: the proxy runs. Requests may come from several threads."""

    def __enter__(self):
        kubectl = os.environ.get("KUBECTL", "kubectl")
        # Port 0: any that is free; only loopback is listened on.
        self._proxy = subprocess.Popen([kubectl, "proxy", "--port=0"], stdout=subprocess.PIPE, text=True)
        line = self._proxy.stdout.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)", line)
        if not found:
            self.__exit__()
            raise RuntimeError(f"kubectl proxy does not start: {line}")
        self._port = int(found.group(1))
        self._local = threading.local()
        return self

    def __exit__(self, *_):
        self._proxy.terminate()
        try:
            self._proxy.wait(10)
        except subprocess.TimeoutExpired:
            self._proxy.kill()
            self._proxy.wait()
        self._proxy.stdout.close()

    def request(self, method, path, body=None, content_type="application/json"):
        """(HTTP status, the object that was answered)."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        headers = {"Content-Type": content_type} if body is not None else {}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    def get(self, path):
        """The object; an error where there is none."""
        status, found = self.request("GET", path)
        if status != 200:
            raise RuntimeError(f"GET {path}: {status} {found.get('message')}")
        return found

    def watch(self, path):
        """Events as the server tells of them, over a connection of its own; there is no end but the server's."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        connection.request("GET", f"{path}?watch=1")
        for line in connection.getresponse():
            yield json.loads(line)

    def patch(self, path, change):
        """(HTTP status, the object) after a merge patch; strategic, for Pods' lists."""
        return self.request("PATCH", path, change, "application/strategic-merge-patch+json")

    def delete(self, path):
        status, answer = self.request("DELETE", path)
        if status not in (200, 202):
            raise RuntimeError(f"DELETE {path}: {status} {answer.get('message')}")

    def make_account(self, namespace, name):
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
        status, answer = self.request("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", account)
        # Where there is a controller, it may have been faster.
        if status not in (201, 409):
            raise RuntimeError(f"ServiceAccount {name} in {namespace}: {answer.get('message')}")

    def create_pod(self, namespace, pod, *, dry_run=False):
        """The Pod as it became; an error where it is refused."""
        query = "?dryRun=All" if dry_run else ""
        status, created = self.request("POST", f"/api/v1/namespaces/{namespace}/pods{query}", pod)
        if status != 201:
            raise RefusedPod(f"{status}: {created.get('message')}")
        return created

    def has_controllers(self):
        """Whether somebody makes what a Deployment asks for: ServiceAccounts come from the same hands."""
        return self.request("GET", "/api/v1/namespaces/kube-system/serviceaccounts/job-controller")[0] == 200

    def make_namespace(self, name, labels):
        """A namespace with its ServiceAccount, which no controller may be there to make; its labels as they became."""
        status, made = self.request(
            "POST",
            "/api/v1/namespaces",
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}},
        )
        if status != 201:
            raise RuntimeError(f"namespace {name}: {made.get('message')}")
        self.make_account(name, "default")
        # The server's own admission learns of it by a watch.
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            pod = {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "probe", "labels": {"amesh.apisix.apache.org/inject": "false"}},
                "spec": {"containers": [{"name": "app", "image": "app"}]},
            }
            if self.request("POST", f"/api/v1/namespaces/{name}/pods?dryRun=All", pod)[0] == 201:
                return made["metadata"].get("labels", {})
        raise RuntimeError(f"no Pod can be created in {name}")
