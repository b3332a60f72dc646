import KubernetesObjects
import SwiftASN1

/// The extensions of a template as DER. Those that never change are bytes; what is written here is read again by
/// swift-certificates and compared by meaning, see ``ReleaseCheck``.
struct CertificateExtensions {
  let profile: CertificateProfile
  let subjectKeyIdentifier: [UInt8]
  let authorityKeyIdentifier: [UInt8]
  let privateExtension: PrivateExtension?

  /// Extensions of id-ce, named by the last arc of 2.5.29.x (RFC 5280, section 4.2.1).
  fileprivate enum Kind: UInt8 {
    case subjectKeyIdentifier = 14
    case keyUsage = 15
    case subjectAlternativeName = 17
    case basicConstraints = 19
    case authorityKeyIdentifier = 35
    case extendedKeyUsage = 37
  }

  func serialize(into list: inout DER.Serializer) throws {
    list.append(.basicConstraints, critical: true) { $0.serializeRawBytes(basicConstraints) }
    list.append(.keyUsage, critical: true) { $0.serializeRawBytes(keyUsage) }
    if let extendedKeyUsage {
      list.append(.extendedKeyUsage, critical: false) { $0.serializeRawBytes(extendedKeyUsage) }
    }
    list.append(.subjectKeyIdentifier, critical: false) { $0.append(.octetString, subjectKeyIdentifier) }
    list.append(.authorityKeyIdentifier, critical: false) { value in
      value.appendConstructedNode(identifier: .sequence) { $0.append(.context(0), authorityKeyIdentifier) }
    }
    list.append(.subjectAlternativeName, critical: profile.hasCriticalNames) { value in
      value.appendConstructedNode(identifier: .sequence) { names in
        for uri in profile.uris { names.append(.context(6), uri.utf8) }
        for name in profile.dnsNames { names.append(.context(2), name.utf8) }
        for address in profile.ipAddresses { names.append(.context(7), address.bytes) }
      }
    }
    if let privateExtension {
      try list.appendConstructedNode(identifier: .sequence) { parts in
        try parts.serialize(privateExtension.id)
        parts.append(.octetString, privateExtension.value)
      }
    }
  }

  /// cA is false by default; an intermediate has pathLenConstraint 0, a root none.
  private var basicConstraints: [UInt8] {
    switch profile {
    case .workload, .serving: [0x30, 0]
    case .intermediate: [0x30, 6, 1, 1, 0xFF, 2, 1, 0]
    case .root: [0x30, 3, 1, 1, 0xFF]
    }
  }

  /// Bit 5, keyCertSign, or bit 0, digitalSignature, with the unused bits counted first.
  private var keyUsage: [UInt8] { profile.isAuthority ? [3, 2, 2, 0b0000_0100] : [3, 2, 7, 0b1000_0000] }

  /// id-kp-serverAuth and id-kp-clientAuth, 1.3.6.1.5.5.7.3.1 and .2.
  private var extendedKeyUsage: [UInt8]? {
    let server: [UInt8] = [6, 8, 0x2B, 6, 1, 5, 5, 7, 3, 1]
    let client: [UInt8] = [6, 8, 0x2B, 6, 1, 5, 5, 7, 3, 2]
    return switch profile {
    case .workload, .serving(_, _, .some): [0x30, 20] + server + client
    case .serving(_, _, nil): [0x30, 10] + server
    case .intermediate, .root: nil
    }
  }
}

extension DER.Serializer {
  fileprivate mutating func append(
    _ kind: CertificateExtensions.Kind,
    critical: Bool,
    _ value: (inout DER.Serializer) -> Void
  ) {
    appendConstructedNode(identifier: .sequence) { parts in
      parts.serializeRawBytes([6, 3, 0x55, 0x1D, kind.rawValue])
      if critical { parts.serializeRawBytes([1, 1, 0xFF]) }
      var content = DER.Serializer()
      value(&content)
      parts.append(.octetString, content.serializedBytes)
    }
  }

  fileprivate mutating func append(_ identifier: ASN1Identifier, _ bytes: some Sequence<UInt8>) {
    appendPrimitiveNode(identifier: identifier) { $0.append(contentsOf: bytes) }
  }
}

extension ASN1Identifier {
  fileprivate static func context(_ tag: UInt) -> ASN1Identifier {
    ASN1Identifier(tagWithNumber: tag, tagClass: .contextSpecific)
  }
}
