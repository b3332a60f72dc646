import SwiftASN1

/// Certificates between PEM (RFC 7468) and DER.
package enum CertificatePEM {
  package static func encode(_ der: [UInt8]) -> String {
    PEMDocument(type: "CERTIFICATE", derBytes: der).pemString + "\n"
  }

  /// Exactly one certificate.
  package static func decode(_ text: String) -> [UInt8]? {
    let all = decodeAll(text)
    return all?.count == 1 ? all?.first : nil
  }

  /// Every certificate of a text; nil when it is malformed or holds anything else.
  package static func decodeAll(_ text: String) -> [[UInt8]]? {
    guard let documents = try? PEMDocument.parseMultiple(pemString: text),
      documents.allSatisfy({ $0.discriminator == "CERTIFICATE" })
    else { return nil }
    return documents.map(\.derBytes)
  }
}
