/// Why certificates and a key make no issuer.
package enum IssuerError: Error, Hashable, Sendable, CustomStringConvertible {
  case noCertificate
  case notAnAuthority(SerialNumber)
  case mayNotSign(SerialNumber)
  case noSubject(SerialNumber)
  case noKeyIdentifier(SerialNumber)
  case keyDoesNotMatch
  case brokenChain(SerialNumber)

  package var description: String {
    switch self {
    case .noCertificate: "an issuer needs the certificate of its key"
    case .notAnAuthority(let serial):
      "certificate \(serial) is no authority (basicConstraints CA:TRUE); give a CA certificate"
    case .mayNotSign(let serial): "certificate \(serial) may not sign certificates; its keyUsage needs keyCertSign"
    case .noSubject(let serial):
      "certificate \(serial) has no subject, which RFC 5280 wants of an authority; issue it anew"
    case .noKeyIdentifier(let serial):
      "certificate \(serial) has no subjectKeyIdentifier, which RFC 5280 wants of an authority; issue it anew"
    case .keyDoesNotMatch: "the signing key does not belong to the first certificate; replace both together"
    case .brokenChain(let serial):
      "certificate \(serial) is not signed by the one that follows it; order the chain from the signer to the root"
    }
  }
}
