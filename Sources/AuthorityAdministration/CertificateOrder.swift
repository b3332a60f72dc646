package import KubernetesObjects

/// A certificate that the operator asks for, for whoever holds the key of a request.
package struct CertificateOrder: Sendable, Hashable {
  /// Enough for the request and its escapes.
  package static let maximumBytes = 48 * 1024

  /// PKCS #10 in PEM; only its key and the proof of possession count.
  package var request: String
  /// The SPIFFE ID of the workload.
  package var identity: String
  /// nil for the usual lifetime.
  package var lifetimeSeconds: Int?

  package init(request: String, identity: String, lifetimeSeconds: Int? = nil) {
    self.request = request
    self.identity = identity
    self.lifetimeSeconds = lifetimeSeconds
  }

  package init(parsing bytes: [UInt8]) throws(AdministrationError) {
    let members = try Members(parsing: bytes, "the request", knowing: ["csr", "id", "lifetimeSeconds"])
    self.init(
      request: try members.string("csr"),
      identity: try members.string("id"),
      lifetimeSeconds: try members.optionalInteger("lifetimeSeconds")
    )
    // Up to a century: durations of it can be added to any time of today.
    if let lifetimeSeconds, !(1...3_155_760_000).contains(lifetimeSeconds) {
      throw members.wrong("lifetimeSeconds", "is \(lifetimeSeconds); give from 1 to 3155760000 seconds")
    }
  }

  package var json: JSONValue {
    var object: JSONObject = ["csr": .string(request), "id": .string(identity)]
    if let lifetimeSeconds { object["lifetimeSeconds"] = .number(JSONNumber(lifetimeSeconds)) }
    return .object(object)
  }
}
