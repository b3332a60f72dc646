package import CertificateAuthority
package import FoundationEssentials
package import KubernetesAPI
package import Logging
package import MeshAuthority
import NIOConcurrencyHelpers
package import ServiceLifecycle

/// The authority of one replica and everything that binds it to its cluster, put together.
package struct ClusterAuthority: Sendable {
  package let authority: MeshAuthority
  package let election: LeaderElection
  package let custody: SecretCustody
  package let reports: ReplicaReports
  package let bundles: BundleDistribution
  package let observations: ClusterObservations
  package let follower: AuthorityFollower
  package let webhooks: WebhookPatcher?
  package let pluggedIn: PluggedInWatch
  let cluster: Configuration

  /// What is told about a cluster.
  package struct Configuration: Sendable {
    package var names: ObjectNames
    package var revision: String
    /// Of the MutatingWebhookConfiguration that is ours; nil where somebody else keeps its caBundle.
    package var webhooks: String?
    /// Which namespaces get the trust bundle besides the control plane's own.
    package var isSelected: @Sendable (NamespaceFacts) -> Bool = { _ in true }
    package var timing = LeaderElectionTiming()

    package init(names: ObjectNames, revision: String, webhooks: String?) {
      self.names = names
      self.revision = revision
      self.webhooks = webhooks
    }
  }

  /// Whose turn it is to know the other: the election asks the custody for its fence, the custody the election for ours.
  private final class Election: Sendable {
    let box = NIOLockedValueBox<LeaderElection?>(nil)
    var leadership: Leadership? { box.withLockedValue { $0 }?.leadership }
    var leader: String? { box.withLockedValue { $0 }?.holder }
  }

  /// - Parameters:
  ///   - mesh: its `replica` names this process everywhere, the Lease included.
  ///   - openKey: finds the key of a root wherever it lies.
  package init(
    client: any KubernetesClient,
    cluster: Configuration,
    mesh: MeshAuthorityConfiguration,
    cryptography: any MeshAuthority.Libraries,
    openKey: @escaping @Sendable (RootKey) throws(KeyError) -> any SigningKey,
    time: Timekeeper = Timekeeper(),
    wallClock: @escaping @Sendable () -> Date = { Date() },
    draw: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
    logger: Logger
  ) {
    let (names, replica, late) = (cluster.names, mesh.replica, Election())
    let leadership: @Sendable () -> Leadership? = { late.leadership }
    let leads: @Sendable () -> Bool = { late.leadership != nil }
    let custody = SecretCustody(
      client: client,
      names: names,
      replica: replica,
      cryptography: cryptography,
      policy: mesh.policy,
      wallClock: wallClock,
      leadership: leadership
    )
    let authority = MeshAuthority(
      configuration: mesh,
      custody: custody,
      cryptography: cryptography,
      openKey: openKey
    )
    election = LeaderElection(
      client: client,
      lease: names.key(names.leaderLease),
      identity: replica,
      timing: cluster.timing,
      fencingFloor: { custody.newestFence },
      time: time,
      wallClock: wallClock,
      draw: draw,
      logger: logger
    )
    reports = ReplicaReports(
      client: client,
      names: names,
      replica: replica,
      own: { authority.signing.map { ($0.generation, authority.report) } },
      leads: leads,
      time: time,
      wallClock: wallClock,
      draw: draw,
      logger: logger
    )
    bundles = BundleDistribution(
      client: client,
      names: names,
      isSelected: cluster.isSelected,
      wanted: { authority.signing.map { WantedBundle(pem: $0.bundle.pem, generation: $0.generation) } },
      newestGeneration: { (try? await custody.load())?.generation },
      leads: leads,
      time: time,
      draw: draw,
      logger: logger
    )
    observations = ClusterObservations(
      replica: replica,
      custody: custody,
      reports: reports,
      bundles: bundles,
      leadership: leadership,
      leader: { late.leader },
      logger: logger
    )
    follower = AuthorityFollower(
      authority: authority,
      observations: observations,
      client: client,
      names: names,
      time: time,
      wallClock: wallClock,
      logger: logger
    )
    pluggedIn = PluggedInWatch(
      client: client,
      custody: custody,
      time: time,
      logger: logger,
      onChange: { [follower] in follower.look() }
    )
    webhooks = cluster.webhooks.map { name in
      WebhookPatcher(
        client: client,
        name: name,
        revision: cluster.revision,
        roots: { authority.signing?.bundle.pem },
        time: time,
        draw: draw,
        logger: logger
      )
    }
    self.authority = authority
    self.custody = custody
    self.cluster = cluster
    late.box.withLockedValue { $0 = election }
    authority.onChange { [bundles, webhooks] _ in
      bundles.look()
      webhooks?.look()
    }
    election.onChange { [bundles, follower] _ in
      bundles.look()
      follower.look()
    }
  }

  /// For ``MeshAuthorityService`` and whoever else has the authority take a step.
  package func observe(_ state: AuthorityState) async -> RotationObservations {
    await authority.observe(through: observations, state)
  }

  /// What has to run besides the ``MeshAuthorityService``; in the order in which they are to start.
  package var services: [any Service] {
    let always: [any Service] = [election, follower, pluggedIn, reports, bundles]
    return always + [webhooks].compactMap(\.self)
  }

  /// The last that a replica does: rotation need not wait for it then.
  package func leave(now: Date) async {
    // What fails here runs out by itself.
    try? await authority.stepDown(now: now)
    try? await reports.withdraw()
  }
}
