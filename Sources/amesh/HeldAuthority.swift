import CertificateAuthority
import CertificateCustody
import ControlPlane
import CoreMetrics
import Foundation
import KubernetesAPI
import Logging
import MeshAuthority
import MeshConfiguration
import OpenSSLKeys
import SPIFFE
import ServiceLifecycle

/// The mesh's authority with the custody that it is kept in, of this process alone or of all replicas.
struct HeldAuthority {
  let authority: MeshAuthority
  /// What is seen of other replicas and of the bundle's spread, for each step of rotation.
  let observe: @Sendable (AuthorityState) async -> RotationObservations
  /// What follows the custody, in the order of their start.
  let services: [any Service]
  /// Where it is, in words.
  let place: String
  /// What is amiss, while it goes on from memory.
  let degradations: @Sendable () -> [String]
  /// Why nobody should ask yet, though certificates can be had.
  var unreadiness: @Sendable () -> [String] = { [] }
  /// Whether this replica writes for all of them now, and which are alive; for those that share it.
  var leads: @Sendable () -> Bool = { false }
  var replicas: @Sendable () -> Set<String> = { [] }
  /// Where it has a cluster.
  var figures: (@Sendable () -> ClusterFigures)?

  /// Of this process alone: what is wrong with its state is an error.
  static func standalone(
    _ configuration: Configuration,
    _ mesh: MeshAuthorityConfiguration,
    reloadFailures: Counter,
    logger: Logger
  ) throws(Failure) -> HeldAuthority {
    let root = configuration.identity.root
    let custody = try AuthorityCustody.open(configuration, trustDomain: mesh.trustDomain, now: Date())
    if root.custody == .files, let caution = PluggedInKeyFile.caution(in: root.files) {
      logger.warning("\(caution)")
    }
    let authority = MeshAuthority(
      configuration: mesh,
      custody: custody,
      cryptography: OpenSSL(),
      openKey: { key throws(KeyError) in try OpenSSL().openKey(key) }
    )
    var services: [any Service] = [
      MeshAuthorityService(authority: authority, observe: authority.observeAlone, logger: logger)
    ]
    if let custody = custody as? PluggedInCustody {
      services.append(
        PluggedInFilesService(
          custody: custody,
          authority: authority,
          onRefusal: { reloadFailures.increment() },
          logger: logger
        )
      )
    }
    return HeldAuthority(
      authority: authority,
      observe: authority.observeAlone,
      services: services,
      place: AuthorityCustody.place(configuration),
      degradations: { [authority.problem.map { "\($0)" }].compactMap(\.self) }
    )
  }

  /// Of all replicas: the API server may be away at the start, so what is wrong is told and tried again.
  static func shared(
    in cluster: ClusterPlane,
    _ mesh: MeshAuthorityConfiguration,
    logger: Logger
  ) -> HeldAuthority {
    let plane = cluster.authority(mesh, logger: logger)
    let observe = { @Sendable (state: AuthorityState) async in await plane.observe(state) }
    let names = cluster.names
    // What leaves is told to end after all that uses it.
    var services: [any Service] = [LeavingService(plane: plane)]
    services += plane.services
    services += [
      MeshAuthorityService(authority: plane.authority, observe: observe, logger: logger),
      AuthorityWatch(
        plane,
        policy: mesh.policy,
        post: { cluster.events.post($0) },
        logger: logger
      ),
    ]
    return HeldAuthority(
      authority: plane.authority,
      observe: observe,
      services: services,
      place: "Secret \(names.authoritySecret) in namespace \(names.namespace)",
      degradations: { plane.notices(mesh.policy, now: Date()).map(\.message) },
      unreadiness: {
        plane.webhooks?.isAwaitingTrust == true ? ["the API server does not trust the webhook's certificate yet"] : []
      },
      leads: { plane.election.leadership != nil },
      replicas: { Set(plane.reports.entries.keys) },
      figures: { plane.figures }
    )
  }
}

/// Takes this replica off the record once it serves nobody any more, so that rotation need not wait for it.
private struct LeavingService: Service {
  let plane: ClusterAuthority
  /// An API server that is away must not hold up the end.
  private static let timeLimit = Duration.seconds(5)

  func run() async throws {
    try? await gracefulShutdown()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await plane.leave(now: Date()) }
      group.addTask { try? await Task.sleep(for: Self.timeLimit) }
      await group.next()
      group.cancelAll()
    }
  }
}
