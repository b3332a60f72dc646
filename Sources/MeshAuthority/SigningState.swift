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
}
