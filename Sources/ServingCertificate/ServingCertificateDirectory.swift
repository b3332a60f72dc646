package import FoundationEssentials

/// A directory that holds a self-made serving certificate: `tls.crt`, `tls.key` and `ca.crt`.
///
/// Files are readable by their owner only and are replaced one by one in one step each, the key first and the certificate
/// last: a crash in between leaves a pair that doesn't match, which the next call mends.
package struct ServingCertificateDirectory: Sendable, Equatable {
  package let path: String
  /// DNS names and IP addresses that the certificate is for.
  package let names: [String]
  /// Seconds that a new certificate is valid.
  package let validity: TimeInterval

  package init(path: String, names: [String], validity: TimeInterval = 365 * 24 * 3600) {
    self.path = path
    self.names = names
    self.validity = validity
  }

  package var files: ServingCertificateFiles { ServingCertificateFiles(directory: path) }
  /// The authority's certificate, for those who connect.
  package var authorityPath: String { path + "/ca.crt" }

  /// The certificate in the directory, made anew when there is none, it can't be read, it names other hosts, or less
  /// than a third of its life is left.
  ///
  /// - Parameter onReplacedAuthority: called when a new authority has taken the place of one that clients may trust.
  package func loadOrMake(now: Date, onReplacedAuthority: () -> Void = {}) throws(ServingCertificateError)
    -> ServingCertificate
  {
    if let certificate = try? files.load(), (try? SmallFile.read(authorityPath)) != nil,
      Set(certificate.names) == Set(names.map(IPAddressText.canonical)), certificate.isValid(at: now),
      !certificate.isDueForRenewal(at: now)
    {
      return certificate
    }
    // Clients have taken the authority from where this directory can't see, even if it is gone from here.
    let hadAuthority = [authorityPath, files.chainPath].contains { (try? SmallFile.read($0)) != nil }
    let made = try SelfSignedServingCertificate.make(names: names, now: now, validity: validity)
    try SmallFile.makeDirectory(path, mode: 0o700)
    try SmallFile.replace(files.keyPath, with: made.certificate.keyPEM, mode: 0o600)
    try SmallFile.replace(authorityPath, with: made.authorityPEM, mode: 0o600)
    try SmallFile.replace(files.chainPath, with: made.certificate.chainPEM, mode: 0o600)
    if hadAuthority { onReplacedAuthority() }
    return made.certificate
  }
}
