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

  init(_ server: ServerSettings, _ held: HeldAuthority, issuer: WorkloadIssuer) {
    service = AuthorityAdministrationService(
      administrator: AuthorityOperations(
        authority: held.authority,
        custody: held.place,
        isServing: true,
        observe: held.observe,
        issuance: OperatorIssuing.issuance(issuer)
      ),
      socketPath: AdminSocket.path(server),
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
