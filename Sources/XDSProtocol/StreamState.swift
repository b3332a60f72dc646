import EnvoyAPI
import SwiftProtobuf

/// What both protocols keep of a stream, and check of a request.
struct StreamState: Sendable, Equatable {
  let configuration: XDSServerConfiguration
  /// A handful: looked through one by one.
  var types: [SubscribedType] = []
  private var lastNonce: UInt64 = 0
  private(set) var isClosed = false

  init(configuration: XDSServerConfiguration) { self.configuration = configuration }

  /// A number that counts the stream's responses: clients compare nonces, and need not fail to guess them.
  var nextNonce: UInt64 { lastNonce &+ 1 }

  mutating func sent(_ nonce: UInt64, type index: Int) {
    lastNonce = nonce
    types[index].lastNonce = nonce
  }

  /// The response that a client answers; nil where there was none of that nonce.
  func issuedNonce(_ text: String) -> UInt64? {
    guard let nonce = UInt64(text), nonce > 0, nonce <= lastNonce, String(nonce) == text else { return nil }
    return nonce
  }

  mutating func close<Response>(_ status: XDSStatus) -> XDSAction<Response> {
    isClosed = true
    types = []
    return .close(status)
  }

  // MARK: - Checks

  func served(_ typeURL: String) throws(XDSStatus) -> String {
    if typeURL.isEmpty, let first = configuration.typeURLs.first { return first }
    guard let known = configuration.typeURLs.first(where: { $0 == typeURL }) else {
      throw .unknownType(typeURL, served: configuration.typeURLs)
    }
    return known
  }

  func check(_ names: some Collection<String>) throws(XDSStatus) {
    guard names.count <= configuration.maximumNames else {
      throw .tooManyNames(names.count, limit: configuration.maximumNames)
    }
    for name in names {
      let bytes = name.utf8.count
      guard bytes > 0 else { throw .emptyName }
      guard bytes <= configuration.maximumNameBytes else {
        throw .nameTooLong(bytes, limit: configuration.maximumNameBytes)
      }
    }
  }

  // MARK: - Types

  func index(of typeURL: String) -> Int? { types.firstIndex { $0.typeURL == typeURL } }

  mutating func addType(_ typeURL: String) -> Int {
    types.append(SubscribedType(typeURL: typeURL))
    return types.count - 1
  }

  var controlPlane: Envoy_Config_Core_V3_ControlPlane? {
    guard !configuration.controlPlaneIdentifier.isEmpty else { return nil }
    return .with { $0.identifier = configuration.controlPlaneIdentifier }
  }
}
