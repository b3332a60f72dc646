package import CertificateAuthority
package import KubernetesAPI
package import Logging
package import MeshAuthority
import NIOConcurrencyHelpers

/// What the authority of one replica sees of the others: whether the steps of rotation are its own to take, what live
/// replicas report, and which roots have reached every namespace.
///
/// Nothing here tells that a process has ended for certain, so one that is not heard of counts as alive and cut off, until
/// the intermediates that it has on record have ended.
package final class ClusterObservations: Sendable {
  private let replica: String
  private let custody: SecretCustody
  private let reports: ReplicaReports
  private let bundles: BundleDistribution
  private let leadership: @Sendable () -> Leadership?
  private let leader: @Sendable () -> String?
  private let logger: Logger
  private let told = NIOLockedValueBox("")

  /// - Parameters:
  ///   - replica: this process, as its records in the state name it.
  ///   - leader: who holds the Lease, as far as is known.
  package init(
    replica: String,
    custody: SecretCustody,
    reports: ReplicaReports,
    bundles: BundleDistribution,
    leadership: @escaping @Sendable () -> Leadership?,
    leader: @escaping @Sendable () -> String?,
    logger: Logger
  ) {
    self.replica = replica
    self.custody = custody
    self.reports = reports
    self.bundles = bundles
    self.leadership = leadership
    self.leader = leader
    self.logger = logger
  }

  /// For ``MeshAuthority/look(now:observe:)``.
  ///
  /// - Parameter own: what this process itself reports.
  package func observe(_ state: AuthorityState, own: ReplicaReport) async -> RotationObservations {
    let leads = await leads()
    if leads { await adopt() }
    let others = reports.others
    var replicas = others.mapValues { ReplicaObservation.reports($0) }
    replicas[replica] = .reports(own)
    let reaches = bundles.reach(of: state.roots.filter(\.isTrusted).map(\.id)) ?? [:]
    // Replicas without an intermediate, which sign with a plugged-in authority, have nothing on record: they are asked
    // here whether their subscribers have the root.
    let held = reaches.filter { root, reach in
      reach.without.isEmpty && reach.isRead
        && ([own] + others.values).allSatisfy { $0.spread[root]?.waitingSubscribers == 0 }
    }
    var observations = RotationObservations(
      leads: leads,
      leader: leader(),
      replicas: replicas,
      configMapsHold: Set(held.keys)
    )
    observations.configMapsBehind = reaches.mapValues(\.without)
    observations.pluggedIn = custody.pluggedInRoots
    return observations
  }

  private func leads() async -> Bool {
    guard let leadership = leadership() else { return false }
    return await claim(leadership.fence)
  }

  /// What is plugged in is made known first, and signs when everyone has it: as any other root.
  private func adopt() async {
    do throws(CustodyError) {
      try await custody.adoptPluggedIn()
    } catch {
      // Somebody else's write is looked at the next time.
      if case .conflict = error { return }
      logger.warning("What is plugged in can't be taken over", metadata: ["error": "\(error)"])
    }
  }

  private func claim(_ fence: Int) async -> Bool {
    do throws(CustodyError) {
      try await custody.claim(fence)
      told.withLockedValue { $0 = "" }
      return true
    } catch {
      let problem = "\(error)"
      let isNew = told.withLockedValue { told in
        defer { told = problem }
        return told != problem
      }
      // The same is told once, not at every look.
      if isNew { logger.warning("The lead in rotation can't be taken", metadata: ["error": "\(problem)"]) }
      return false
    }
  }
}

extension MeshAuthority {
  /// What a replica sees that shares its custody with others.
  package func observe(through cluster: ClusterObservations, _ state: AuthorityState) async -> RotationObservations {
    await cluster.observe(state, own: report)
  }
}
