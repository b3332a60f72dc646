/// What a caller may ask for by SDS, by the names that SPIRE and Istio made common.
package enum SecretName: Sendable, Hashable {
  /// `default`, or the caller's SPIFFE ID: its own certificate.
  case identity
  /// `ROOTCA`, or `spiffe://TRUST_DOMAIN` of its own: the bundle of the caller's trust domain.
  case bundle
  /// `spiffe://TRUST_DOMAIN` of another one.
  case foreignBundle(trustDomain: String)
  /// `ALL`: the bundle of every trust domain, each for itself.
  case allBundles

  /// Nil for what this caller may not have: whatever else there is.
  package init?(_ name: String, caller: SecretCaller) {
    switch name {
    case "default", caller.identity: self = .identity
    case "ROOTCA": self = .bundle
    case "ALL": self = .allBundles
    default:
      let scheme = "spiffe://"
      guard name.hasPrefix(scheme) else { return nil }
      let trustDomain = String(name.dropFirst(scheme.count))
      guard !trustDomain.isEmpty, !trustDomain.utf8.contains(UInt8(ascii: "/")) else { return nil }
      self = trustDomain == caller.trustDomain ? .bundle : .foreignBundle(trustDomain: trustDomain)
    }
  }
}

extension SecretName {
  /// Whether the answer holds the bundle of the caller's own trust domain.
  package var isOwnBundle: Bool { self == .bundle || self == .allBundles }
}

/// Who asks, as it was authenticated.
package struct SecretCaller: Sendable, Hashable {
  /// The SPIFFE ID.
  package var identity: String
  /// Its trust domain, without `spiffe://`.
  package var trustDomain: String

  package init(identity: String, trustDomain: String) {
    self.identity = identity
    self.trustDomain = trustDomain
  }
}
