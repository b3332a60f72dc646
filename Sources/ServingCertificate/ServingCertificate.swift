package import FoundationEssentials
import SwiftASN1
import X509

/// A certificate chain and the private key that belongs to its leaf, ready to be served.
///
/// The key never shows in a description.
package struct ServingCertificate: Sendable, Equatable {
  /// PEM text: the leaf first, then its intermediates.
  package let chainPEM: String
  /// PEM text of the leaf's private key.
  package let keyPEM: String
  package let notValidBefore: Date
  package let notValidAfter: Date
  /// DNS names and IP addresses of the leaf (subjectAltName), as text.
  package let names: [String]

  /// Reads a chain and its key.
  ///
  /// - Throws: when either can't be read or they don't belong together. Validity in time is not looked at.
  package init(chainPEM: String, keyPEM: String) throws(ServingCertificateError) {
    let leaf = try Self.leaf(of: chainPEM)
    let key: Certificate.PrivateKey
    do {
      key = try Certificate.PrivateKey(pemEncoded: keyPEM)
    } catch {
      throw .invalidKey("\(error)")
    }
    guard key.publicKey == leaf.publicKey else { throw .keyDoesNotMatch }
    self.chainPEM = chainPEM
    self.keyPEM = keyPEM
    notValidBefore = leaf.notValidBefore
    notValidAfter = leaf.notValidAfter
    names = Self.names(of: leaf)
  }

  /// Whether the leaf may be used at `now`.
  package func isValid(at now: Date) -> Bool {
    notValidBefore <= now && now <= notValidAfter
  }

  /// Whether less than a third of the leaf's life is left.
  package func isDueForRenewal(at now: Date) -> Bool {
    let life = notValidAfter.timeIntervalSince(notValidBefore)
    return notValidAfter.timeIntervalSince(now) < life / 3
  }

  private static func leaf(of chainPEM: String) throws(ServingCertificateError) -> Certificate {
    let chain: [Certificate]
    do {
      chain = try PEMDocument.parseMultiple(pemString: chainPEM)
        .filter { $0.discriminator == Certificate.defaultPEMDiscriminator }
        .map { try Certificate(pemDocument: $0) }
    } catch {
      throw .invalidCertificate("\(error)")
    }
    guard let leaf = chain.first else { throw .noCertificate }
    return leaf
  }

  private static func names(of leaf: Certificate) -> [String] {
    guard let alternatives = try? leaf.extensions.subjectAlternativeNames else { return [] }
    return alternatives.compactMap { name in
      switch name {
      case .dnsName(let name): name
      case .ipAddress(let address): IPAddressText.text(of: Array(address.bytes))
      default: nil
      }
    }
  }
}

extension ServingCertificate: CustomStringConvertible, CustomDebugStringConvertible {
  package var description: String {
    "certificate for \(names.joined(separator: ", ")), valid until \(notValidAfter.formatted(.iso8601))"
  }

  package var debugDescription: String { description }
}
