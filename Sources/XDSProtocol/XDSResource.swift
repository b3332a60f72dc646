package import FoundationEssentials

/// A resource as it goes over the wire. Copies share its bytes, so that many streams can be given the same one.
package struct XDSResource: Sendable, Hashable {
  /// Tells this content from any other of the same name, on every replica and after a restart: a hash of `bytes`.
  package var version: String
  /// The serialised message that goes into `google.protobuf.Any`.
  package var bytes: Data

  package init(version: String, bytes: Data) {
    self.version = version
    self.bytes = bytes
  }
}

extension XDSResource: CustomStringConvertible {
  /// Without the bytes: they may hold a key.
  package var description: String { "version \(version), \(bytes.count) bytes" }
}
