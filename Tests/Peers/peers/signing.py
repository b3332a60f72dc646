"""A client of Istio's CSR API whose messages are put together and taken apart byte by byte, from the API's definition
(istio.io/api, security/v1alpha1/ca.proto): nothing of it comes from amesh's own .proto files."""

from google.protobuf import struct_pb2

from .calling import TIMEOUT, bearer

_METHOD = "/istio.v1.auth.IstioCertificateService/CreateCertificate"
# Wire types: https://protobuf.dev/programming-guides/encoding/
_VARINT, _BYTES = 0, 2


def _varint(number):
    # A negative int64 is written as 64 bits of two's complement.
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytearray([number]))


def _field(number, data):
    return _varint(number << 3 | _BYTES) + _varint(len(data)) + data


def encode(csr, seconds=0, metadata=None):
    """IstioCertificateRequest: csr = 1, validity_duration = 3, metadata = 4."""
    message = _field(1, csr.encode())
    if seconds:
        message += _varint(3 << 3 | _VARINT) + _varint(seconds)
    if metadata:
        struct = struct_pb2.Struct()
        struct.update(metadata)
        message += _field(4, struct.SerializeToString())
    return message


def decode(data):
    """IstioCertificateResponse: repeated string cert_chain = 1, and nothing else."""
    elements, at = [], 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        assert tag == 1 << 3 | _BYTES, f"tag {tag}"
        length, at = _read_varint(data, at)
        assert at + length <= len(data), "cut off"
        elements.append(data[at : at + length].decode())
        at += length
    return elements


def _read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


class Signed:
    """chain: the leaf and what is above it. bundle: the roots. metadata: what the server says besides."""

    def __init__(self, elements, metadata):
        *self.chain, self.bundle = elements
        self.metadata = metadata

    @property
    def chain_pem(self):
        return "".join(self.chain)


def create_certificate(channel, csr, token=None, *, seconds=0, metadata=None, headers=()):
    call = channel.unary_unary(_METHOD, request_serializer=lambda message: message, response_deserializer=decode)
    elements, finished = call.with_call(
        encode(csr, seconds, metadata), metadata=[*bearer(token), *headers], timeout=TIMEOUT
    )
    return Signed(elements, {key: value for key, value in finished.initial_metadata()})
