import CertificateAuthority

/// What a simulated mesh is like.
struct SimulationOptions: Sendable {
  /// How a workload gets its certificate and its trust bundle.
  enum WorkloadKind: CaseIterable, Sendable {
    /// Streams for both, bundles acknowledged at once.
    case prompt
    /// Streams for both, bundles taken up to 23 hours after they were sent.
    case slow
    /// A request now and then, answered with leaf and bundle.
    case request
    /// A stream for the leaf only; the bundle comes from the ConfigMap.
    case configMap
  }

  /// What is done wrong on purpose, to see that the checks notice.
  enum Sabotage: CaseIterable, Sendable {
    /// Rotation believes that no leaf lives longer than a second.
    case noWaiting
    /// Rotation takes every root for spread as soon as it is prepared.
    case blindActivation
    /// A new root signs in the same moment that it is published.
    case unpublishedRoot
    /// Replicas use intermediates that they have not recorded.
    case unrecordedIntermediates
    /// Bundles count as acknowledged when they are sent.
    case sentIsAcknowledged
    /// Leaves may outlive their signer.
    case longLeaves
    /// Leaves are pushed a little after they are over.
    case latePush
    /// Intermediates are replaced only when they are over.
    case lateIntermediates
    /// Nobody remembers how long the leaves of an earlier policy may be.
    case forgottenLeafCap
    /// Streams go on at replicas whose intermediate is over.
    case staleReplicasServe

    /// The rule that this breaks.
    var brokenRule: SimulationFindings.Rule {
      switch self {
      case .noWaiting, .forgottenLeafCap: .missing
      case .blindActivation, .sentIsAcknowledged, .unrecordedIntermediates: .untrusted
      case .unpublishedRoot: .unpublished
      case .longLeaves: .outlives
      case .latePush, .lateIntermediates, .staleReplicasServe: .expired
      }
    }
  }

  var seed: UInt64
  var workloads = 100
  var years = 10
  var kinds = WorkloadKind.allCases
  var replicas = 3
  var rootLife: Double = 365 * 86_400
  var hasFaults = true
  var hasCommands = true
  /// Someone lowers the longest leaf, and raises it again, while a rotation is under way: each time, every replica is
  /// started anew.
  var changesLeafCap = false
  /// Processes bear the names of Pods, and that is all by which dead ones are known.
  var hasPods = false
  /// One of the replicas ends each hour.
  var hasCrashLoop = false
  var sabotage: Sabotage?

  init(seed: UInt64) { self.seed = seed }

  /// Another mesh for each seed: with and without those whose trust can't be proven.
  static func varied(seed: UInt64) -> SimulationOptions {
    var options = SimulationOptions(seed: seed)
    let kinds: [[WorkloadKind]] = [WorkloadKind.allCases, [.prompt], [.prompt, .slow], [.slow, .request]]
    options.kinds = kinds[Int(seed % 4)]
    options.replicas = 1 + Int(seed % 3)
    return options
  }

  /// A mesh whose longest leaf changes in the middle of many rotations.
  static func changing(seed: UInt64) -> SimulationOptions {
    var options = SimulationOptions(seed: seed)
    options.changesLeafCap = true
    options.replicas = 1
    options.rootLife = 60 * 86_400
    options.years = 4
    return options
  }

  /// Leaves as long as the cap allows: the hardest case for waiting.
  var policy: RotationPolicy {
    var policy = RotationPolicy()
    policy.rootLife = rootLife
    policy.leafLife = policy.leafCap
    return policy
  }
}
