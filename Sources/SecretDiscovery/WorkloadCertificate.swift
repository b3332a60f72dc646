/// A caller's certificate, as it is handed out.
package struct WorkloadCertificate: Sendable, Hashable {
  /// PEM, the leaf first, without the root.
  package var chain: String
  /// PEM, PKCS#8, where the server made the key; nil where the caller holds it.
  package var privateKey: String?

  package init(chain: String, privateKey: String?) {
    self.chain = chain
    self.privateKey = privateKey
  }
}

extension WorkloadCertificate: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { privateKey == nil ? "certificate" : "certificate and private key (redacted)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: ["chain": chain]) }
}
