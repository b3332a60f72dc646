"""From a Pod's annotations to the kernel: what injection writes into the init container is run, and traffic goes its way."""

import json
import unittest

from kernel.namespace import AMESH, run
from kernel.pod import FAR, PEER, POD, SECOND_PEER, Pod, way

PREFIX = "amesh.apisix.apache.org/"


def arguments(annotations, ports):
    """Those of amesh-init, in a Pod with these annotations and container ports."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "labels": {PREFIX + "inject": "true"},
            "annotations": {PREFIX + name: value for name, value in annotations.items()},
        },
        "spec": {
            "containers": [
                {
                    "name": "web",
                    "image": "web",
                    "ports": [{"name": name, "containerPort": port} for name, port in ports.items()],
                }
            ]
        },
    }
    injected = json.loads(run(AMESH, "inject", "-f", "-", "--output", "json", input=json.dumps(pod)).stdout)
    containers = injected["spec"]["initContainers"]
    return next(container["args"] for container in containers if container["name"] == "amesh-init")


class Injected(unittest.TestCase):
    longMessage = True

    @classmethod
    def setUpClass(cls):
        cls.pod = Pod()
        cls.addClassCleanup(cls.pod.remove)

    def redirect(self, annotations, ports):
        self.pod.inside.redirect("--cleanup")
        self.pod.inside.run(AMESH, *arguments(annotations, ports))

    def sees(self, who, host, port, expected):
        self.assertEqual(way(who.connect(host, port)), expected, f"to {host} {port}")

    def test_plain(self):
        """without annotations: declared HTTP ports inbound, the mesh's ports outbound, everything else straight"""
        self.redirect({}, {"http": 8080, "mysql": 3306})
        for family in POD:
            self.sees(self.pod.peer, POD[family], 8080, f"in:19081 ← {POD[family]} 8080 | app:8080")
            self.sees(self.pod.peer, POD[family], 3306, "app:3306")
            self.sees(self.pod.peer, POD[family], 15021, "own:15021")
            self.sees(self.pod.application, PEER[family], 80, f"out:19080 ← {PEER[family]} 80 | peer:80")
            self.sees(self.pod.application, PEER[family], 3306, "peer:3306")
            self.sees(self.pod.sidecar, PEER[family], 80, "peer:80")

    def test_all(self):
        """* in both directions, and what is excluded from it"""
        annotations = {
            "include-inbound-ports": "*",
            "exclude-inbound-ports": "22,9000-9010",
            "include-outbound-ports": "*",
            "exclude-outbound-ports": "3306",
        }
        self.redirect(annotations, {})
        for family in POD:
            self.sees(self.pod.peer, POD[family], 9090, f"in:19081 ← {POD[family]} 9090 | app:9090")
            for port in (22, 9005):
                self.sees(self.pod.peer, POD[family], port, f"app:{port}")
            self.sees(self.pod.application, PEER[family], 8080, f"out:19080 ← {PEER[family]} 8080 | peer:8080")
            self.sees(self.pod.application, PEER[family], 3306, "peer:3306")

    def test_destinations(self):
        """networks to include and exclude, an interface, a user"""
        annotations = {
            "include-outbound-cidrs": "10.0.0.0/8,fd00::/8",
            "exclude-outbound-cidrs": f"{FAR['ipv4']},{FAR['ipv6']}",
            "exclude-interfaces": "eth1",
            "exclude-uids": "7",
        }
        self.redirect(annotations, {})
        for family in POD:
            self.sees(self.pod.application, PEER[family], 80, f"out:19080 ← {PEER[family]} 80 | peer:80")
            self.sees(self.pod.application, FAR[family], 80, "peer:80")
            self.sees(self.pod.application, SECOND_PEER[family], 80, "peer:80")
            self.sees(self.pod.agent(7, 7), PEER[family], 80, "peer:80")

    def test_nothing(self):
        """ports by nothing capture nothing"""
        self.redirect({"include-inbound-ports": "", "include-outbound-ports": ""}, {"http": 8080})
        for family in POD:
            self.sees(self.pod.peer, POD[family], 8080, "app:8080")
            self.sees(self.pod.application, PEER[family], 80, "peer:80")
