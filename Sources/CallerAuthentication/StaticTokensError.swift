package import SPIFFE

/// Why a file gives no list of tokens; it never shows a token.
package enum StaticTokensError: Error, Hashable, Sendable, CustomStringConvertible {
  case permissions(path: String, permissions: UInt32)
  case owner(path: String, owner: UInt32, user: UInt32)
  case tooLong(path: String)
  case notYAML(path: String)
  case notAList(path: String)
  case tooMany(path: String, count: Int)
  /// Entries are counted from 1.
  case malformedEntry(path: String, entry: Int)
  case unfitToken(path: String, entry: Int)
  case repeated(path: String, entry: Int)
  case identity(path: String, entry: Int, SPIFFEIDError)
  case foreignTrustDomain(path: String, entry: Int, TrustDomain, own: TrustDomain)

  package var description: String {
    switch self {
    case .permissions(let path, let permissions):
      "\(path) has mode 0\(String(permissions, radix: 8)), so others may use its tokens; run: chmod 0600 \(path)"
    case .owner(let path, let owner, let user):
      "\(path) belongs to user \(owner), who could change its tokens; run: chown \(user) \(path)"
    case .tooLong(let path):
      "\(path) is larger than \(StaticTokens.maximumLength) bytes; shorten the list"
    case .notYAML(let path):
      "\(path) is neither YAML nor JSON that can be read; check quotes, indentation and doubled keys"
    case .notAList(let path):
      "\(path) holds no list \"tokens\" with entries, or something next to it; write tokens: [{token: …, identity: …}]"
    case .tooMany(let path, let count):
      "\(path) has \(count) tokens; at most \(StaticTokens.maximumCount) are read"
    case .malformedEntry(let path, let entry):
      "entry \(entry) of \(path) has not just the texts \"token\" and \"identity\"; quote a token that is all digits"
    case .unfitToken(let path, let entry):
      "the token of entry \(entry) of \(path) has not \(StaticTokens.tokenLength.lowerBound) to "
        + "\(StaticTokens.tokenLength.upperBound) visible ASCII characters with fewer or more than two dots; take what "
        + "`openssl rand -base64 32` prints"
    case .repeated(let path, let entry):
      "the token of entry \(entry) of \(path) stands there twice; give each identity a token of its own"
    case .identity(let path, let entry, let problem):
      "the identity of entry \(entry) of \(path) can't be used: \(problem)"
    case .foreignTrustDomain(let path, let entry, let domain, let own):
      "the identity of entry \(entry) of \(path) is of the trust domain \(domain); this mesh is \(own)"
    }
  }
}
