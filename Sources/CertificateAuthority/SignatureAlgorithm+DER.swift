import SwiftASN1
import X509

extension SignatureAlgorithm {
  /// Reads an AlgorithmIdentifier; nil for algorithms that are not accepted and for parameters that do not belong there
  /// (RFC 5758: none with ECDSA; RFC 4055: NULL or none with RSA).
  init?(_ node: ASN1Node) {
    let parts = try? DER.sequence(node, identifier: .sequence) { nodes in
      (try ASN1ObjectIdentifier(derEncoded: &nodes), nodes.next())
    }
    guard let (identifier, parameters) = parts,
      let found = Self.allCases.first(where: { $0.identifier == identifier })
    else { return nil }
    if let parameters {
      guard found.isRSA, (try? ASN1Null(derEncoded: parameters)) != nil else { return nil }
    }
    self = found
  }

  var identifier: ASN1ObjectIdentifier {
    switch self {
    case .ecdsaSHA256: [1, 2, 840, 10045, 4, 3, 2]
    case .ecdsaSHA384: [1, 2, 840, 10045, 4, 3, 3]
    case .ecdsaSHA512: [1, 2, 840, 10045, 4, 3, 4]
    case .rsaSHA256: [1, 2, 840, 113549, 1, 1, 11]
    case .rsaSHA384: [1, 2, 840, 113549, 1, 1, 12]
    case .rsaSHA512: [1, 2, 840, 113549, 1, 1, 13]
    }
  }

  /// Appends the AlgorithmIdentifier, with the NULL that RSA wants.
  func serialize(into serializer: inout DER.Serializer) throws {
    try serializer.appendConstructedNode(identifier: .sequence) { serializer in
      try serializer.serialize(identifier)
      if isRSA { try serializer.serialize(ASN1Null()) }
    }
  }
}

extension SignatureAlgorithm {
  var x509: Certificate.SignatureAlgorithm {
    switch self {
    case .ecdsaSHA256: .ecdsaWithSHA256
    case .ecdsaSHA384: .ecdsaWithSHA384
    case .ecdsaSHA512: .ecdsaWithSHA512
    case .rsaSHA256: .sha256WithRSAEncryption
    case .rsaSHA384: .sha384WithRSAEncryption
    case .rsaSHA512: .sha512WithRSAEncryption
    }
  }
}
