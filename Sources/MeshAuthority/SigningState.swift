package import CertificateAuthority

/// What certificates are issued with and verified against at a moment: always used as one.
package struct SigningState: Sendable {
  /// Signs leaves.
  package let issuer: Issuer
  /// What everyone is to trust.
  package let bundle: TrustBundle
  /// Of the state that the bundle is from; rises with each change of it.
  package let generation: Int
  /// The issuing intermediate; nil where a plugged-in authority signs leaves itself.
  let held: HeldIntermediate?
  /// The root above the issuer.
  package let root: AuthorityID
  /// Whether that root is in the bundle: else nobody is to take what is signed under it, and nothing is signed.
  let isTrusted: Bool

  init(issuer: Issuer, bundle: TrustBundle, generation: Int, held: HeldIntermediate?, root: AuthorityID) {
    self.issuer = issuer
    self.bundle = bundle
    self.generation = generation
    self.held = held
    self.root = root
    isTrusted = bundle.authorities.contains { AuthorityID($0) == root }
  }
}
