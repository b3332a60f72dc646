"""A sidecar's side of plugins."""

import json
import queue
import threading

import grpc

from peers.plugin_wire import SERVICE, wire
from peers.process import LOOPBACK

PATH = "/apis/apisix.apache.org/v1alpha1/namespaces/{}/ameshpluginconfigs"


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
