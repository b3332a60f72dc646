/// Which identities are meant: one, all of a namespace, or all of a trust domain. Each is a SPIFFE ID or a SPIFFE ID whose
/// last segment is `*`:
///
///     spiffe://cluster.local/ns/shop/sa/web    this one
///     spiffe://cluster.local/ns/shop/*         every ServiceAccount of the namespace
///     spiffe://cluster.local/*                 everyone of the trust domain
///
/// There is no other wildcard, so that whoever checks needs to compare bytes only.
package struct IdentityPattern: Hashable, Sendable {
  private enum Kind: Hashable, Sendable {
    case exact(SPIFFEID)
    /// Joined to a slash, what the path begins with; none for the whole trust domain.
    case members(TrustDomain, prefix: String)
  }

  private let kind: Kind

  package init(_ text: String) throws(SPIFFEIDError) {
    guard text.hasSuffix("/*") else {
      let id = try SPIFFEID(text)
      // A trust domain's own ID is nobody's.
      guard !id.path.isEmpty else { throw .notAPattern }
      kind = .exact(id)
      return
    }
    let id = try SPIFFEID(String(text.dropLast(2)))
    let segments = id.segments
    switch segments.count {
    case 0: kind = .members(id.trustDomain, prefix: "/")
    case 2 where segments[0] == "ns": kind = .members(id.trustDomain, prefix: id.path + "/")
    default: throw .notAPattern
    }
  }

  package func matches(_ id: SPIFFEID) -> Bool {
    switch kind {
    case .exact(let wanted): id == wanted
    case .members(let trustDomain, let prefix):
      id.trustDomain == trustDomain && id.path.utf8.count > prefix.utf8.count && id.path.hasPrefix(prefix)
    }
  }
}

extension IdentityPattern: CustomStringConvertible {
  /// As ``init(_:)`` reads it.
  package var description: String {
    switch kind {
    case .exact(let id): id.description
    case .members(let trustDomain, let prefix): SPIFFEID(trustDomain).description + prefix + "*"
    }
  }
}
