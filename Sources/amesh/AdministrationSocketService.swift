import AuthorityAdministration
import CertificateAuthority
import IdentityServer
import Logging
import MeshAuthority
import MeshConfiguration
import ServiceLifecycle

/// The admin socket of `amesh serve`; what keeps it from listening is told in words of the configuration.
struct AdministrationSocketService: Service {
  private let service: AuthorityAdministrationService

  init(_ configuration: Configuration, authority: MeshAuthority, issuer: WorkloadIssuer) {
    let custody =
      switch configuration.identity.root.custody {
      case .directory: "directory \(AuthorityCustody.directory(configuration.server))"
      case .files: "files in \(configuration.identity.root.files)"
      case .memory: "memory"
      }
    service = AuthorityAdministrationService(
      administrator: AuthorityOperations(
        authority: authority,
        custody: custody,
        isServing: true,
        observe: authority.observeAlone,
        issuance: OperatorIssuing.issuance(issuer)
      ),
      socketPath: AdminSocket.path(configuration.server),
      logger: Logger(label: "administration")
    )
  }

  func run() async throws {
    do {
      try await service.run()
    } catch let error as AdministrationSocketError {
      throw Failure(.unavailable, "server.stateDirectory: \(error)")
    }
  }
}
