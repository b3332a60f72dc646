/// The signatures that we accept on tokens (RFC 7518, section 3): asymmetric ones that Kubernetes makes.
package enum TokenAlgorithm: String, Hashable, Sendable, CaseIterable {
  /// RSASSA-PKCS1-v1_5 with SHA-256.
  case rs256 = "RS256"
  /// ECDSA on P-256 with SHA-256.
  case es256 = "ES256"
}
