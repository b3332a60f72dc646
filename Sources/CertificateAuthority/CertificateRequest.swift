import SwiftASN1
import X509

/// A certification request (PKCS #10, RFC 2986) that was read: whoever holds its key asks for a certificate.
///
/// Reading checks structure, and the kind and size of the key, but no signature yet: see ``ProvenKey``. What the request
/// says of subject and extensions gives no right to anything.
package struct CertificateRequest: Sendable {
  /// 16 KiB: an RSA-4096 request with a few names needs 2.
  package static let maximumPEMBytes = 16 << 10

  package let publicKey: PublicKey
  package let signatureAlgorithm: SignatureAlgorithm
  package let signature: [UInt8]
  /// The part that is signed, exactly as it was sent.
  package let signedBytes: ArraySlice<UInt8>
  /// DER of the subject, unread.
  let subject: ArraySlice<UInt8>
  let attributes: ASN1Node

  /// Reads one PEM block `CERTIFICATE REQUEST` (or `NEW CERTIFICATE REQUEST`) with nothing around it.
  package init(pem: [UInt8]) throws(CertificateRequestError) {
    let blocks: [PEM.Block]
    do {
      blocks = try PEM.blocks(in: pem, maximumBytes: Self.maximumPEMBytes, maximumBlocks: 1)
    } catch {
      throw .notPEM(error)
    }
    guard let block = blocks.first, ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"].contains(block.label) else {
      throw .wrongLabel(blocks.first?.label ?? "")
    }
    try self.init(derBytes: block.derBytes)
  }

  /// Reads DER.
  package init(derBytes: [UInt8]) throws(CertificateRequestError) {
    let parts = try Parts(derBytes)
    do {
      publicKey = try PublicKey(node: parts.publicKey)
    } catch {
      throw .unacceptableKey(error)
    }
    guard let algorithm = SignatureAlgorithm(parts.signatureAlgorithm) else { throw .unsupportedSignature }
    guard algorithm.isRSA == publicKey.algorithm.isRSA else { throw .signatureDoesNotFitKey }
    signatureAlgorithm = algorithm
    signature = Array(parts.signature)
    signedBytes = parts.info
    subject = parts.subject
    attributes = parts.attributes
  }
}

/// CertificationRequest and CertificationRequestInfo, RFC 2986, section 4.
private struct Parts {
  let info: ArraySlice<UInt8>
  let subject: ArraySlice<UInt8>
  let publicKey: ASN1Node
  let attributes: ASN1Node
  let signatureAlgorithm: ASN1Node
  let signature: ArraySlice<UInt8>
}

extension Parts {
  init(_ bytes: [UInt8]) throws(CertificateRequestError) {
    do {
      self = try DER.sequence(DER.parse(bytes), identifier: .sequence) { nodes in
        guard let info = nodes.next(), let algorithm = nodes.next() else { throw CertificateRequestError.malformed }
        let signature = try ASN1BitString(derEncoded: &nodes)
        guard signature.paddingBits == 0 else { throw CertificateRequestError.malformed }
        return try Parts(info, signatureAlgorithm: algorithm, signature: signature.bytes)
      }
    } catch {
      throw .malformed
    }
  }

  private init(_ info: ASN1Node, signatureAlgorithm: ASN1Node, signature: ArraySlice<UInt8>) throws {
    self = try DER.sequence(info, identifier: .sequence) { nodes in
      let version = try Int(derEncoded: &nodes)
      guard version == 0, let subject = nodes.next(), let publicKey = nodes.next(), let attributes = nodes.next(),
        subject.identifier == .sequence,
        attributes.identifier == ASN1Identifier(tagWithNumber: 0, tagClass: .contextSpecific)
      else { throw CertificateRequestError.malformed }
      return Parts(
        info: info.encodedBytes,
        subject: subject.encodedBytes,
        publicKey: publicKey,
        attributes: attributes,
        signatureAlgorithm: signatureAlgorithm,
        signature: signature
      )
    }
  }
}

extension CertificateRequest: CustomStringConvertible {
  package var description: String { "certificate request for a \(publicKey)" }
}
