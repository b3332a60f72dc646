"""A sidecar's side of plugins, written from the first Amesh's definition of its stream: field numbers and nothing else are
taken over, so that what is proven is the wire."""

import json
import queue
import threading

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from peers.process import LOOPBACK

SERVICE = "/ai.api7.amesh.proto.v1.AmeshService/"
PATH = "/apis/apisix.apache.org/v1alpha1/namespaces/{}/ameshpluginconfigs"
_STRING, _MESSAGE, _BOOL = 9, 11, 8
_ONE, _MANY = 1, 3


def _messages():
    file = descriptor_pb2.FileDescriptorProto(name="amesh-by-hand.proto", package="wire", syntax="proto3")
    for name, fields in {
        "Status": [("code", 1, 5, _ONE), ("message", 2, _STRING, _ONE)],
        "Instance": [("key", 1, _STRING, _ONE)],
        "Request": [("instance", 1, "Instance", _ONE), ("knows_targets", 100, _BOOL, _ONE)],
        "Plugin": [("type", 1, _STRING, _ONE), ("name", 2, _STRING, _ONE), ("config", 3, _STRING, _ONE)],
        "Config": [("name", 1, _STRING, _ONE), ("plugins", 2, "Plugin", _MANY), ("version", 3, _STRING, _ONE)],
        "Response": [
            ("error_message", 1, "Status", _ONE),
            ("plugins", 2, "Config", _MANY),
            ("revision", 100, _STRING, _ONE),
        ],
        "Refusal": [("config", 1, _STRING, _ONE), ("message", 2, _STRING, _ONE)],
        "Acknowledgement": [
            ("instance", 1, "Instance", _ONE),
            ("revision", 2, _STRING, _ONE),
            ("refusals", 3, "Refusal", _MANY),
        ],
        "Acknowledged": [],
    }.items():
        message = file.message_type.add(name=name)
        for field, number, kind, label in fields:
            if isinstance(kind, str):
                message.field.add(name=field, number=number, type=_MESSAGE, label=label, type_name=f".wire.{kind}")
            else:
                message.field.add(name=field, number=number, type=kind, label=label)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"wire.{name}"))
        for name in (message.name for message in file.message_type)
    }


wire = _messages()


def plugin_channel(mesh, port, *, asynchronous=False):
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.ssl_target_name_override", "localhost")]
    credentials = grpc.ssl_channel_credentials(mesh.bundle().encode())
    make = grpc.aio.secure_channel if asynchronous else grpc.secure_channel
    return make(f"{LOOPBACK}:{port}", credentials, options)


def request(pod, *, knows_targets=True):
    return wire["Request"](instance={"key": pod}, knows_targets=knows_targets)


def plain(response):
    """Name of config → [(type, plugin, its configuration)]."""
    return {
        config.name: [(plugin.type, plugin.name, read(plugin)) for plugin in config.plugins] for config in response.plugins
    }


def read(plugin):
    return plugin.config if plugin.type else json.loads(plugin.config)


def metadata(token):
    return [("authorization", f"Bearer {token}")] if token else []


class PluginStream:
    """One sidecar's stream; what has come lies in a queue."""

    def __init__(self, mesh, port, pod, token, *, knows_targets=True):
        self.pod, self._token = pod, token
        self._channel = plugin_channel(mesh, port)
        self._call = self._channel.unary_stream(
            SERVICE + "StreamPlugins", wire["Request"].SerializeToString, wire["Response"].FromString
        )(request(pod, knows_targets=knows_targets), metadata=metadata(token), timeout=600)
        self._responses = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            for response in self._call:
                self._responses.put(response)
        except grpc.RpcError as error:
            self._responses.put(error)

    def next(self, seconds=10):
        """The next response; grpc.RpcError where the stream has ended."""
        found = self._responses.get(timeout=seconds)
        if isinstance(found, grpc.RpcError):
            raise found
        return found

    def until(self, condition, seconds=10):
        """Takes responses until one is as it has to be."""
        while True:
            response = self.next(seconds)
            if condition(plain(response)):
                return response

    def is_quiet(self, seconds):
        try:
            self.next(seconds)
            return False
        except queue.Empty:
            return True

    def acknowledge(self, response, **refusals):
        message = wire["Acknowledgement"](
            instance={"key": self.pod},
            revision=response.revision,
            refusals=[{"config": config, "message": text} for config, text in refusals.items()],
        )
        self._channel.unary_unary(
            SERVICE + "AcknowledgePlugins", wire["Acknowledgement"].SerializeToString, wire["Acknowledged"].FromString
        )(message, metadata=metadata(self._token), timeout=10)

    def close(self):
        self._call.cancel()
        self._channel.close()


# Configs


def config(name, *plugins, selector=None, **spec):
    """plugins: (name, configuration)."""
    described = {
        "apiVersion": "apisix.apache.org/v1alpha1",
        "kind": "AmeshPluginConfig",
        "metadata": {"name": name},
        "spec": {"plugins": [{"name": plugin, "config": settings} for plugin, settings in plugins], **spec},
    }
    if selector:
        described["spec"]["selector"] = {"matchLabels": selector}
    return described


class Configs:
    """The configs of a namespace."""

    def __init__(self, server, namespace):
        self._server, self._path = server, PATH.format(namespace)

    def create(self, described):
        return self._server.request("POST", self._path, described)

    def put(self, described):
        """Creates it, or changes the spec of the one that is there."""
        status, answer = self.create(described)
        if status == 409:
            name = described["metadata"]["name"]
            change = [{"op": "replace", "path": "/spec", "value": described["spec"]}]
            status, answer = self._server.request("PATCH", f"{self._path}/{name}", change, "application/json-patch+json")
        if status not in (200, 201):
            raise RuntimeError(f"{status}: {answer.get('message')}")
        return answer

    def get(self, name):
        return self._server.get(f"{self._path}/{name}")

    def delete(self, name):
        self._server.delete(f"{self._path}/{name}")

    def condition(self, name, kind):
        """(status, reason, message); None while there is none of the present generation."""
        found = self.get(name)
        status = found.get("status", {})
        if status.get("observedGeneration") != found["metadata"]["generation"]:
            return None
        for one in status.get("conditions", []):
            if one["type"] == kind:
                return one["status"], one["reason"], one["message"]
        return None
