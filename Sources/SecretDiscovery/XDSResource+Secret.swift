import Crypto
import EnvoyAPI
import FoundationEssentials
import SwiftProtobuf
import XDSProtocol

/// The type that SDS serves.
package let secretTypeURL = typeURL(of: Envoy_Extensions_TransportSockets_Tls_V3_Secret())

func typeURL(of message: some Message) -> String { "type.googleapis.com/\(type(of: message).protoMessageName)" }

extension XDSResource {
  /// The version is the first half of the content's SHA-256: equal on every replica and after a restart.
  static func secret(_ secret: Envoy_Extensions_TransportSockets_Tls_V3_Secret) -> XDSResource {
    let bytes = Serialised.bytes(secret)
    let digits = Array("0123456789abcdef")
    var version = ""
    for byte in SHA256.hash(data: bytes).prefix(16) {
      version.append(digits[Int(byte >> 4)])
      version.append(digits[Int(byte & 0xF)])
    }
    return XDSResource(version: version, bytes: bytes)
  }
}

enum Serialised {
  /// Messages of ours hold no `Any` that is yet to be packed, no required field and no 2 GB, so that none can fail.
  static func bytes(_ message: some Message) -> Data { (try? message.serializedData()) ?? Data() }
}
