"""gRPC for hundreds of sidecars in one process: the frames of HTTP/2 by hand, as little Python for each as can be.

A client of gRPC takes longer to read what is pushed than the server takes to push it; then it is the client that is tested.
"""

import asyncio
import ssl

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _WINDOW_UPDATE = 0, 1, 3, 4, 6, 8
_END, _ACKNOWLEDGES, _END_OF_HEADERS = 1, 1, 4
_PREFIX, _GRPC_PREFIX = 9, 5
# What the server may send before it is told that so much was read: of HTTP/2 itself, for a stream and for all of them.
_WINDOW, _MANY = 65535, 1 << 24


def call_headers(path, token):
    """A block of headers for `Connection.call`; a token is long, and the same each time."""
    fields = {
        ":method": "POST",
        ":scheme": "https",
        ":path": path,
        ":authority": "localhost",
        "content-type": "application/grpc",
        "te": "trailers",
        "authorization": f"Bearer {token}",
    }
    # HPACK's plainest: neither indexed nor compressed.
    return b"".join(b"\0" + _text(name) + _text(value) for name, value in fields.items())


def _text(value):
    value = value.encode()
    if len(value) < 127:
        return bytes([len(value)]) + value
    length, rest = bytearray([127]), len(value) - 127
    while rest >= 128:
        length.append(rest % 128 + 128)
        rest //= 128
    return bytes([*length, rest]) + value


class _Call:
    __slots__ = ("message", "end", "rest", "taken")

    def __init__(self, message, end):
        self.message, self.end, self.rest, self.taken = message, end, b"", 0


class Connection(asyncio.Protocol):
    """Calls with one request each. What comes of headers is not read: whether a call has ended is all that matters."""

    @classmethod
    async def open(cls, host, port, roots):
        """roots: in PEM."""
        context = ssl.create_default_context(cadata=roots)
        context.set_alpn_protocols(["h2"])
        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(cls, host, port, ssl=context, server_hostname="localhost")
        return made

    def __init__(self):
        self.closed = asyncio.get_running_loop().create_future()
        self._calls, self._next = {}, 1
        self._rest, self._out = b"", []
        self._taken, self._is_reading = 0, False

    def call(self, headers, request, message, end):
        """`message` gets each that is answered, as bytes; `end` is called when there are no more."""
        stream, self._next = self._next, self._next + 2
        self._calls[stream] = _Call(message, end)
        self._write(_HEADERS, _END_OF_HEADERS, stream, headers)
        # Requests are few and small: their windows never close.
        self._write(_DATA, _END, stream, b"\0" + len(request).to_bytes(4, "big") + request)
        if not self._is_reading:
            self._flush()

    def close(self):
        self._transport.abort()

    # --- asyncio.Protocol ----------------------------------------------------------------------------------------------

    def connection_made(self, transport):
        self._transport = transport
        self._out.append(_PREFACE)
        self._write(_SETTINGS, 0, 0, b"")
        self._grow(0, _MANY)
        self._flush()

    def connection_lost(self, error):
        calls, self._calls = self._calls, {}
        if not self.closed.done():
            self.closed.set_result(error)
        for call in calls.values():
            call.end()

    def data_received(self, data):
        self._is_reading = True
        data, position = self._rest + data, 0
        while len(data) - position >= _PREFIX:
            end = position + _PREFIX + int.from_bytes(data[position : position + 3], "big")
            if end > len(data):
                break
            kind, flags = data[position + 3], data[position + 4]
            stream = int.from_bytes(data[position + 5 : position + _PREFIX], "big")
            self._take(kind, flags, stream, data[position + _PREFIX : end])
            position = end
        self._rest = data[position:]
        if self._taken > _MANY // 2:
            self._grow(0, self._taken)
            self._taken = 0
        self._is_reading = False
        self._flush()

    # --- frames --------------------------------------------------------------------------------------------------------

    def _take(self, kind, flags, stream, content):
        if kind == _DATA:
            self._take_data(stream, content)
        elif kind == _PING and not flags & _ACKNOWLEDGES:
            self._write(_PING, _ACKNOWLEDGES, 0, content)
        elif kind == _SETTINGS and not flags & _ACKNOWLEDGES:
            self._write(_SETTINGS, _ACKNOWLEDGES, 0, b"")
        if kind == _RESET or kind in (_DATA, _HEADERS) and flags & _END:
            call = self._calls.pop(stream, None)
            if call:
                call.end()

    def _take_data(self, stream, content):
        self._taken += len(content)
        call = self._calls.get(stream)
        if not call:
            return
        call.taken += len(content)
        if call.taken > _WINDOW // 2:
            self._grow(stream, call.taken)
            call.taken = 0
        rest = call.rest + content
        while len(rest) >= _GRPC_PREFIX:
            end = _GRPC_PREFIX + int.from_bytes(rest[1:_GRPC_PREFIX], "big")
            if end > len(rest):
                break
            call.message(rest[_GRPC_PREFIX:end])
            rest = rest[end:]
        call.rest = rest

    def _grow(self, stream, count):
        self._write(_WINDOW_UPDATE, 0, stream, count.to_bytes(4, "big"))

    def _write(self, kind, flags, stream, content):
        self._out.append(len(content).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big"))
        self._out.append(content)

    def _flush(self):
        if self._out and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()
