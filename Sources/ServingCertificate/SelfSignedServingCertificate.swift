import Crypto
package import FoundationEssentials
import SwiftASN1
import X509

/// A serving certificate signed by a certificate authority that was made for it alone.
///
/// The authority's key is dropped as soon as it has signed: what trusts the authority trusts this one certificate.
/// For standalone mode and for a webhook whose `caBundle` is set by ourselves.
package struct SelfSignedServingCertificate: Sendable, Equatable {
  package let certificate: ServingCertificate
  /// PEM text of the authority, for those who connect.
  package let authorityPEM: String

  /// How far `notBefore` lies in the past, for clients whose clocks are late, in seconds.
  private static let clockSkew: TimeInterval = 300

  /// Makes a new authority and a leaf for `names`, both with P-256 keys.
  ///
  /// - Parameters:
  ///   - names: DNS names and IP addresses that clients connect to; at least one.
  ///   - validity: seconds from `now` until both expire.
  package static func make(
    names: [String],
    now: Date,
    validity: TimeInterval
  ) throws(ServingCertificateError) -> SelfSignedServingCertificate {
    guard !names.isEmpty else { throw .noNames }
    var alternatives: [GeneralName] = []
    for name in names {
      alternatives.append(try generalName(name))
    }
    do {
      let period = (from: now - clockSkew, until: now + validity)
      let authorityKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
      let authority = try authority(key: authorityKey, period: period)
      let leafKey = P256.Signing.PrivateKey()
      let leaf = try leaf(
        key: Certificate.PrivateKey(leafKey),
        names: alternatives,
        issuer: authority,
        issuerKey: authorityKey,
        period: period
      )
      return SelfSignedServingCertificate(
        certificate: try ServingCertificate(
          chainPEM: leaf.serializeAsPEM().pemString + "\n",
          keyPEM: leafKey.pemRepresentation + "\n"
        ),
        authorityPEM: try authority.serializeAsPEM().pemString + "\n"
      )
    } catch let error as ServingCertificateError {
      throw error
    } catch {
      throw .notIssued("\(error)")
    }
  }

  private static func authority(
    key: Certificate.PrivateKey,
    period: (from: Date, until: Date)
  ) throws -> Certificate {
    let name = try DistinguishedName { CommonName("Amesh serving CA") }
    return try Certificate(
      version: .v3,
      serialNumber: serialNumber(),
      publicKey: key.publicKey,
      notValidBefore: period.from,
      notValidAfter: period.until,
      issuer: name,
      subject: name,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true))
        SubjectKeyIdentifier(hash: key.publicKey)
      },
      issuerPrivateKey: key
    )
  }

  private static func leaf(
    key: Certificate.PrivateKey,
    names: [GeneralName],
    issuer: Certificate,
    issuerKey: Certificate.PrivateKey,
    period: (from: Date, until: Date)
  ) throws -> Certificate {
    try Certificate(
      version: .v3,
      serialNumber: serialNumber(),
      publicKey: key.publicKey,
      notValidBefore: period.from,
      notValidAfter: period.until,
      issuer: issuer.subject,
      subject: try DistinguishedName { CommonName("Amesh serving certificate") },
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth])
        SubjectAlternativeNames(names)
        SubjectKeyIdentifier(hash: key.publicKey)
        AuthorityKeyIdentifier(
          keyIdentifier: try issuer.extensions.subjectKeyIdentifier?.keyIdentifier
        )
      },
      issuerPrivateKey: issuerKey
    )
  }

  private static func generalName(_ name: String) throws(ServingCertificateError) -> GeneralName {
    if let address = IPAddressText.bytes(of: name) {
      return .ipAddress(ASN1OctetString(contentBytes: address[...]))
    }
    guard isDNSName(name) else { throw .invalidName(name) }
    return .dnsName(name)
  }

  /// RFC 1123 host names, with a wildcard as the first label allowed (RFC 6125).
  private static func isDNSName(_ name: String) -> Bool {
    guard name.utf8.count <= 253 else { return false }
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    return labels.enumerated().allSatisfy { index, label in
      if index == 0, label == "*", labels.count > 1 { return true }
      guard (1...63).contains(label.utf8.count), label.first != "-", label.last != "-" else { return false }
      return label.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
    }
  }

  /// 127 random bits, positive: at most 20 octets, as RFC 5280, 4.1.2.2, wants it. The package's own default takes up to
  /// 21, with the zero that keeps it positive.
  private static func serialNumber() -> Certificate.SerialNumber {
    var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
    bytes[0] = bytes[0] & 0x7F | 0x40
    return Certificate.SerialNumber(bytes: bytes)
  }
}
