import EnvoyAPI
import SecretDiscovery
import SwiftProtobuf
import Testing
import XDSProtocol

@Suite struct CallerSecretsTests {
  static let caller = SecretCaller(identity: "spiffe://a.test/ns/shop/sa/cart", trustDomain: "a.test")
  static let bundles = BundleSecrets(bundles: ["b.test": "ROOTS B", "a.test": "ROOTS A", "empty.test": ""])
  static let secrets = CallerSecrets(
    caller: caller,
    certificate: WorkloadCertificate(chain: "CHAIN", privateKey: "KEY"),
    bundles: bundles
  )

  private func secret(
    _ name: String,
    in secrets: CallerSecrets = Self.secrets
  ) throws -> Envoy_Extensions_TransportSockets_Tls_V3_Secret {
    guard case .found(let resource) = secrets.lookUp(name, typeURL: secretTypeURL) else {
      throw Missing(name: name)
    }
    return try Envoy_Extensions_TransportSockets_Tls_V3_Secret(serializedBytes: resource.bytes)
  }

  private struct Missing: Error { var name: String }

  @Test func `the type is SDS's`() {
    #expect(secretTypeURL == "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret")
    #expect(Self.secrets.lookUp("default", typeURL: "type.googleapis.com/envoy.config.cluster.v3.Cluster") == .refused)
  }

  @Test(arguments: ["default", "spiffe://a.test/ns/shop/sa/cart"])
  func `the caller's own certificate, with the key that was made for it`(_ name: String) throws {
    let secret = try secret(name)
    #expect(secret.name == name)
    #expect(secret.tlsCertificate.certificateChain.inlineBytes.elementsEqual("CHAIN".utf8))
    #expect(secret.tlsCertificate.privateKey.inlineBytes.elementsEqual("KEY".utf8))
  }

  @Test func `a caller that holds its key is sent none`() throws {
    let secrets = CallerSecrets(
      caller: Self.caller,
      certificate: WorkloadCertificate(chain: "CHAIN", privateKey: nil),
      bundles: Self.bundles
    )
    #expect(try !secret("default", in: secrets).tlsCertificate.hasPrivateKey)
  }

  @Test func `while there is no certificate, bundles are served and the certificate is waited for`() throws {
    let secrets = CallerSecrets(caller: Self.caller, certificate: nil, bundles: Self.bundles)
    #expect(secrets.lookUp("default", typeURL: secretTypeURL) == .pending)
    #expect(secrets.lookUp("spiffe://a.test/ns/shop/sa/cart", typeURL: secretTypeURL) == .pending)
    #expect(try secret("ROOTCA", in: secrets).validationContext.trustedCa.inlineBytes.elementsEqual("ROOTS A".utf8))
  }

  @Test(arguments: [
    ("ROOTCA", "ROOTS A"), ("spiffe://a.test", "ROOTS A"), ("spiffe://b.test", "ROOTS B"),
  ])
  func `a bundle is roots to trust`(_ name: String, _ roots: String) throws {
    let secret = try secret(name)
    #expect(secret.name == name)
    #expect(secret.validationContext.trustedCa.inlineBytes.elementsEqual(roots.utf8))
    #expect(!secret.validationContext.hasCustomValidatorConfig)
  }

  @Test func `ALL is Envoy's SPIFFE validator, with each bundle that has roots`() throws {
    let secret = try secret("ALL")
    #expect(secret.name == "ALL")
    let extensionConfig = secret.validationContext.customValidatorConfig
    #expect(extensionConfig.name == "envoy.tls.cert_validator.spiffe")
    let configuration = try Envoy_Extensions_TransportSockets_Tls_V3_SPIFFECertValidatorConfig(
      unpackingAny: extensionConfig.typedConfig
    )
    #expect(configuration.trustDomains.map(\.name) == ["a.test", "b.test"])
    let roots = configuration.trustDomains.map { String(decoding: $0.trustBundle.inlineBytes, as: UTF8.self) }
    #expect(roots == ["ROOTS A", "ROOTS B"])
    #expect(!secret.validationContext.hasTrustedCa)
  }

  /// The bytes that Python's protobuf gives with Envoy's own definitions (PyPI `xds-protos`).
  @Test func `ALL is, byte by byte, what Envoy's definitions give`() throws {
    let secrets = CallerSecrets(
      caller: Self.caller,
      certificate: nil,
      bundles: BundleSecrets(bundles: ["a.test": "A", "b.test": "B"])
    )
    guard case .found(let resource) = secrets.lookUp("ALL", typeURL: secretTypeURL) else { throw Missing(name: "ALL") }
    let digits = Array("0123456789abcdef")
    let hex = String(resource.bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    #expect(
      hex == """
        0a03414c4c229f01629c010a1f656e766f792e746c732e636572745f76616c696461746f722e73706966666512790a57747970652e676f\
        6f676c65617069732e636f6d2f656e766f792e657874656e73696f6e732e7472616e73706f72745f736f636b6574732e746c732e76332e\
        5350494646454365727456616c696461746f72436f6e666967121e0a0d0a06612e7465737412031201410a0d0a06622e74657374120312\
        0142
        """
    )
  }

  @Test(arguments: [
    "", "default ", "DEFAULT", "rootca", "*", "spiffe://a.test/ns/shop/sa/other", "spiffe://a.test/",
    "spiffe://b.test/ns/shop/sa/cart", "spiffe://", "SPIFFE://a.test", "file-cert:/etc/passwd~/etc/shadow",
    "kubernetes://shop/tls", "a.test",
  ])
  func `a caller gets nothing but its own identity and bundles`(_ name: String) {
    #expect(Self.secrets.lookUp(name, typeURL: secretTypeURL) == .refused)
  }

  @Test func `a trust domain that is not known, or has no roots, is absent`() {
    #expect(Self.secrets.lookUp("spiffe://unknown.test", typeURL: secretTypeURL) == .absent)
    #expect(Self.secrets.lookUp("spiffe://empty.test", typeURL: secretTypeURL) == .absent)
    let withoutRoots = CallerSecrets(caller: Self.caller, certificate: nil, bundles: BundleSecrets(bundles: [:]))
    #expect(withoutRoots.lookUp("ROOTCA", typeURL: secretTypeURL) == .pending)
    #expect(withoutRoots.lookUp("spiffe://a.test", typeURL: secretTypeURL) == .pending)
  }

  @Test func `versions follow the content, whoever makes it`() {
    func version(_ secrets: CallerSecrets, _ name: String) -> String? {
      guard case .found(let resource) = secrets.lookUp(name, typeURL: secretTypeURL) else { return nil }
      return resource.version
    }
    let names = ["default", "ROOTCA", "ALL", "spiffe://a.test", "spiffe://b.test"]
    let again = CallerSecrets(
      caller: Self.caller,
      certificate: WorkloadCertificate(chain: "CHAIN", privateKey: "KEY"),
      bundles: BundleSecrets(bundles: ["a.test": "ROOTS A", "b.test": "ROOTS B"])
    )
    #expect(names.map { version(again, $0) } == names.map { version(Self.secrets, $0) })
    #expect(Set(names.map { version(again, $0) }).count == names.count)
    #expect(version(again, "default")?.count == 32)

    let rotated = again.with(BundleSecrets(bundles: ["a.test": "ROOTS A, NEW", "b.test": "ROOTS B"]))
    let changed = names.filter { version(rotated, $0) != version(again, $0) }
    #expect(changed == ["ROOTCA", "ALL", "spiffe://a.test"])
  }

  @Test func `a key is never printed`() {
    let certificate = WorkloadCertificate(chain: "CHAIN", privateKey: "KEY-TEXT")
    let secrets = CallerSecrets(caller: Self.caller, certificate: certificate, bundles: Self.bundles)
    var texts = ["\(certificate)", String(reflecting: certificate), "\(secrets)", String(reflecting: secrets)]
    dump(certificate, to: &texts[0])
    dump(secrets, to: &texts[1])
    if case .found(let resource) = secrets.lookUp("default", typeURL: secretTypeURL) {
      texts += ["\(resource)", String(reflecting: resource)]
    }
    for text in texts { #expect(!text.contains("KEY-TEXT")) }
  }
}
