/// A key that was made for one certificate, and the request that proves it.
package struct FreshKey: Sendable, Hashable {
  /// PEM, PKCS #8. Nobody but APISIX sees it.
  package let privateKey: String
  /// The key's SubjectPublicKeyInfo.
  package let publicKey: [UInt8]
  /// PKCS #10 in PEM.
  package let request: String

  package init(privateKey: String, publicKey: [UInt8], request: String) {
    self.privateKey = privateKey
    self.publicKey = publicKey
    self.request = request
  }
}

extension FreshKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "key (redacted)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey]) }
}
