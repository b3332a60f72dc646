"""Servers below gRPC: whatever a connection may do."""

import socket
import threading

from peers.process import LOOPBACK, free_port


class Raw:
    """A TCP server that does with a connection what it is told to."""

    def __init__(self, handle):
        self.port = free_port()
        self.address = f"grpc://{LOOPBACK}:{self.port}"
        self.connections = []
        self._listener = socket.create_server((LOOPBACK, self.port))
        self._handle = handle
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._quietly, args=[connection], daemon=True).start()

    def _quietly(self, connection):
        try:
            self._handle(connection)
        except OSError:
            pass

    def stop(self):
        for held in [self._listener, *self.connections]:
            held.close()


class Pipe(Raw):
    """Stands between a client and a server, until it loses all that comes and says nothing."""

    def __init__(self, port):
        self._is_frozen = threading.Event()
        self._port = port
        super().__init__(self._forward)

    def freeze(self):
        self._is_frozen.set()

    def _forward(self, connection):
        other = socket.create_connection((LOOPBACK, self._port))
        self.connections.append(other)
        threading.Thread(target=self._quietly_copy, args=[other, connection], daemon=True).start()
        self._copy(connection, other)

    def _quietly_copy(self, one, other):
        try:
            self._copy(one, other)
        except OSError:
            pass

    def _copy(self, one, other):
        while data := one.recv(65536):
            if not self._is_frozen.is_set():
                other.sendall(data)
