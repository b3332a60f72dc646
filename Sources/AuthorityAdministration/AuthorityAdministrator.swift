/// What an operator can do with an authority, wherever it is: in this process, behind a socket, in a directory.
package protocol AuthorityAdministrator: Sendable {
  func status() async throws(AdministrationError) -> AuthorityStatus
  func rotate(_ request: RotationRequest) async throws(AdministrationError) -> RotationReport
  func bundle() async throws(AdministrationError) -> AuthorityBundle
  func issue(_ order: CertificateOrder) async throws(AdministrationError) -> OrderedCertificate
}
