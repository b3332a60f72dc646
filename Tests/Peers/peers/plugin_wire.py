"""The stream of plugins, written from the first Amesh's definition of it: field numbers and nothing else are taken over, so that
what is proven is the wire."""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

NAME = "ai.api7.amesh.proto.v1.AmeshService"
SERVICE = f"/{NAME}/"
_STRING, _MESSAGE, _BOOL = 9, 11, 8
_ONE, _MANY = 1, 3


def _messages():
    file = descriptor_pb2.FileDescriptorProto(name="amesh-by-hand.proto", package="wire", syntax="proto3")
    for name, fields in {
        "Status": [("code", 1, 5, _ONE), ("message", 2, _STRING, _ONE)],
        "Instance": [("key", 1, _STRING, _ONE)],
        "Request": [("instance", 1, "Instance", _ONE), ("knows_targets", 100, _BOOL, _ONE)],
        "Plugin": [("type", 1, _STRING, _ONE), ("name", 2, _STRING, _ONE), ("config", 3, _STRING, _ONE)],
        "Config": [("name", 1, _STRING, _ONE), ("plugins", 2, "Plugin", _MANY), ("version", 3, _STRING, _ONE)],
        "Response": [
            ("error_message", 1, "Status", _ONE),
            ("plugins", 2, "Config", _MANY),
            ("revision", 100, _STRING, _ONE),
        ],
        "Refusal": [("config", 1, _STRING, _ONE), ("message", 2, _STRING, _ONE)],
        "Acknowledgement": [
            ("instance", 1, "Instance", _ONE),
            ("revision", 2, _STRING, _ONE),
            ("refusals", 3, "Refusal", _MANY),
        ],
        "Acknowledged": [],
    }.items():
        message = file.message_type.add(name=name)
        for field, number, kind, label in fields:
            if isinstance(kind, str):
                message.field.add(name=field, number=number, type=_MESSAGE, label=label, type_name=f".wire.{kind}")
            else:
                message.field.add(name=field, number=number, type=kind, label=label)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"wire.{name}"))
        for name in (message.name for message in file.message_type)
    }


wire = _messages()
