extension PluggedInContents {
  /// Picks the files of a set by their names; Istio's names first, as istiod does.
  ///
  /// - Parameters:
  ///   - place: names the set in errors.
  ///   - contents: of a file; nil where there is none.
  package init(of place: String, _ contents: (String) throws(PluggedInError) -> [UInt8]?) throws(PluggedInError) {
    for layout in Layout.allCases {
      guard let certificate = try contents(layout.certificate) else { continue }
      func required(_ name: String) throws(PluggedInError) -> [UInt8] {
        guard let bytes = try contents(name) else { throw .missing(file: "\(place)/\(name)") }
        guard bytes.count <= Self.maximumBytes else {
          throw .tooLarge(file: "\(place)/\(name)", limit: Self.maximumBytes)
        }
        return bytes
      }
      self.init(
        layout: layout,
        certificate: certificate,
        key: SecretBytes(copying: try required(layout.key)),
        chain: try layout.chain.flatMap { name throws(PluggedInError) in try contents(name) } ?? [],
        roots: try required(layout.roots)
      )
      return
    }
    throw .missing(file: "\(place)/ca-cert.pem (or tls.crt)")
  }
}
