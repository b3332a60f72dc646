"""An ADS server that does what a test wants of it: both protocols, every type, and misbehaviour."""

import concurrent.futures
import queue
import threading

import grpc
from envoy.service.discovery.v3 import ads_pb2_grpc, discovery_pb2
from google.protobuf import any_pb2

from peers.process import LOOPBACK, free_port, wait_until

PREFIX = "type.googleapis.com/"
LISTENER = PREFIX + "envoy.config.listener.v3.Listener"
ROUTES = PREFIX + "envoy.config.route.v3.RouteConfiguration"
CLUSTER = PREFIX + "envoy.config.cluster.v3.Cluster"
ENDPOINTS = PREFIX + "envoy.config.endpoint.v3.ClusterLoadAssignment"
_WILDCARD = {LISTENER, CLUSTER}
# Clusters before endpoints, listeners before routes: as control planes push.
_ORDER = [CLUSTER, ENDPOINTS, LISTENER, ROUTES]


class _Stream:
    """The server's side of one stream."""

    def __init__(self, server, context, delta):
        self.server = server
        self.context = context
        self.delta = delta
        self.outgoing = queue.Queue()
        # Type → names, None for all.
        self.wanted = {}
        # (type, name) → version the client has.
        self.told = {}
        self.nonce = 0

    def read(self, requests):
        try:
            for request in requests:
                self.server._note(self, request)
                with self.server.lock:
                    self._take(request)
        except grpc.RpcError:
            pass
        except Exception:  # the stream was broken on purpose
            pass
        self.outgoing.put(None)

    def _take(self, request):
        type_url = request.type_url
        if self.delta:
            is_first = type_url not in self.wanted
            if is_first:
                self.wanted[type_url] = None if type_url in _WILDCARD else set()
                for name, version in request.initial_resource_versions.items():
                    self.told[type_url, name] = version
            if self.wanted[type_url] is not None:
                self.wanted[type_url] |= set(request.resource_names_subscribe)
                self.wanted[type_url] -= set(request.resource_names_unsubscribe)
                for name in request.resource_names_unsubscribe:
                    self.told.pop((type_url, name), None)
            if is_first or request.resource_names_subscribe:
                self.push(type_url)
        else:
            names = None if type_url in _WILDCARD else set(request.resource_names)
            is_new = self.wanted.get(type_url, "none") != names
            self.wanted[type_url] = names
            if is_new:
                self.push(type_url, force=True)

    def push(self, type_url, force=False):
        if type_url not in self.wanted or type_url in self.server.silent:
            return
        resources = self.server.resources[type_url]
        names = self.wanted[type_url]
        names = set(resources) if names is None else names
        present = {name: resources[name] for name in sorted(names) if name in resources}
        changed = {name: held for name, held in present.items() if self.told.get((type_url, name)) != held[0]}
        known = {name for kind, name in self.told if kind == type_url and self.told[kind, name] is not None}
        gone = sorted(
            {name for name in known if name not in resources}
            | {name for name in names if name not in resources and (type_url, name) not in self.told}
        )
        if not changed and not gone and not force and self.nonce:
            return
        for name, held in changed.items():
            self.told[type_url, name] = held[0]
        for name in gone:
            self.told[type_url, name] = None
        self.nonce += 1
        if self.delta:
            self.outgoing.put(
                discovery_pb2.DeltaDiscoveryResponse(
                    type_url=type_url,
                    nonce=str(self.nonce),
                    resources=[
                        discovery_pb2.Resource(name=name, version=version, resource=message)
                        for name, (version, message) in changed.items()
                    ],
                    removed_resources=gone,
                )
            )
        else:
            self.outgoing.put(
                discovery_pb2.DiscoveryResponse(
                    type_url=type_url,
                    nonce=str(self.nonce),
                    version_info=str(self.server.version),
                    resources=[message for _, message in present.values()],
                )
            )

    def responses(self):
        while True:
            response = self.outgoing.get()
            if response is None:
                return
            yield response


class ADSServer(ads_pb2_grpc.AggregatedDiscoveryServiceServicer):
    def __init__(self, delta=True, port=None, credentials=None, listen=True):
        self.lock = threading.RLock()
        self.resources = {type_url: {} for type_url in _ORDER}
        self.version = 0
        self.has_delta = delta
        # Types that are not answered.
        self.silent = set()
        self.streams = []
        self.opened = 0
        # Of each request: type, names, initial versions, nonce, error, and the stream's number.
        self.requests = []
        self.nodes = []
        self.metadata = []
        self.port = port or free_port()
        self._credentials = credentials
        self._server = None
        if listen:
            self.listen()

    # Its life

    def listen(self):
        self._server = grpc.server(
            concurrent.futures.ThreadPoolExecutor(max_workers=16),
            options=[
                ("grpc.so_reuseport", 0),
                ("grpc.max_send_message_length", -1),
                ("grpc.http2.min_ping_interval_without_data_ms", 1000),
            ],
        )
        ads_pb2_grpc.add_AggregatedDiscoveryServiceServicer_to_server(self, self._server)
        address = f"{LOOPBACK}:{self.port}"
        if self._credentials:
            self._server.add_secure_port(address, self._credentials)
        else:
            self._server.add_insecure_port(address)
        self._server.start()
        return self

    def stop(self):
        if self._server:
            self.disconnect()
            self._server.stop(0).wait(5)
            self._server = None

    @property
    def scheme(self):
        return "grpcs" if self._credentials else "grpc"

    @property
    def address(self):
        return f"{self.scheme}://{LOOPBACK}:{self.port}"

    def disconnect(self):
        """Ends every stream."""
        with self.lock:
            streams, self.streams = self.streams, []
        for stream in streams:
            stream.context.cancel()
            stream.outgoing.put(None)

    # Its mesh

    def set(self, *messages, push=True):
        """Resources by what they are; their version counts up."""
        with self.lock:
            self.version += 1
            for message in messages:
                packed = any_pb2.Any()
                packed.Pack(message)
                name = getattr(message, "name", None) or message.cluster_name
                self.resources[packed.type_url][name] = (str(self.version), packed)
        if push:
            self.push()

    def set_broken(self, type_url, name):
        """A resource whose bytes are no message."""
        with self.lock:
            self.version += 1
            self.resources[type_url][name] = (str(self.version), any_pb2.Any(type_url=type_url, value=b"\x0a\xff"))
        self.push()

    def remove(self, type_url, *names, push=True):
        with self.lock:
            self.version += 1
            for name in names:
                self.resources[type_url].pop(name, None)
        if push:
            self.push()

    def push(self):
        with self.lock:
            for stream in self.streams:
                for type_url in _ORDER:
                    stream.push(type_url, force=not stream.delta)

    # What clients have said

    def _note(self, stream, request):
        with self.lock:
            if request.HasField("node"):
                self.nodes.append(request.node)
            self.requests.append(request)

    def wait_for_request(self, condition, seconds=10, what="a request"):
        def looked():
            with self.lock:
                return next((request for request in self.requests if condition(request)), None)

        return wait_until(looked, seconds, what)

    # gRPC

    def _serve(self, requests, context, delta):
        stream = _Stream(self, context, delta)
        with self.lock:
            self.opened += 1
            self.metadata.append(dict(context.invocation_metadata()))
            self.streams.append(stream)
        threading.Thread(target=stream.read, args=[requests], daemon=True).start()
        try:
            yield from stream.responses()
        finally:
            with self.lock:
                if stream in self.streams:
                    self.streams.remove(stream)

    def DeltaAggregatedResources(self, requests, context):
        if not self.has_delta:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "no delta here")
        yield from self._serve(requests, context, delta=True)

    def StreamAggregatedResources(self, requests, context):
        yield from self._serve(requests, context, delta=False)
