import KubernetesObjects

/// The JOSE header of a token (RFC 7515, section 4): which key to verify it with, and nothing else.
///
/// It is read before anything is proven, so all that it may do is to choose one of our keys. Keys and addresses of keys
/// that it carries (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.
struct TokenHeader: Hashable, Sendable {
  static let maximumLength = 2048
  static let maximumKeyIDLength = 256

  let algorithm: TokenAlgorithm
  let keyID: String

  /// - Parameter text: the decoded first segment.
  init(parsing text: [UInt8]) throws(ServiceAccountTokenError) {
    guard text.count <= Self.maximumLength else { throw .headerTooLong(text.count) }
    let header: JSONView
    do {
      header = try JSONDocument(parsing: text, maximumDepth: 4).root
    } catch {
      throw .notJSON(.header, error)
    }
    guard header.kind == .object else { throw .malformed(.header) }
    // What may not be ignored and what we don't know (RFC 7515, section 4.1.11); b64 (RFC 7797) needs it.
    guard header["crit"] == nil, header["b64"] == nil else { throw .criticalHeader }
    guard let named = header["alg"]?.string else { throw .algorithm(nil) }
    guard let algorithm = TokenAlgorithm(rawValue: named) else { throw .algorithm(named) }
    // A token that says that it is meant for something else (RFC 8725, section 3.11).
    if let type = header["typ"] {
      guard let type = type.string, type.utf8.count <= 4, ["jwt", "jose"].contains(type.lowercased()) else {
        throw .otherType
      }
    }
    guard let keyID = header["kid"]?.string, Self.isKeyID(keyID) else { throw .noKeyID }
    self.algorithm = algorithm
    self.keyID = keyID
  }

  /// Visible ASCII: names that compare in one way only.
  static func isKeyID(_ id: String) -> Bool {
    !id.isEmpty && id.utf8.count <= maximumKeyIDLength && id.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }
}
