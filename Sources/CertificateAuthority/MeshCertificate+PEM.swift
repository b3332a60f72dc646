extension MeshCertificate {
  private static let label = "CERTIFICATE"

  /// One PEM block, with a line feed at its end.
  package var pem: String { PEM.text(label: Self.label, derBytes: derBytes) }

  /// Reads blocks `CERTIFICATE` and nothing else, in their order.
  package static func readPEM(
    _ bytes: [UInt8],
    maximumBytes: Int = 1 << 20,
    maximumBlocks: Int = 100
  ) throws(CertificateError) -> [MeshCertificate] {
    let blocks: [PEM.Block]
    do {
      blocks = try PEM.blocks(in: bytes, maximumBytes: maximumBytes, maximumBlocks: maximumBlocks)
    } catch {
      throw .notPEM(error)
    }
    var certificates: [MeshCertificate] = []
    for block in blocks {
      guard block.label == label else { throw .wrongLabel(block.label) }
      certificates.append(try MeshCertificate(derBytes: block.derBytes))
    }
    return certificates
  }
}
