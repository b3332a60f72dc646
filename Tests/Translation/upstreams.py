"""Upstreams that say the name of their cluster, and what has arrived."""

import http.server
import threading

from resources import LOOPBACK


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(200)
        self.send_header("x-cluster", self.server.cluster)
        # The server's own reading of it makes one of two slashes.
        self.send_header("x-target", self.requestline.split(" ")[1])
        self.send_header("x-host", self.headers["host"])
        self.send_header("x-added", ",".join(self.headers.get_all("x-added", [])))
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_PUT = do_POST = _answer

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


class Upstreams:
    """One for each cluster that is asked for."""

    def __init__(self):
        self._servers = {}

    def port(self, cluster):
        if cluster not in self._servers:
            server = _Server((LOOPBACK, 0), _Handler)
            server.cluster = cluster
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self._servers[cluster] = server
        return self._servers[cluster].server_address[1]
