/// Which types a stream serves, and how much a client may ask of it.
package struct XDSServerConfiguration: Sendable, Equatable {
  /// Type URLs. The first is meant where a request names none, as services of one type allow.
  package var typeURLs: [String]
  /// Names of one type that a stream may be subscribed to, or list in one request.
  package var maximumNames: Int
  /// UTF-8 bytes of a name. A SPIFFE ID may have 2,048 (SPIFFE-ID, section 2.3).
  package var maximumNameBytes: Int
  /// Said in `control_plane`, for people who read a proxy's dump; empty: left out.
  package var controlPlaneIdentifier: String

  package init(
    typeURLs: [String],
    maximumNames: Int = 128,
    maximumNameBytes: Int = 2048,
    controlPlaneIdentifier: String = ""
  ) {
    self.typeURLs = typeURLs
    self.maximumNames = maximumNames
    self.maximumNameBytes = maximumNameBytes
    self.controlPlaneIdentifier = controlPlaneIdentifier
  }
}
