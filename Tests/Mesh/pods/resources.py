"""What a control plane of xDS has to say of the tests' services: a port each, with endpoints."""

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from google.protobuf import json_format
from library import mesh


def service(port, name, *endpoints, http2=False, listens="0.0.0.0"):
    """endpoints: addresses with their ports. listens: at any address of that family."""
    cluster = mesh.cluster(name)
    return [
        mesh.http2(cluster) if http2 else cluster, assignment(name, endpoints), mesh.routes(str(port), name),
        mesh.listener(f"{listens}_{port}", str(port), port, listens),
    ]  # fmt: skip


def assignment(name, endpoints):
    places = [
        {"endpoint": {"address": {"socket_address": {"address": address, "port_value": port}}}}
        for address, port in endpoints
    ]
    return json_format.ParseDict(
        {"cluster_name": name, "endpoints": [{"lb_endpoints": places}]}, endpoint_pb2.ClusterLoadAssignment()
    )


def inbound(*ports):
    """What comes for an application."""
    clusters = [
        json_format.ParseDict(
            {
                "name": f"inbound|{port}||", "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED",
                "connect_timeout": "1s",
            },
            cluster_pb2.Cluster(),
        )
        for port in ports
    ]  # fmt: skip
    listener = {
        "name": "virtualInbound",
        "address": {"socket_address": {"address": "0.0.0.0", "port_value": 15006}},
        "traffic_direction": "INBOUND",
        "filter_chains": [_chain(port) for port in ports],
    }
    return [*clusters, json_format.ParseDict(listener, listener_pb2.Listener())]


def _chain(port):
    name = f"inbound|{port}||"
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3."
        "HttpConnectionManager",
        "stat_prefix": name,
        "route_config": {
            "name": name,
            "virtual_hosts": [
                {"name": name, "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": name}}]}
            ],
        },
    }
    return {
        "filter_chain_match": {"destination_port": port},
        "filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}],
    }
