package import FoundationEssentials
package import ServingCertificate

/// Decides what to do about the contents of a certificate's files from one look to the next. Pure.
package struct CertificateWatch: Sendable {
  package enum Action: Sendable, Equatable {
    case nothing
    /// New contents that can be served.
    case serve(ServingCertificate)
    /// New contents that don't fit together; whoever writes them may be half done.
    case wait(String)
    /// Contents that can't be served, and not only for a moment.
    case complain(String)
  }

  private typealias Finding = Result<ServingCertificateFiles.Contents, ServingCertificateError>

  private var last: Finding?
  /// What was wrong at the last look, if that may have been a moment's state.
  private var pending: String?
  /// A certificate whose time is yet to come, or is over.
  private var untimely: ServingCertificate?

  package init() {}

  package mutating func saw(
    _ found: Result<ServingCertificateFiles.Contents, ServingCertificateError>,
    now: Date
  ) -> Action {
    if found == last {
      defer { pending = nil }
      if let certificate = untimely, certificate.isValid(at: now) {
        untimely = nil
        return .serve(certificate)
      }
      return pending.map { .complain($0) } ?? .nothing
    }
    last = found
    pending = nil
    untimely = nil
    do throws(ServingCertificateError) {
      let certificate = try found.get().certificate()
      if certificate.isValid(at: now) { return .serve(certificate) }
      untimely = certificate
      return .complain("it is not valid now: \(certificate)")
    } catch {
      pending = error.description
      return .wait(error.description)
    }
  }
}
