"""An HTTP/2 client that decides on each frame, for what no client of gRPC does."""

import socket

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

_TIMEOUT = 20


def framed(message, *, compressed=0, length=None):
    """A message as gRPC puts it on the wire."""
    return bytes([compressed]) + (len(message) if length is None else length).to_bytes(4, "big") + message


class Answer:
    """What came on one stream so far."""

    def __init__(self):
        self.headers = {}
        self.trailers = {}
        self.data = b""
        self.ended = False
        self.reset = None

    @property
    def status(self):
        """gRPC's, or None while there is none."""
        text = self.trailers.get("grpc-status", self.headers.get("grpc-status"))
        return None if text is None else int(text)

    @property
    def messages(self):
        rest, messages = self.data, []
        while len(rest) >= 5:
            length = int.from_bytes(rest[1:5], "big")
            messages.append(rest[5 : 5 + length])
            rest = rest[5 + length :]
        return messages


class Connection:
    """Over the Unix socket. window is what each stream may be sent before it is read."""

    def __init__(self, control_plane, *, window=65535, opens_windows=True):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_TIMEOUT)
        self._socket.connect(str(control_plane.socket))
        # What a client may not send is what is sent here.
        self._h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(
                header_encoding="utf-8", validate_outbound_headers=False, normalize_outbound_headers=False
            )
        )
        self._h2.local_settings = h2.settings.Settings(
            client=True, initial_values={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window}
        )
        self.opens_windows = opens_windows
        self.answers = {}
        self.closed = False
        self.gone_away = None
        self._h2.initiate_connection()
        self._flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def _flush(self):
        self._socket.sendall(self._h2.data_to_send())

    def room(self, stream):
        """How much may be sent on a stream before the server has to say more."""
        return self._h2.local_flow_control_window(stream)

    def open(self, path, token=None, *, headers=(), method="POST", content_type="application/grpc", end=False):
        stream = self._h2.get_next_available_stream_id()
        self.answers[stream] = Answer()
        shown = [("authorization", f"Bearer {token}")] if token else []
        self._h2.send_headers(
            stream,
            [
                (":method", method),
                (":scheme", "http"),
                (":path", path),
                (":authority", "amesh"),
                ("content-type", content_type),
                ("te", "trailers"),
                *shown,
                *headers,
            ],
            end_stream=end,
        )
        self._flush()
        return stream

    def send(self, stream, data, *, end=False, padding=None):
        """Waits for the windows where they are too small."""
        while True:
            cost = len(data) + (0 if padding is None else padding + 1)
            if self.room(stream) >= cost:
                break
            self.read()
        self._h2.send_data(stream, data, end_stream=end, pad_length=padding)
        self._flush()

    def trailers(self, stream):
        self._h2.send_headers(stream, [("x-last", "word")], end_stream=True)
        self._flush()

    def reset(self, stream):
        self._h2.reset_stream(stream, error_code=8)
        self._flush()

    def grow(self, stream, count):
        """Takes so much more of what the server has for a stream."""
        self._h2.increment_flow_control_window(count, stream)
        self._h2.increment_flow_control_window(count)
        self._flush()

    def read(self):
        """Takes what comes next."""
        data = self._socket.recv(65536)
        if not data:
            self.closed = True
            raise ConnectionResetError("the server has closed the connection")
        for event in self._h2.receive_data(data):
            self._take(event)
        self._flush()

    def _take(self, event):
        answer = self.answers.get(getattr(event, "stream_id", None))
        match event:
            case h2.events.ResponseReceived():
                answer.headers = dict(event.headers)
            case h2.events.TrailersReceived():
                answer.trailers = dict(event.headers)
            case h2.events.DataReceived():
                answer.data += event.data
                if self.opens_windows and event.flow_controlled_length:
                    self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                answer.ended = True
            case h2.events.StreamReset():
                answer.reset = event.error_code
            case h2.events.ConnectionTerminated():
                self.gone_away = event.error_code

    def read_until(self, condition):
        """Of the answer of a stream: until it is true."""
        while not condition():
            self.read()

    def end_of(self, stream):
        """The whole answer."""
        answer = self.answers[stream]
        self.read_until(lambda: answer.ended or answer.reset is not None)
        return answer

    def call(self, path, token, message):
        """One message and its answer."""
        stream = self.open(path, token)
        self.send(stream, framed(message), end=True)
        return self.end_of(stream)
