import SwiftASN1

/// The structure of RFC 5280, section 4.1: algorithm with parameters, and a bit string.
struct SubjectPublicKeyInfo {
  let algorithm: ASN1ObjectIdentifier
  let parameters: ASN1Node?
  let keyBits: ArraySlice<UInt8>

  init(_ node: ASN1Node) throws(PublicKeyError) {
    do {
      (algorithm, parameters, keyBits) = try DER.sequence(node, identifier: .sequence) { nodes in
        guard let identifier = nodes.next() else { throw PublicKeyError.malformed }
        let (algorithm, parameters) = try DER.sequence(identifier, identifier: .sequence) { nodes in
          (try ASN1ObjectIdentifier(derEncoded: &nodes), nodes.next())
        }
        let bits = try ASN1BitString(derEncoded: &nodes)
        guard bits.paddingBits == 0 else { throw PublicKeyError.malformed }
        return (algorithm, parameters, bits.bytes)
      }
    } catch {
      throw .malformed
    }
  }

  /// RFC 5480: EC keys name their curve; explicit curve parameters are refused.
  func namedCurve() throws(PublicKeyError) -> ASN1ObjectIdentifier {
    guard let parameters, let curve = try? ASN1ObjectIdentifier(derEncoded: parameters) else { throw .malformed }
    return curve
  }

  /// RFC 8017, appendix A.1.1, with the NULL of RFC 3279 as parameters.
  func rsaNumbers() throws(PublicKeyError) -> (modulus: [UInt8], exponent: [UInt8]) {
    guard let parameters, (try? ASN1Null(derEncoded: parameters)) != nil else { throw .malformed }
    do {
      // Read as unsigned: a negative integer is refused, a leading zero byte dropped.
      return try DER.sequence(DER.parse(keyBits), identifier: .sequence) { nodes in
        (Array(try ArraySlice<UInt8>(derEncoded: &nodes)), Array(try ArraySlice<UInt8>(derEncoded: &nodes)))
      }
    } catch {
      throw .malformed
    }
  }
}

extension ASN1ObjectIdentifier {
  enum PublicKeyType {
    static let ellipticCurve: ASN1ObjectIdentifier = [1, 2, 840, 10045, 2, 1]
    static let rsa: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 1]
  }

  enum NamedCurve {
    static let p256: ASN1ObjectIdentifier = [1, 2, 840, 10045, 3, 1, 7]
    static let p384: ASN1ObjectIdentifier = [1, 3, 132, 0, 34]
  }
}
