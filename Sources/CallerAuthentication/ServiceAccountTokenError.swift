package import KubernetesObjects

/// Why a ServiceAccount token is refused. For the log: a caller learns none of it.
package enum ServiceAccountTokenError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Segment: String, Hashable, Sendable { case header, claims, signature }

  case notThreeSegments
  case notBase64URL(Segment)
  case headerTooLong(Int)
  case notJSON(Segment, JSONError)
  case malformed(Segment)
  case criticalHeader
  case otherType
  case algorithm(String?)
  case noKeyID
  case unknownKey(String)
  case algorithmDoesNotFitKey(String)
  case badSignature
  case missingClaim(String)
  case malformedClaim(String)
  case issuer(String, expected: String)
  case audience([String], accepted: [String])
  case expired(at: Int)
  case notYetValid(until: Int)
  case issuedInFuture(at: Int)
  case notBoundToPod
  case subject(String, expected: String)
  /// Genuine, but what it is bound to is not there any more.
  case boundObject(BoundObjectProblem)
  /// The API server was asked, and says no.
  case review(String)
  /// Neither we nor the API server could tell: whoever shows it may come again.
  case undecided(String)

  package var description: String {
    switch self {
    case .notThreeSegments: "the token has not three segments; send a ServiceAccount token as its file holds it"
    case .notBase64URL(let segment): "the token's \(segment.rawValue) is no base64url without padding"
    case .headerTooLong(let count):
      "the token's header has \(count) bytes; at most \(TokenHeader.maximumLength) are read"
    case .notJSON(let segment, let problem): "the token's \(segment.rawValue) is no JSON: \(Excerpt(problem))"
    case .malformed(let segment): "the token's \(segment.rawValue) is no JSON object"
    case .criticalHeader: "the token's header has extensions that must be understood; we understand none"
    case .otherType: "the token's header says that it is no JWT"
    case .algorithm(let name):
      "the token's algorithm is \(name.map { "\(Excerpt($0))" } ?? "missing"); RS256 and ES256 are accepted"
    case .noKeyID: "the token's header names no key (\"kid\")"
    case .unknownKey(let id):
      "no key \(Excerpt(id)) in the JWK Set; if the cluster has new signing keys, give their JWK Set"
    case .algorithmDoesNotFitKey(let id): "the token's algorithm is not that of the key \(Excerpt(id))"
    case .badSignature: "the token's signature is not that of its key"
    case .missingClaim(let name): "the token has no \"\(name)\""
    case .malformedClaim(let name): "the token's \"\(name)\" is malformed"
    case .issuer(let issuer, let expected):
      "the token is from the issuer \(Excerpt(issuer)), not from \(Excerpt(expected)); set the issuer of this cluster"
    case .audience(let audiences, let accepted):
      "the token is meant for \(Excerpt(audiences)), not for one of \(accepted); project one with such an audience"
    case .expired(let moment): "the token expired at \(moment) (Unix time); read its file again before each request"
    case .notYetValid(let moment): "the token is valid from \(moment) (Unix time) on; set the clocks"
    case .issuedInFuture(let moment): "the token was issued at \(moment) (Unix time), in the future; set the clocks"
    case .notBoundToPod:
      "the token is not bound to a Pod; mount a projected token, or let the mesh accept unbound tokens"
    case .subject(let subject, let expected):
      "the token's subject is \(Excerpt(subject)), but its Kubernetes claims say \(expected)"
    case .boundObject(let problem): problem.description
    case .review(let reason):
      "the API server refuses the token: \(Excerpt(reason)); read its file again before each request"
    case .undecided(let reason): "whether the token is good can't be told now: \(reason)"
    }
  }
}
