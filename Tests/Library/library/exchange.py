"""Bytes as they go over the wire: a client that sends them, and a server that writes down what arrives."""

import http.client
import socket
import threading
import time


class Arrival:
    """A request as an application sees it."""

    def __init__(self, at, line, headers, body):
        self.at = at
        self.method, self.target, self.version = line.split(" ", 2)
        self.headers = headers
        self.body = body
        # By this the test knows its request again.
        self.trace = next((value for name, value in headers if name.lower() == "x-trace"), None)


class Response:
    """What the client gets."""

    def __init__(self, status, headers=(), body=b"", seconds=0):
        self.status = status
        self.headers = list(headers)
        self.body = body
        self.seconds = seconds


def _read_head(stream):
    lines = []
    while line := stream.readline(1 << 20):
        if line in (b"\r\n", b"\n"):
            return lines
        lines.append(line.rstrip(b"\r\n").decode("latin-1"))
    return None


def _read_body(stream, headers):
    named = {name.lower(): value for name, value in headers}
    if named.get("transfer-encoding", "").lower() != "chunked":
        return stream.read(int(named.get("content-length", 0)))
    body = b""
    while size := int(stream.readline().split(b";")[0], 16):
        body += stream.read(size)
        stream.readline()
    stream.readline()
    return body


class Recorder:
    """Answers as a request's own headers ask for: `x-answer` (a status, one for each try), `x-wait` (seconds), `x-say`
    (headers of the response, joined by bars)."""

    def __init__(self, address, arrivals):
        host, _, port = address.rpartition(":")
        self.at = address
        self.arrivals = arrivals
        self.socket = socket.create_server((host, int(port)), backlog=128)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            try:
                while self._answer(connection, stream):
                    pass
            except OSError:
                pass

    def _answer(self, connection, stream):
        head = _read_head(stream)
        if not head:
            return False
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in head[1:]]
        named = {name.lower(): value for name, value in headers}
        if named.get("expect", "").lower() == "100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = _read_body(stream, headers)
        arrival = Arrival(self.at, head[0], headers, body)
        tries = sum(known.trace == arrival.trace for known in list(self.arrivals))
        self.arrivals.append(arrival)
        time.sleep(float(named.get("x-wait", 0)))
        answers = named.get("x-answer", "200").split()
        status = answers[min(tries, len(answers) - 1)]
        if status == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            return False
        text = b"" if status in ("204", "304") else f"from {self.at}".encode()
        said = [line for line in named.get("x-say", "").split("|") if line]
        lines = [f"HTTP/1.1 {status} Said", *said]
        if status not in ("204", "304"):
            lines.append(f"Content-Length: {len(text)}")
        if head[0].startswith("HEAD "):
            text = b""
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + text)
        return named.get("connection", "").lower() != "close"

    def shutdown(self):
        self.socket.shutdown(socket.SHUT_RDWR)

    def server_close(self):
        self.socket.close()


def exchange(connection, request, method="GET"):
    """Sends bytes, and reads one response."""
    began = time.monotonic()
    connection.sendall(request)
    response = http.client.HTTPResponse(connection, method=method)
    try:
        response.begin()
        body = response.read()
    except (http.client.HTTPException, OSError) as problem:
        return Response(type(problem).__name__)
    return Response(response.status, response.getheaders(), body, time.monotonic() - began)
