"""A control plane of plugins that judges nothing: what it is told to send, it sends."""

import concurrent.futures
import json
import queue

import grpc

from peers.plugin_wire import NAME, wire
from peers.process import LOOPBACK, free_port


class PluginServer:
    def __init__(self):
        self.address = f"http://{LOOPBACK}:{free_port()}"
        self._responses, self._streams, self._count = None, [], 0
        # What sidecars have in force, as they say it.
        self.acknowledged = queue.Queue()
        unary_stream = grpc.unary_stream_rpc_method_handler(
            self._stream, wire["Request"].FromString, wire["Response"].SerializeToString
        )
        unary_unary = grpc.unary_unary_rpc_method_handler(
            self._acknowledge, wire["Acknowledgement"].FromString, wire["Acknowledged"].SerializeToString
        )
        methods = {"StreamPlugins": unary_stream, "AcknowledgePlugins": unary_unary}
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
        self._server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(NAME, methods)])
        self._server.add_insecure_port(self.address.removeprefix("http://"))
        self._server.start()

    def _stream(self, _, context):
        outgoing = queue.Queue()
        self._streams.append(outgoing)
        context.add_callback(lambda: outgoing.put(None))
        if self._responses:
            outgoing.put(self._responses)
        yield from iter(outgoing.get, None)

    def _acknowledge(self, message, _):
        self.acknowledged.put(message)
        return wire["Acknowledged"]()

    def send(self, **configs):
        """configs: name → {plugin: its settings}. Gives back what the sidecar says of them: config → why not."""
        self._count += 1
        self._responses = wire["Response"](
            revision=str(self._count),
            plugins=[
                {
                    "name": f"shop/{name}",
                    "version": str(self._count),
                    "plugins": [{"name": plugin, "config": json.dumps(settings)} for plugin, settings in plugins.items()],
                }
                for name, plugins in configs.items()
            ],
        )
        for outgoing in self._streams:
            outgoing.put(self._responses)
        while True:
            message = self.acknowledged.get(timeout=20)
            if message.revision == str(self._count):
                return {refusal.config.removeprefix("shop/"): refusal.message for refusal in message.refusals}

    def stop(self):
        self._server.stop(0).wait(5)
