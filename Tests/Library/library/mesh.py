"""Resources of a small mesh."""

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import (  # noqa: F401, known by its name
    http_connection_manager_pb2,
)
from envoy.extensions.upstreams.http.v3 import http_protocol_options_pb2
from google.protobuf import json_format
from peers.discovery_source import HTTP_OPTIONS


def cluster(name):
    return json_format.ParseDict(
        {"name": name, "type": "EDS", "connect_timeout": "1s", "eds_cluster_config": {"service_name": name}},
        cluster_pb2.Cluster(),
    )


def http2(spoken):
    """The cluster, with endpoints that speak HTTP/2."""
    options = http_protocol_options_pb2.HttpProtocolOptions()
    options.explicit_http_config.http2_protocol_options.SetInParent()
    spoken.typed_extension_protocol_options[HTTP_OPTIONS].Pack(options)
    return spoken


def assignment(name, *places):
    """places: addresses with their ports."""
    endpoints = [
        {"endpoint": {"address": {"socket_address": {"address": address, "port_value": port}}}}
        for address, port in places
    ]
    return json_format.ParseDict(
        {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}, endpoint_pb2.ClusterLoadAssignment()
    )


def endpoints(name, *ports):
    return assignment(name, *(("10.0.0.1", port) for port in ports))


def _routes(name, cluster_name, domain="*"):
    route = {"match": {"prefix": "/"}, "route": {"cluster": cluster_name}}
    return {"name": name, "virtual_hosts": [{"name": "all", "domains": [domain], "routes": [route]}]}


def routes(name, cluster_name, domain="*"):
    return json_format.ParseDict(_routes(name, cluster_name, domain), route_pb2.RouteConfiguration())


def _chain(name, routes, **chain):
    """routes: where the connection manager has them from."""
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3."
        "HttpConnectionManager",
        "stat_prefix": name,
        **routes,
    }
    return {**chain, "filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}


def _listener(name, place, direction, *chains):
    address, port = place
    return json_format.ParseDict(
        {
            "name": name,
            "address": {"socket_address": {"address": address, "port_value": port}},
            "traffic_direction": direction,
            "filter_chains": chains,
        },
        listener_pb2.Listener(),
    )


def listener(name, routes_name, port=80, address="0.0.0.0"):
    source = {"route_config_name": routes_name, "config_source": {"ads": {}}}
    return _listener(name, (address, port), "OUTBOUND", _chain("x", {"rds": source}))


def inbound(*ports):
    """What comes for an application that listens there."""
    names = {port: f"inbound|{port}||" for port in ports}
    clusters = [
        json_format.ParseDict(
            {"name": name, "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED", "connect_timeout": "1s"},
            cluster_pb2.Cluster(),
        )
        for name in names.values()
    ]
    chains = [
        _chain(name, {"route_config": _routes(name, name)}, filter_chain_match={"destination_port": port})
        for port, name in names.items()
    ]
    return [*clusters, _listener("virtualInbound", ("0.0.0.0", 15006), "INBOUND", *chains)]


def service(number=0, *ports, domain="*"):
    """Everything for one service: cluster, endpoints, routes, listener."""
    name = f"service-{number}"
    return [
        cluster(name),
        endpoints(name, *(ports or (8080,))),
        routes(f"{9000 + number}", name, domain),
        listener(f"0.0.0.0_{9000 + number}", f"{9000 + number}", 9000 + number),
    ]
