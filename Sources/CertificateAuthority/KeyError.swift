/// Why a key could not be made, read or used; the description names the thing and never shows a key.
package enum KeyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The library refused an operation, with its own words.
  case failed(operation: String, reason: String)
  /// Not a private key in PEM.
  case unreadable(reason: String)
  /// A kind or size that certificates of the mesh may not carry.
  case unsupported(String)
  /// Nothing, or more than one private key, was found at a URI.
  case notFound(uri: String, reason: String)

  package var description: String {
    switch self {
    case .failed(let operation, let reason): "\(operation) failed: \(reason)"
    case .unreadable(let reason):
      "the private key can't be read: \(reason); give one unencrypted PEM key (PKCS #8, SEC 1 or PKCS #1)"
    case .unsupported(let kind):
      "\(kind) is not supported; use \(KeyAlgorithm.allCases.map(\.description).joined(separator: ", "))"
    case .notFound(let uri, let reason): "no private key at \(uri): \(reason)"
    }
  }
}
