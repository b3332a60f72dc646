package import SwiftASN1

/// A public key of an allowed kind, as SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7; RFC 5480; RFC 8017).
///
/// Reading one checks structure, kind and size only; whether a point lies on its curve is checked by whoever uses it.
package struct PublicKey: Hashable, Sendable {
  package enum Material: Hashable, Sendable {
    /// An uncompressed point: 4, x, y.
    case point([UInt8])
    /// Big-endian numbers without leading zeros.
    case rsa(modulus: [UInt8], exponent: [UInt8])
  }

  package let algorithm: KeyAlgorithm
  package let material: Material
  /// DER of the SubjectPublicKeyInfo.
  package let derBytes: [UInt8]
  /// What the info's bit string holds: what key identifiers are made of.
  package let keyBits: ArraySlice<UInt8>

  package init(derBytes: [UInt8]) throws(PublicKeyError) {
    let node: ASN1Node
    do {
      node = try DER.parse(derBytes)
    } catch {
      throw .malformed
    }
    try self.init(node: node)
  }

  package init(node: ASN1Node) throws(PublicKeyError) {
    let info = try SubjectPublicKeyInfo(node)
    derBytes = Array(node.encodedBytes)
    keyBits = info.keyBits
    if info.algorithm == .PublicKeyType.ellipticCurve {
      (algorithm, material) = try Self.ellipticCurve(info)
    } else if info.algorithm == .PublicKeyType.rsa {
      (algorithm, material) = try Self.rsa(info)
    } else {
      throw .unsupportedAlgorithm("\(info.algorithm)")
    }
  }

  private static func ellipticCurve(
    _ info: SubjectPublicKeyInfo
  ) throws(PublicKeyError) -> (KeyAlgorithm, Material) {
    let curve = try info.namedCurve()
    let (algorithm, coordinate): (KeyAlgorithm, Int) =
      switch curve {
      case .NamedCurve.p256: (.ecdsaP256, 32)
      case .NamedCurve.p384: (.ecdsaP384, 48)
      default: throw .unsupportedCurve("\(curve)")
      }
    guard info.keyBits.count == 1 + 2 * coordinate, info.keyBits.first == 4 else { throw .malformed }
    return (algorithm, .point(Array(info.keyBits)))
  }

  private static func rsa(_ info: SubjectPublicKeyInfo) throws(PublicKeyError) -> (KeyAlgorithm, Material) {
    let (modulus, exponent) = try info.rsaNumbers()
    let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
    guard let algorithm = KeyAlgorithm.allCases.first(where: { $0.rsaBits == bits }) else {
      throw .unsupportedSize(bits: bits)
    }
    // Small exponents are out of fashion for good reasons, large ones make each verification dear.
    guard exponent.count == 3 || exponent.count == 4, (exponent.last ?? 0) & 1 == 1 else { throw .unsupportedExponent }
    return (algorithm, .rsa(modulus: modulus, exponent: exponent))
  }
}

extension PublicKey: CustomStringConvertible {
  package var description: String { "public key (\(algorithm))" }
}

extension PublicKey {
  /// - Parameters:
  ///   - point: uncompressed, as long as the curve wants it.
  ///   - algorithm: the curve.
  package init(point: [UInt8], on algorithm: KeyAlgorithm) throws(PublicKeyError) {
    guard point.first == 4, Self.curve(ofPoint: point.count) == algorithm else { throw .malformed }
    self.init(checkedPoint: point, on: algorithm)
  }

  private init(checkedPoint point: [UInt8], on algorithm: KeyAlgorithm) {
    let prefix = algorithm == .ecdsaP384 ? Self.prefixP384 : Self.prefixP256
    self.algorithm = algorithm
    material = .point(point)
    derBytes = prefix + point
    keyBits = point[...]
  }

  private static func curve(ofPoint count: Int) -> KeyAlgorithm? {
    switch count {
    case 65: .ecdsaP256
    case 97: .ecdsaP384
    default: nil
    }
  }

  // What stands before the point in a SubjectPublicKeyInfo: SEQUENCE { SEQUENCE { ecPublicKey, curve }, BIT STRING.
  private static let prefixP256: [UInt8] = [
    0x30, 0x59, 0x30, 0x13, 6, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1, 6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7,
    3, 0x42, 0,
  ]
  private static let prefixP384: [UInt8] = [
    0x30, 0x76, 0x30, 0x10, 6, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1, 6, 5, 0x2B, 0x81, 4, 0, 0x22, 3, 0x62, 0,
  ]

  /// - Parameters: big-endian numbers.
  package init(modulus: [UInt8], exponent: [UInt8]) throws(PublicKeyError) {
    var numbers = DER.Serializer()
    do {
      try numbers.appendConstructedNode(identifier: .sequence) { numbers in
        try numbers.serialize(modulus[...])
        try numbers.serialize(exponent[...])
      }
    } catch {
      throw .malformed
    }
    var info = DER.Serializer()
    do {
      try info.appendConstructedNode(identifier: .sequence) { info in
        try info.appendConstructedNode(identifier: .sequence) { info in
          try info.serialize(ASN1ObjectIdentifier.PublicKeyType.rsa)
          try info.serialize(ASN1Null())
        }
        try info.serialize(ASN1BitString(bytes: numbers.serializedBytes[...]))
      }
    } catch {
      throw .malformed
    }
    try self.init(derBytes: info.serializedBytes)
  }
}
