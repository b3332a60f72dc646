package import FoundationEssentials
import SwiftASN1
import X509

/// An authority that someone has plugged in, proven to be usable: the key is the certificate's, the chain leads to one of
/// the roots, and all of it is valid.
package struct PluggedInAuthority: Sendable {
  package static let maximumChain = 8

  /// What leaves are signed with.
  package let signer: MeshCertificate
  package let key: any SigningKey
  /// The authorities between the signer and its root, from below.
  package let chain: [MeshCertificate]
  /// The root of the signer.
  package let root: RootCertificate
  /// Everything that is to be trusted; `root` is among it.
  package let roots: [RootCertificate]
  /// The first end in the chain.
  package let notAfter: Date

  package init(
    _ contents: PluggedInContents,
    keys: any KeyMaker,
    _ policy: RotationPolicy,
    now: Date
  ) throws(PluggedInError) {
    let layout = contents.layout
    let given = try Self.certificates(contents.certificate, layout.certificate)
    guard let signer = given.first else { throw .noCertificate(file: layout.certificate) }
    var above = Array(given.dropFirst())
    if let file = layout.chain, !contents.chain.isEmpty { above += try Self.certificates(contents.chain, file) }
    let trusted = try Self.certificates(contents.roots, layout.roots)
    if trusted.isEmpty { throw .noCertificate(file: layout.roots) }
    var roots: [RootCertificate] = []
    for certificate in trusted {
      do throws(RootCertificateError) {
        let root = try RootCertificate(certificate)
        if !roots.contains(where: { $0.id == root.id }) { roots.append(root) }
      } catch {
        throw .notRoot(file: layout.roots, subject: "\(certificate.x509.subject)")
      }
    }
    let path = try Self.path(from: signer, through: above, to: trusted, file: layout.certificate)
    for (index, certificate) in path.enumerated() {
      let file = index == 0 ? layout.certificate : index == path.count - 1 ? layout.roots : layout.chain
      try Self.check(certificate, below: index, file: file ?? layout.certificate, policy, now: now)
    }
    do throws(KeyError) {
      key = try keys.importKey(pem: contents.key)
    } catch {
      throw .unusableKey(file: layout.key, error)
    }
    guard key.publicKey == signer.publicKey else { throw .keyDoesNotMatch(file: layout.key) }
    guard let top = path.last, let root = roots.first(where: { $0.derEncoded == top.derBytes }) else {
      throw .brokenChain(file: layout.certificate, issuer: "\(signer.x509.issuer)")
    }
    self.signer = signer
    self.root = root
    self.roots = roots
    chain = Array(path.dropFirst().dropLast())
    notAfter = path.map(\.validity.notAfter).min() ?? signer.validity.notAfter
  }

  private static func certificates(_ bytes: [UInt8], _ file: String) throws(PluggedInError) -> [MeshCertificate] {
    guard bytes.count <= PluggedInContents.maximumBytes else {
      throw .tooLarge(file: file, limit: PluggedInContents.maximumBytes)
    }
    guard let all = blocks(bytes) else { throw .notCertificates(file: file) }
    var certificates: [MeshCertificate] = []
    for der in all {
      do throws(CertificateError) {
        certificates.append(try MeshCertificate(derBytes: der))
      } catch {
        throw .malformed(file: file, error)
      }
    }
    return certificates
  }

  /// Lenient: these are files of other programs', some of which write text around blocks.
  private static func blocks(_ bytes: [UInt8]) -> [[UInt8]]? {
    guard let documents = try? PEMDocument.parseMultiple(pemString: String(decoding: bytes, as: UTF8.self)),
      documents.allSatisfy({ $0.discriminator == "CERTIFICATE" })
    else { return nil }
    return documents.map(\.derBytes)
  }

  /// The signer, what is above it, and a root; the order in the files does not matter.
  private static func path(
    from signer: MeshCertificate,
    through above: [MeshCertificate],
    to roots: [MeshCertificate],
    file: String
  ) throws(PluggedInError) -> [MeshCertificate] {
    var path = [signer]
    var current = signer
    if roots.contains(signer) { return path }
    while path.count < maximumChain {
      if let root = roots.first(where: { current.isIssued(by: $0) }) { return path + [root] }
      guard let next = above.first(where: { !path.contains($0) && current.isIssued(by: $0) }) else { break }
      path.append(next)
      current = next
    }
    throw .brokenChain(file: file, issuer: "\(current.x509.issuer)")
  }

  private static func check(
    _ certificate: MeshCertificate,
    below count: Int,
    file: String,
    _ policy: RotationPolicy,
    now: Date
  ) throws(PluggedInError) {
    guard certificate.isAuthority, certificate.keyUsage?.keyCertSign ?? true else { throw .notAuthority(file: file) }
    if let length = certificate.pathLength, length < count { throw .pathTooLong(file: file) }
    guard certificate.isValid(at: now) else { throw .notValidNow(file: file, certificate.validity) }
    guard certificate.validity.notAfter >= now.addingTimeInterval(policy.leafLife) else {
      throw .endsSoon(file: file, certificate.validity.notAfter)
    }
  }
}

extension PluggedInAuthority: Equatable {
  package static func == (one: PluggedInAuthority, other: PluggedInAuthority) -> Bool {
    one.signer == other.signer && one.chain == other.chain && one.root == other.root && one.roots == other.roots
  }
}

extension PluggedInAuthority: CustomStringConvertible {
  package var description: String {
    "\(signer.x509.subject) under root \(root.id), until \(Timestamp.text(notAfter)), trusting \(roots.count) roots"
  }
}

extension MeshCertificate {
  fileprivate func isIssued(by other: MeshCertificate) -> Bool {
    x509.issuer == other.x509.subject && isSigned(by: other)
  }
}
