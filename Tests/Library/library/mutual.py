"""What an xDS server says to two Pods of which one calls the other."""

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from google.protobuf import json_format

from . import mesh
from .sidecar import OUTSIDE

MUTUAL_PORT = 19443
SERVICE = "240.0.0.20"
# Where somebody else than a sidecar listens.
IMPOSTOR = "10.9.7.7"
# The other sidecar has 19443 of every address there.
IMPOSTOR_PORT = 20443


def outbound():
    """Port 80 leads to the other Pod's application, or by its host to whom somebody calls `pay`."""
    routes = mesh.routes("80", "cart")
    routes.virtual_hosts.add().CopyFrom(mesh.routes("", "pay", "pay.example").virtual_hosts[0])
    routes.virtual_hosts[1].name = "pay"
    return [
        mesh.cluster("cart"), assignment("cart", OUTSIDE), mesh.cluster("pay"), assignment("pay", IMPOSTOR),
        routes, mesh.listener("0.0.0.0_80", "80", 80),
    ]  # fmt: skip


def assignment(name, address):
    place = {"endpoint": {"address": {"socket_address": {"address": address, "port_value": 8080}}}}
    return json_format.ParseDict(
        {"cluster_name": name, "endpoints": [{"lb_endpoints": [place]}]}, endpoint_pb2.ClusterLoadAssignment()
    )


def inbound(port=8080):
    """What comes for the application."""
    name = f"inbound|{port}||"
    cluster = json_format.ParseDict(
        {"name": name, "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED", "connect_timeout": "1s"},
        cluster_pb2.Cluster(),
    )
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3."
        "HttpConnectionManager",
        "stat_prefix": "inbound",
        "route_config": {
            "name": "inbound",
            "virtual_hosts": [
                {
                    "name": "inbound",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": name}}],
                }
            ],
        },
    }
    listener = json_format.ParseDict(
        {
            "name": "virtualInbound",
            "address": {"socket_address": {"address": "0.0.0.0", "port_value": 15006}},
            "traffic_direction": "INBOUND",
            "filter_chains": [
                {
                    "filter_chain_match": {"destination_port": port},
                    "filters": [
                        {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
                    ],
                }
            ],
        },
        listener_pb2.Listener(),
    )
    return [cluster, listener]
