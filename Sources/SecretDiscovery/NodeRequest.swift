package import EnvoyAPI
import SwiftProtobuf

/// What a subscriber says of itself in its node's metadata, as far as it changes what it is given.
package struct NodeRequest: Sendable, Hashable {
  /// The key in the metadata that holds a PKCS#10 request in PEM.
  package static let signingRequestKey = "amesh.csr"
  /// Bytes of PEM: enough for RSA 4096 with extensions.
  package static let maximumSigningRequestBytes = 16 << 10

  /// PEM, not yet looked at: the caller holds its key, and gets certificates without one. Nil: the server makes the key.
  package var signingRequest: String?

  package init(signingRequest: String? = nil) { self.signingRequest = signingRequest }

  package init(_ node: Envoy_Config_Core_V3_Node) throws(NodeRequestError) {
    guard let value = node.metadata.fields[Self.signingRequestKey] else { return }
    guard case .stringValue(let text) = value.kind, !text.isEmpty else { throw .notText }
    let count = text.utf8.count
    guard count <= Self.maximumSigningRequestBytes else { throw .tooLong(bytes: count) }
    signingRequest = text
  }
}

package enum NodeRequestError: Error, Sendable, Hashable, CustomStringConvertible {
  case notText
  case tooLong(bytes: Int)

  package var description: String {
    let key = "node.metadata[\"\(NodeRequest.signingRequestKey)\"]"
    switch self {
    case .notText: return "\(key) has to be a PKCS#10 request in PEM, as a string; leave it out to be given a key"
    case .tooLong(let bytes):
      return
        "\(key) has \(bytes) bytes; a PKCS#10 request of at most \(NodeRequest.maximumSigningRequestBytes) is taken"
    }
  }
}
