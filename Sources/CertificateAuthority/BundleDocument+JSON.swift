import FoundationEssentials
import KubernetesObjects
package import SPIFFE

extension BundleDocument {
  /// Reads the JSON form. Keys for anything but X.509 are passed over, as the standard wants; JSON with a member twice is
  /// refused.
  package init(trustDomain: TrustDomain, json: [UInt8]) throws(TrustBundleError) {
    guard json.count <= TrustBundle.maximumPEMBytes else { throw .tooLong(limit: TrustBundle.maximumPEMBytes) }
    let root: JSONView
    do {
      root = try JSONDocument(parsing: json).root
    } catch {
      throw .notJSON("\(error)")
    }
    guard let keys = root["keys"], keys.kind == .array else { throw .badMember("keys") }
    var authorities: [MeshCertificate] = []
    for key in keys.elements {
      guard key.kind == .object else { throw .badMember("keys") }
      guard key["use"]?.equals("x509-svid") == true else { continue }
      authorities.append(try Self.authority(key))
    }
    self.init(
      bundle: try TrustBundle(trustDomain: trustDomain, authorities: authorities),
      sequence: try Self.number(root, "spiffe_sequence"),
      refreshHint: try Self.number(root, "spiffe_refresh_hint").map { .seconds(Int64(clamping: $0)) }
    )
  }

  /// The JSON form, its keys in the bundle's order.
  package func json() -> [UInt8] {
    var writer = JSONWriter()
    writer.object { document in
      document.key("keys")
      document.array { keys in
        for authority in bundle.authorities { Self.write(authority, to: &keys) }
      }
      if let sequence {
        document.key("spiffe_sequence")
        document.raw(Array(String(sequence).utf8))
      }
      if let refreshHint {
        document.key("spiffe_refresh_hint")
        document.raw(Array(String(refreshHint.components.seconds).utf8))
      }
    }
    return writer.bytes
  }

  /// The certificate of `x5c`, which has to be there alone.
  private static func authority(_ key: JSONView) throws(TrustBundleError) -> MeshCertificate {
    guard let chain = key["x5c"], chain.kind == .array, chain.count == 1, let text = chain[0]?.string,
      let data = Data(base64Encoded: text)
    else { throw .badMember("x5c") }
    do {
      return try MeshCertificate(derBytes: Array(data))
    } catch {
      throw .unreadableCertificate(error)
    }
  }

  private static func number(_ root: JSONView, _ name: String) throws(TrustBundleError) -> UInt64? {
    guard let member = root[name] else { return nil }
    guard member.kind == .number, let number = UInt64(String(decoding: member.source, as: UTF8.self)) else {
      throw .badMember(name)
    }
    return number
  }

  /// One JSON Web Key (RFC 7517; parameters by RFC 7518, section 6).
  private static func write(_ authority: MeshCertificate, to keys: inout JSONWriter) {
    var members = [("use", "x509-svid")]
    switch authority.publicKey.material {
    case .point(let point):
      let size = (point.count - 1) / 2
      members += [
        ("kty", "EC"), ("crv", authority.publicKey.algorithm == .ecdsaP384 ? "P-384" : "P-256"),
        ("x", base64URL(point.dropFirst().prefix(size))), ("y", base64URL(point.suffix(size))),
      ]
    case .rsa(let modulus, let exponent):
      members += [("kty", "RSA"), ("n", base64URL(modulus[...])), ("e", base64URL(exponent[...]))]
    }
    keys.object { key in
      for (name, value) in members {
        key.key(name)
        key.string(value)
      }
      key.key("x5c")
      key.array { $0.string(Data(authority.derBytes).base64EncodedString()) }
    }
  }

  /// Base64 of RFC 4648, section 5, without padding.
  private static func base64URL(_ bytes: ArraySlice<UInt8>) -> String {
    let text = Data(bytes).base64EncodedString().utf8.compactMap { byte -> UInt8? in
      switch byte {
      case UInt8(ascii: "+"): UInt8(ascii: "-")
      case UInt8(ascii: "/"): UInt8(ascii: "_")
      case UInt8(ascii: "="): nil
      default: byte
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
