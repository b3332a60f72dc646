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


def endpoints(name, *ports):
    addresses = [
        {"endpoint": {"address": {"socket_address": {"address": "10.0.0.1", "port_value": port}}}} for port in ports
    ]
    return json_format.ParseDict(
        {"cluster_name": name, "endpoints": [{"lb_endpoints": addresses}]}, endpoint_pb2.ClusterLoadAssignment()
    )


def routes(name, cluster_name, domain="*"):
    return json_format.ParseDict(
        {
            "name": name,
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": [domain],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": cluster_name}}],
                }
            ],
        },
        route_pb2.RouteConfiguration(),
    )


def listener(name, routes_name, port=80, address="0.0.0.0"):
    return json_format.ParseDict(
        {
            "name": name,
            "address": {"socket_address": {"address": address, "port_value": port}},
            "traffic_direction": "OUTBOUND",
            "filter_chains": [
                {
                    "filters": [
                        {
                            "name": "envoy.filters.network.http_connection_manager",
                            "typed_config": {
                                "@type": "type.googleapis.com/envoy.extensions.filters.network."
                                "http_connection_manager.v3.HttpConnectionManager",
                                "stat_prefix": "x",
                                "rds": {"route_config_name": routes_name, "config_source": {"ads": {}}},
                            },
                        }
                    ]
                }
            ],
        },
        listener_pb2.Listener(),
    )


def service(number=0, *ports, domain="*"):
    """Everything for one service: cluster, endpoints, routes, listener."""
    name = f"service-{number}"
    return [
        cluster(name),
        endpoints(name, *(ports or (8080,))),
        routes(f"{9000 + number}", name, domain),
        listener(f"0.0.0.0_{9000 + number}", f"{9000 + number}", 9000 + number),
    ]
