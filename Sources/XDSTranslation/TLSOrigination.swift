import EnvoyAPI
import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

/// TLS to endpoints outside of the mesh: which name is asked for, and how the server is verified.
struct TLSOrigination: Sendable, Hashable {
  enum Authorities: Sendable, Hashable {
    case pem(String)
    case file(String)
  }

  /// Nil for the host that is asked for.
  private(set) var name: String?
  /// Nil: the server is not verified.
  private(set) var authorities: Authorities?
  /// What can't be verified as it is to be must not be trusted.
  private(set) var isPossible = true

  typealias Context = Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext
  private typealias Validation = Envoy_Extensions_TransportSockets_Tls_V3_CertificateValidationContext

  init(_ context: Context, notes: inout Notes) {
    if Self.isName(context.sni) { name = context.sni } else if !context.sni.isEmpty { notes.add(.tlsName, context.sni) }
    let common = context.commonTlsContext
    let validation: Validation
    var secret: String?
    switch common.validationContextType {
    case .validationContext(let context): validation = context
    case .validationContextSdsSecretConfig(let config): (validation, secret) = (Validation(), config.name)
    case .combinedValidationContext(let combined):
      validation = combined.defaultValidationContext
      if combined.hasValidationContextSdsSecretConfig { secret = combined.validationContextSdsSecretConfig.name }
    case nil: validation = Validation()
    }
    if common.isValidatedByProvider { secret = "an authority of Envoy's own" }
    notes.unread(validation)
    guard trust(validation, secret: secret, notes: &notes) else { return }
    if authorities != nil { verifyName(validation, notes: &notes) }
  }

  private mutating func trust(_ validation: Validation, secret name: String?, notes: inout Notes) -> Bool {
    var secret = name
    if let secret {
      authorities = Self.authorities(ofSecret: secret)
    } else {
      switch validation.trustedCa.specifier {
      case .filename(let file): authorities = .file(file)
      case .inlineString(let text): authorities = .pem(text)
      case .inlineBytes(let bytes): authorities = String(validating: bytes, as: UTF8.self).map { .pem($0) }
      case .environmentVariable: break
      case nil:
        if validation.trustsSystem {
          authorities = .file(Self.systemAuthorities)
        } else if !validation.verifies {
          return true
        }
      }
    }
    // By its key or hash alone, or as well: nginx can't.
    if validation.pinsCertificates {
      authorities = nil
      secret = secret ?? "pinned certificates"
    }
    if validation.hasCustomValidatorConfig { authorities = nil }
    if authorities == nil {
      isPossible = false
      notes.add(.tlsAuthorities, secret ?? "a kind that is not known")
    }
    if validation.hasMaxVerifyDepth { notes.add(.tlsValidation, "chains may be longer than max_verify_depth") }
    if validation.hasCrl { notes.add(.tlsValidation, "revoked certificates are not known") }
    return isPossible
  }

  /// By Istio's names, of which those of files need nobody who gives secrets.
  private static func authorities(ofSecret name: String) -> Authorities? {
    guard name.hasPrefix("file-root:") else { return nil }
    let file = String(name.dropFirst("file-root:".count))
    return .file(file == "system" ? systemAuthorities : file)
  }

  private static let systemAuthorities = "/etc/ssl/certs/ca-certificates.crt"

  /// nginx compares one name, the one that it asks for.
  private mutating func verifyName(_ validation: Validation, notes: inout Notes) {
    let typed = validation.matchTypedSubjectAltNames
    let matchers = validation.matchSubjectAltNames + typed.filter { $0.sanType == .dns }.map(\.matcher)
    let exact = matchers.compactMap { matcher -> String? in
      guard case .exact(let text) = matcher.matchPattern, Self.isName(text) else { return nil }
      return text
    }
    if typed.isEmpty, matchers.isEmpty {
      notes.add(.tlsValidation, "the name is verified, too")
    } else if let name, exact.contains(name) {
      if validation.matchSubjectAltNames.count + typed.count > 1 { notes.add(.tlsValidation, "only \(name) is taken") }
    } else if let first = exact.first {
      notes.add(.tlsValidation, "\(first) is asked for, and only that is taken")
      name = first
    } else {
      isPossible = false
      notes.add(.tlsAuthorities, "names that are not spelled out")
    }
  }

  private static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 253
      && text.utf8.allSatisfy {
        RequestVariable.isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
          || $0 == UInt8(ascii: "_")
      }
  }

  /// For the sidecar's plugin; nil where it has nothing to do.
  var value: JSONValue? {
    var settings = JSONObject()
    if let name { settings["name"] = .string(name) }
    switch authorities {
    case .pem(let text): settings["authorities"] = .string(text)
    case .file(let file): settings["file"] = .string(file)
    case nil: break
    }
    return settings.isEmpty ? nil : .object(settings)
  }
}

extension Envoy_Extensions_TransportSockets_Tls_V3_CertificateValidationContext {
  /// By their keys or hashes: `verify_certificate_spki` and `verify_certificate_hash`, which have no name here.
  fileprivate var pinsCertificates: Bool { !UnreadFields.numbers(in: unknownFields.data).isDisjoint(with: [2, 3]) }

  /// `system_root_certs`, which has no name here.
  fileprivate var trustsSystem: Bool { UnreadFields.numbers(in: unknownFields.data).contains(17) }

  /// Whether anything is asked for, without authorities too; also by a plugin of Envoy's,
  /// `ca_certificate_provider_instance`.
  fileprivate var verifies: Bool {
    hasCustomValidatorConfig || pinsCertificates || UnreadFields.numbers(in: unknownFields.data).contains(13)
      || !matchSubjectAltNames.isEmpty || !matchTypedSubjectAltNames.isEmpty
  }
}

extension Envoy_Extensions_TransportSockets_Tls_V3_CommonTlsContext {
  /// Whom to trust comes from one of Envoy's plugins, which have no name here.
  fileprivate var isValidatedByProvider: Bool {
    !UnreadFields.numbers(in: unknownFields.data).isDisjoint(with: [10, 12])
      || !UnreadFields.numbers(in: combinedValidationContext.unknownFields.data).isDisjoint(with: [3, 4])
  }
}
