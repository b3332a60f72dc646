import APISIXSink
import CertificateAuthority
import KubernetesObjects
import SPIFFE

/// What APISIX is told of who this sidecar is and whom it serves.
enum InboundObjects {
  static let certificateKey = "/ssls/amesh"
  static let metadataKey = "/plugin_metadata/\(MutualTLSNames.plugin)"
  static let ruleKey = "/global_rules/\(MutualTLSNames.plugin)"

  /// What holds without a certificate too: what is strict takes no plaintext then either.
  static func rules(
    _ security: SidecarSecurity,
    identity: WorkloadIdentity?,
    bundle: TrustBundle?
  ) -> [String: [UInt8]] {
    var metadata: JSONObject = [
      "id": .string(MutualTLSNames.plugin),
      "mode": .string(security.mode.rawValue),
      "ports": .array(
        security.inboundPorts.map { [.number(JSONNumber($0.lowerBound)), .number(JSONNumber($0.upperBound))] }
      ),
      "trust_domain": .string(security.trustDomain.name),
    ]
    if let allowed = security.allowedIdentities {
      metadata["allowed"] = .array(allowed.map { .string($0.description) })
    }
    if let identity { metadata["identity"] = .string(identity.description) }
    if let bundle { metadata["bundle"] = .string(bundle.pem) }
    return [
      metadataKey: JSONValue.object(metadata).serialized(),
      ruleKey: JSONValue.object([
        "id": .string(MutualTLSNames.plugin),
        "plugins": .object(JSONObject([(MutualTLSNames.plugin, .object(JSONObject()))])),
      ]).serialized(),
    ]
  }

  /// Certificate, key and whom to trust, in one object: no worker sees one without the others.
  static func certificate(_ certificate: SidecarCertificate, bundle: TrustBundle) -> [UInt8] {
    let names = certificate.dnsNames + [MutualTLSNames.fallbackName]
    let object: JSONValue = [
      "id": "amesh",
      "snis": .array(names.map { .string($0) }),
      "cert": .string(certificate.chain),
      "key": .string(certificate.key.privateKey),
      "client": [
        "ca": .string(bundle.pem),
        // Certificates between a leaf and a root. One more than our own has: a peer may be under a longer chain already.
        "depth": .number(JSONNumber(certificate.intermediates + 1)),
      ],
    ]
    return object.serialized()
  }
}
