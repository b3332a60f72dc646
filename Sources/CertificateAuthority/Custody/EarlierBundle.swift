package import FoundationEssentials

/// The trust bundle that was given out before this process started.
package struct EarlierBundle: Sendable, Equatable {
  package let roots: [RootCertificate]
  /// All of the roots have been given out since then, or longer.
  package let written: Date

  package init(roots: [RootCertificate], written: Date) {
    self.roots = roots
    self.written = written
  }

  /// - Parameter pem: as it was written: at least one root, and nothing else.
  /// - Returns: nil when it is something else.
  package init?(pem: [UInt8], written: Date) {
    let limit = PluggedInContents.maximumBytes
    guard let blocks = try? PEM.blocks(in: pem, maximumBytes: limit, maximumBlocks: 256) else { return nil }
    var roots: [RootCertificate] = []
    for block in blocks {
      guard block.label == "CERTIFICATE", let root = try? RootCertificate(derEncoded: block.derBytes) else {
        return nil
      }
      roots.append(root)
    }
    self.init(roots: roots, written: written)
  }
}
