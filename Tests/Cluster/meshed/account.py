"""The control plane's ServiceAccount: who `amesh serve` is, so that the manifests' permissions are all that it has."""

import json
import os
import subprocess

NAMESPACE = "amesh-system"


def request_token(server, namespace, account, *, audiences=(), pod=None, seconds=3600):
    """A token of the TokenRequest API; pod: the object that it is bound to."""
    spec = {"expirationSeconds": seconds, "audiences": list(audiences)}
    if pod:
        metadata = pod["metadata"]
        spec["boundObjectRef"] = {"kind": "Pod", "apiVersion": "v1", "name": metadata["name"], "uid": metadata["uid"]}
    status, answer = server.request(
        "POST",
        f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token",
        {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec},
    )
    if status != 201:
        raise RuntimeError(f"no token for {namespace}/{account}: {answer.get('message')}")
    return answer["status"]["token"]


def write_kubeconfig(server, folder, account="amesh"):
    """The way to the same cluster as the administrator's, with a token of that account in a file."""
    shown = subprocess.run(
        [os.environ["KUBECTL"], "config", "view", "--raw", "--minify", "--flatten", "--output", "json"],
        capture_output=True,
        check=True,
    )
    cluster = json.loads(shown.stdout)["clusters"][0]
    token = folder / f"token-{account}"
    token.touch(mode=0o600)
    token.write_text(request_token(server, NAMESPACE, account), encoding="utf-8")
    path = folder / f"kubeconfig-{account}"
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [cluster],
                "users": [{"name": account, "user": {"tokenFile": str(token)}}],
                "contexts": [{"name": "e2e", "context": {"cluster": cluster["name"], "user": account}}],
                "current-context": "e2e",
            }
        ),
        encoding="utf-8",
    )
    return path
