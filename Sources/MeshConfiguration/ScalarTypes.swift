import Injection
import KubernetesObjects

extension SettingType where Value == Bool {
  static var bool: SettingType {
    .scalar(
      "true or false",
      parse: { scalar throws(Refusal) in
        guard let bool = scalar.bool else { throw Refusal(scalar.value, isNot: "a boolean", use: "true or false") }
        return bool
      },
      encode: { .bool($0) }
    )
  }
}

extension SettingType where Value == Int {
  /// - Parameter what: what the number is, with its article: `a port`.
  static func integer(_ range: ClosedRange<Int>, _ what: String) -> SettingType {
    let cure = "\(range.lowerBound) to \(range.upperBound)"
    return .scalar(
      "integer, \(cure)",
      parse: { scalar throws(Refusal) in
        guard let integer = scalar.integer, range.contains(integer) else {
          throw Refusal(scalar.value, isNot: what, use: cure)
        }
        return integer
      },
      encode: { .number(JSONNumber($0)) }
    )
  }

  /// 0 takes any free port.
  static var listeningPort: SettingType { .integer(0...65535, "a port") }
}

extension SettingType where Value == String {
  /// A string that passes a check.
  static func string(
    _ name: String,
    _ what: String,
    use cure: String,
    where isValid: @escaping @Sendable (String) -> Bool
  ) -> SettingType {
    .scalar(
      name,
      parse: { scalar throws(Refusal) in
        guard let string = scalar.string, isValid(string) else { throw Refusal(scalar.value, isNot: what, use: cure) }
        return string
      },
      encode: { .string($0) }
    )
  }

  /// SPIFFE-ID 2.1: lowercase letters, digits, dots, dashes and underscores, at most 255.
  static var trustDomain: SettingType {
    .string("trust domain", "a trust domain", use: "up to 255 of a-z, 0-9, '.', '-' and '_', such as cluster.local") {
      !$0.isEmpty && $0.utf8.count <= 255
        && $0.utf8.allSatisfy {
          $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") || $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")
            || ".-_".utf8.contains($0)
        }
    }
  }

  static var revision: SettingType {
    .string("revision", "a revision", use: "a label value: up to 63 letters, digits, '.', '-' and '_'") {
      !$0.isEmpty && KubernetesName.isLabelValue($0)
    }
  }

  static var namespace: SettingType {
    .string("namespace", "a namespace", use: "up to 63 of a-z, 0-9 and '-'") { KubernetesName.isLabel($0) }
  }

  /// The name of an object such as a Secret.
  static var objectName: SettingType {
    .string("name", "an object's name", use: "up to 253 of a-z, 0-9, '-' and '.'") { KubernetesName.isSubdomain($0) }
  }

  static var image: SettingType {
    .string("image", "an image", use: "a reference such as registry.example/name:tag") {
      MeshSettings.isImageReference($0)
    }
  }

  /// `scheme://host:port`, without credentials, which would end up in every Pod.
  static var source: SettingType {
    .string(
      "address",
      "an address of a server",
      use: "scheme://host:port, such as https://amesh.amesh-system.svc:15012"
    ) {
      guard let separator = $0.firstRange(of: "://"), !$0[..<separator.lowerBound].isEmpty else { return false }
      let scheme = $0[..<separator.lowerBound]
      let authority = $0[separator.upperBound...]
      guard scheme.utf8.allSatisfy({ $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") }) else { return false }
      guard authority.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"/@?#\"'\\".utf8.contains($0) }) else {
        return false
      }
      guard let colon = authority.lastIndex(of: ":"), colon > authority.startIndex else { return false }
      return UInt16(authority[authority.index(after: colon)...]).map { $0 > 0 } ?? false
    }
  }

  static var audience: SettingType {
    .string("audience", "an audience", use: "a name without spaces, such as amesh-ca") { isWord($0, limit: 253) }
  }

  /// Where a server listens.
  static var listeningAddress: SettingType {
    .string("IP address", "an IP address", use: "127.0.0.1, 0.0.0.0, ::1 or ::") {
      $0 == "localhost" || !$0.contains("/") && CIDR($0) != nil
    }
  }

  static var path: SettingType {
    .string("path", "a path", use: "the path of a file or directory") { !$0.isEmpty && !$0.utf8.contains(0) }
  }

  /// A file of the state directory.
  static var fileName: SettingType {
    .string("file name", "the name of a file in the state directory", use: "a name without / such as audit.log") {
      !$0.isEmpty && $0 != "." && $0 != ".." && !$0.contains("/") && !$0.utf8.contains(0) && $0.utf8.count <= 64
    }
  }

  /// The `iss` of tokens.
  static var tokenIssuer: SettingType {
    .string("token issuer", "a token issuer", use: "what the API server has as --service-account-issuer") {
      isWord($0, limit: 2048)
    }
  }

  /// A name that a certificate carries.
  static var hostName: SettingType {
    .string("host name", "a DNS name or IP address", use: "such as amesh.amesh-system.svc or 127.0.0.1") {
      KubernetesName.isSubdomain($0) || !$0.contains("/") && CIDR($0) != nil
    }
  }

  static var networkInterface: SettingType {
    .string("interface", "a network interface", use: "a name such as eth1, up to 15 characters") {
      MeshSettings.isInterfaceName($0)
    }
  }

  static var patchName: SettingType {
    .string("name", "the name of a patch", use: "a key of mesh.injection.patches") { !$0.isEmpty }
  }

  private static func isWord(_ text: String, limit: Int) -> Bool {
    !text.isEmpty && text.utf8.count <= limit && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }
}

extension SettingType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of a few words.
  static func choice(_ what: String) -> SettingType {
    let words = Value.allCases.map(\.rawValue)
    return .scalar(
      words.joined(separator: ", "),
      parse: { scalar throws(Refusal) in
        guard let text = scalar.string, let value = Value(rawValue: text) else {
          throw Refusal(scalar.value, isNot: what, use: words.joined(separator: ", "))
        }
        return value
      },
      encode: { .string($0.rawValue) }
    )
  }
}

extension SettingType {
  /// A value that may be absent, as null or an empty text says.
  static func optional<Wrapped: Sendable>(_ type: SettingType<Wrapped>) -> SettingType where Value == Wrapped? {
    SettingType(
      name: "\(type.name), or null",
      isScalar: type.isScalar,
      decode: { value, key, findings in
        if case .text("") = value.content { return .some(nil) }
        if value.isNull { return .some(nil) }
        return type.decode(value, key, &findings).map { .some($0) }
      },
      encode: { $0.map(type.encode) ?? .null }
    )
  }
}
