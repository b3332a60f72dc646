/// What a caller shows of itself on one request.
package struct Credentials: Sendable {
  package let token: BearerToken?
  /// DER of what was presented in the TLS handshake, the leaf first; empty where there was nothing.
  package let certificateChain: [[UInt8]]

  package init(token: BearerToken? = nil, certificateChain: [[UInt8]] = []) {
    self.token = token
    self.certificateChain = certificateChain
  }

  /// - Parameters:
  ///   - authorization: every value of the `authorization` metadata; more than one would let two readers of the
  ///     request see two callers.
  ///   - certificateChain: DER, leaf first.
  package init(authorization: [String], certificateChain: [[UInt8]]) throws(CredentialsError) {
    guard authorization.count <= 1 else { throw .ambiguous }
    token = try authorization.first.map { value throws(CredentialsError) in try BearerToken(authorization: value) }
    self.certificateChain = certificateChain
  }
}

/// Why what came with a request is no credential.
package enum CredentialsError: Error, Hashable, Sendable, CustomStringConvertible {
  case ambiguous
  case notBearer
  case tokenTooLong(Int)

  package var description: String {
    switch self {
    case .ambiguous: "more than one authorization value; send one"
    case .notBearer: "the authorization value is not \"Bearer TOKEN\" with a token of visible ASCII; send it so"
    case .tokenTooLong(let count):
      "the token has \(count) bytes; at most \(BearerToken.maximumLength) are read"
    }
  }
}
