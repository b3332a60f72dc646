"""An SDS client on published xDS messages."""

import queue

from envoy.config.core.v3 import base_pb2
from envoy.extensions.transport_sockets.tls.v3 import secret_pb2, tls_spiffe_validator_config_pb2
from envoy.service.discovery.v3 import discovery_pb2
from google.protobuf import unknown_fields
from google.rpc import status_pb2

from .calling import TIMEOUT, bearer

SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
_SERVICE = "/envoy.service.secret.v3.SecretDiscoveryService"


def node(csr=None):
    """With more than amesh looks at, as real clients send it."""
    described = base_pb2.Node(
        id="python",
        cluster="peers",
        locality=base_pb2.Locality(region="here", zone="a"),
        user_agent_name="python",
        user_agent_build_version=base_pb2.BuildVersion(),
        client_features=["envoy.lb.does_not_support_overprovisioning"],
    )
    described.metadata.update({"labels": {"app": "peers"}})
    if csr is not None:
        described.metadata.update({"amesh.csr": csr})
    return described


def request(names=(), *, version="", nonce="", error=None, described=None, type_url=SECRET):
    message = discovery_pb2.DiscoveryRequest(
        version_info=version, resource_names=names, type_url=type_url, response_nonce=nonce, node=described
    )
    if error:
        message.error_detail.CopyFrom(status_pb2.Status(code=13, message=error))
    return message


def answer(response, names, *, error=None):
    """ACK or, with an error, NACK. A NACK names the version before, which for one stream's first answer is none."""
    version = "" if error else response.version_info
    return request(names, version=version, nonce=response.nonce, error=error)


def delta(add=(), remove=(), *, known=None, nonce="", error=None, described=None):
    message = discovery_pb2.DeltaDiscoveryRequest(
        type_url=SECRET,
        resource_names_subscribe=add,
        resource_names_unsubscribe=remove,
        initial_resource_versions=known or {},
        response_nonce=nonce,
        node=described,
    )
    if error:
        message.error_detail.CopyFrom(status_pb2.Status(code=13, message=error))
    return message


def secrets(response):
    """Name → Secret, of a response of either protocol."""
    found = {}
    for resource in response.resources:
        packed = resource.resource if isinstance(resource, discovery_pb2.Resource) else resource
        assert packed.type_url == SECRET, packed.type_url
        secret = strictly(secret_pb2.Secret)(packed.value)
        assert secret.name not in found
        found[secret.name] = secret
    return found


def chain_and_key(secret):
    tls = secret.tls_certificate
    return tls.certificate_chain.inline_bytes.decode(), tls.private_key.inline_bytes.decode()


def roots(secret):
    return secret.validation_context.trusted_ca.inline_bytes.decode()


def validator(secret):
    """Trust domain → roots, of the secret ALL."""
    configuration = tls_spiffe_validator_config_pb2.SPIFFECertValidatorConfig()
    custom = secret.validation_context.custom_validator_config
    assert custom.name == "envoy.tls.cert_validator.spiffe", custom.name
    assert custom.typed_config.Unpack(configuration), custom.typed_config.type_url
    return {domain.name: domain.trust_bundle.inline_bytes.decode() for domain in configuration.trust_domains}


def strictly(message_type):
    """Reads a message of that type, and holds it against its bytes: no unknown field, each field in its place once."""

    def read(data):
        message = message_type.FromString(data)
        extra = unknown_fields.UnknownFieldSet(message)
        assert len(extra) == 0, [field.field_number for field in extra]
        assert message.SerializeToString(deterministic=True) == data, "other bytes than the published messages give"
        return message

    return read


class Stream:
    """One stream: messages go out when they are sent, and come in when they are asked for."""

    def __init__(self, channel, token=None, *, protocol="StreamSecrets", seconds=60):
        is_delta = protocol == "DeltaSecrets"
        response = discovery_pb2.DeltaDiscoveryResponse if is_delta else discovery_pb2.DiscoveryResponse
        sent = discovery_pb2.DeltaDiscoveryRequest if is_delta else discovery_pb2.DiscoveryRequest
        call = channel.stream_stream(
            f"{_SERVICE}/{protocol}",
            request_serializer=sent.SerializeToString,
            response_deserializer=strictly(response),
        )
        self._outgoing = queue.SimpleQueue()
        self._call = call(iter(self._outgoing.get, None), metadata=bearer(token), timeout=seconds)

    def send(self, message):
        self._outgoing.put(message)
        return self

    def receive(self):
        """Raises grpc.RpcError where the server ends the stream instead."""
        return next(self._call)

    def ask(self, message):
        return self.send(message).receive()

    def close(self):
        self._outgoing.put(None)
        self._call.cancel()


def fetch(channel, message, token=None):
    call = channel.unary_unary(
        f"{_SERVICE}/FetchSecrets",
        request_serializer=discovery_pb2.DiscoveryRequest.SerializeToString,
        response_deserializer=strictly(discovery_pb2.DiscoveryResponse),
    )
    return call(message, metadata=bearer(token), timeout=TIMEOUT)
