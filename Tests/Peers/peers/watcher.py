"""Follows the bundle as one more subscriber, and keeps what it was."""

import threading
import time

import grpc

from . import discovery
from .calling import channel


class BundleWatcher:
    """Comes again whenever its stream ends, as every client of SDS does."""

    def __init__(self, control_plane, token):
        self._plane = control_plane
        self._token = token
        self._stop = threading.Event()
        self._stream = None
        # PEM of the roots, a text for each bundle that was another than the one before.
        self.bundles = []
        self._thread = threading.Thread(target=self._run)

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self._stop.set()
        if self._stream:
            self._stream.close()
        self._thread.join()

    def _run(self):
        while not self._stop.is_set():
            with channel(self._plane, "socket") as connection:
                try:
                    self._follow(connection)
                except grpc.RpcError:
                    time.sleep(0.2)

    def _follow(self, connection):
        self._stream = discovery.Stream(connection, self._token, seconds=600)
        response = self._stream.ask(discovery.request(["ROOTCA"], described=discovery.node()))
        while True:
            roots = discovery.roots(discovery.secrets(response)["ROOTCA"])
            if roots not in self.bundles[-1:]:
                self.bundles.append(roots)
            response = self._stream.ask(discovery.answer(response, ["ROOTCA"]))
