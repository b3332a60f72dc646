package import CertificateAuthority
package import FoundationEssentials
package import KubernetesObjects

/// What an order of a certificate has brought.
package struct OrderedCertificate: Sendable, Hashable {
  package var identity: String
  package var serialNumber: String
  package var notAfter: Date
  /// The leaf, then each one's signer, in PEM; no root.
  package var chain: String
  /// The roots to trust, in PEM.
  package var bundle: String
  /// Why it lives shorter than was asked; nil where it does not.
  package var limit: LifetimeLimit?

  package init(_ released: ReleasedCertificate, identity: String, bundle: TrustBundle) {
    self.identity = identity
    serialNumber = released.certificate.serialNumber.description
    notAfter = released.certificate.validity.notAfter
    chain = released.chainPEM
    self.bundle = bundle.pem
    limit = released.limit
  }

  package init(parsing bytes: [UInt8]) throws(AdministrationError) {
    let members = try Members(parsing: bytes, "the answer")
    identity = try members.string("id")
    serialNumber = try members.string("serialNumber")
    notAfter = try members.time("notAfter")
    chain = try members.string("chain")
    bundle = try members.string("bundle")
    limit = try members.optionalString("limit").flatMap(LifetimeLimit.init(rawValue:))
  }

  package var json: JSONValue {
    var object: JSONObject = ["id": .string(identity), "serialNumber": .string(serialNumber)]
    object.set("notAfter", notAfter)
    object.set("limit", limit?.rawValue)
    object["chain"] = .string(chain)
    object["bundle"] = .string(bundle)
    return .object(object)
  }
}
