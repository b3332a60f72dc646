package import FoundationEssentials
import SPIFFE

/// Authenticates by a fixed list of tokens, for machines without a cluster. Only hashes of the tokens are kept.
package struct StaticTokens: AuthenticationMethod {
  /// Bytes of the file.
  package static let maximumLength = 1 << 20
  /// Tokens of the list.
  package static let maximumCount = 4096
  /// Bytes of a token: 32 random bytes in base64 are 43.
  package static let tokenLength = 32...4096

  struct Entry: Hashable, Sendable {
    let hash: CredentialHash
    let identity: WorkloadIdentity
  }

  private let entries: [Entry]

  init(entries: [Entry]) {
    self.entries = entries
  }

  package var count: Int { entries.count }

  package func judge(_ credentials: Credentials, at now: Date) async -> AuthenticationVerdict {
    // The file takes no token that looks signed, so such a one is for another method.
    guard let token = credentials.token, !token.looksSigned else { return .notApplicable }
    guard let identity = identity(of: token) else { return .refused(.unknownStaticToken) }
    return .authenticated(
      Caller(
        identity: identity,
        method: .staticToken,
        lastTokenAuthentication: now,
        credentialExpiry: nil,
        credentialHash: token.hash
      )
    )
  }

  /// Compares with every token of the list, so that time tells neither which one it is nor how near a guess came.
  func identity(of token: BearerToken) -> WorkloadIdentity? {
    var found = -1
    for (index, entry) in entries.enumerated() {
      let mask = entry.hash.equalsInConstantTime(token.hash) ? -1 : 0
      found = (index & mask) | (found & ~mask)
    }
    return entries.indices.contains(found) ? entries[found].identity : nil
  }
}

extension StaticTokens: CustomStringConvertible {
  package var description: String { "\(count) static tokens" }
}
