"""A real Envoy beside the sidecar, in the same network namespace, with the same resources.

Redirects lead to it what is marked, and to the sidecar what is not: both serve the same addresses at the same time.
"""

import json
import pathlib
import socket

from envoy.config.listener.v3 import listener_pb2
from envoy.extensions.filters.listener.original_dst.v3 import original_dst_pb2

from peers.discovery_source import HTTP_OPTIONS, any_of, assignment, loopback
from peers.envoy import executable
from peers.process import LOOPBACK, Child, free_port

from .ads import ADSServer
from .sidecar import PROXY, run

_MARK = 7
# Who calls the Pod from this address is led to Envoy.
CALLER = "10.9.0.3"


class BesideEnvoy:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.ads = ADSServer()
        self.admin = free_port()
        self.ports = {"virtualOutbound": free_port(), "virtualInbound": free_port()}

    def start(self, *resources):
        self.ads.set(*map(self._adapted, resources))
        options = {HTTP_OPTIONS: any_of(HTTP_OPTIONS, explicit_http_config={"http2_protocol_options": {}})}
        source = {"ads": {}, "resource_api_version": "V3"}
        bootstrap = {
            "node": {"id": "beside", "cluster": "beside"},
            "admin": {"address": loopback(self.admin)},
            "dynamic_resources": {
                "lds_config": source,
                "cds_config": source,
                "ads_config": {
                    "api_type": "DELTA_GRPC",
                    "transport_api_version": "V3",
                    "grpc_services": [{"envoy_grpc": {"cluster_name": "ads"}}],
                },
            },
            "static_resources": {
                "clusters": [
                    {
                        "name": "ads", "load_assignment": assignment("ads", loopback(self.ads.port)),
                        "typed_extension_protocol_options": options,
                    }
                ]
            },
        }  # fmt: skip
        marked = ["iptables", "-w", "-t", "nat", "-I", "OUTPUT", "-p", "tcp", "-m", "mark", "--mark", _MARK]
        run(*marked, "-j", "REDIRECT", "--to-ports", self.ports["virtualOutbound"])
        caller = ["iptables", "-w", "-t", "nat", "-I", "PREROUTING", "-p", "tcp", "-s", CALLER]
        run(*caller, "-j", "REDIRECT", "--to-ports", self.ports["virtualInbound"])
        path = self.folder / "beside.json"
        path.write_text(json.dumps(bootstrap, indent=1), encoding="utf-8")
        # Redirects leave alone what this group sends.
        command = ["setpriv", "--regid", PROXY, "--clear-groups", executable(), "-c", path]
        self.child = Child("beside", [*command, "--concurrency", "1", "--disable-hot-restart", "-l", "warning"], self.folder)
        self.child.wait_until(self._takes_connections, 30, "takes connections")
        return self

    def _takes_connections(self):
        try:
            with socket.create_connection((LOOPBACK, self.ports["virtualOutbound"]), timeout=1):
                return True
        except OSError:
            return False

    def _adapted(self, resource):
        if not isinstance(resource, listener_pb2.Listener):
            return resource
        listener = listener_pb2.Listener()
        listener.CopyFrom(resource)
        if port := self.ports.get(listener.name):
            # What comes from outside is redirected to the interface's own address.
            listener.address.socket_address.address = "0.0.0.0"
            listener.address.socket_address.port_value = port
            del listener.listener_filters[:]
            restored = listener.listener_filters.add(name="envoy.filters.listener.original_dst")
            restored.typed_config.Pack(original_dst_pb2.OriginalDst())
        elif listener.traffic_direction:
            listener.bind_to_port.value = False
        return listener

    def connect(self, host, port):
        """A connection of the application's."""
        connection = socket.socket()
        connection.settimeout(10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, _MARK)
        connection.connect((host, port))
        return connection

    def rejected(self):
        """Updates that it would not have."""
        with socket.create_connection((LOOPBACK, self.admin), timeout=5) as connection:
            connection.sendall(
                b"GET /stats?filter=update_rejected|update_failure|update_attempt HTTP/1.1\r\n"
                b"Host: x\r\nConnection: close\r\n\r\n"
            )
            text = b""
            while more := connection.recv(65536):
                text += more
        return [line for line in text.decode().splitlines() if "update_rejected: " in line and not line.endswith(": 0")]

    def stop(self):
        self.child.stop()
        self.ads.stop()
