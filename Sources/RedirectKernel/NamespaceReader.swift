import Glibc
import Redirect

/// Looks at a network namespace, this process's, and changes nothing.
struct NamespaceReader {
  let programs: Programs

  /// Whether others reach it over version 6.
  static var hasIPv6: Bool {
    KernelFile.text("/proc/net/if_inet6").map(InterfaceAddresses.reachableIPv6) ?? false
  }

  struct View {
    var states: [BackendState]
    var findings: [BackendFinding]

    /// Where rules may be loaded.
    func state(_ backend: Backend, _ family: AddressFamily) -> BackendState? {
      states.first { $0.backend == backend && $0.family == family && $0.content.takesRules }
    }
  }

  /// - Parameter families: that rules are needed for; of others it is looked at what can be.
  func view(needing families: [AddressFamily]) throws(RedirectError) -> View {
    var states: [BackendState] = []
    var findings: [BackendFinding] = []
    var remnants: [BackendState] = []
    // Whether others use nft where iptables was to be.
    var isForNFT = false
    // What nft lists is of both families, so it is asked once.
    var listed: Listed?
    for backend in Backend.allCases {
      var finding = BackendFinding(backend)
      for family in AddressFamily.allCases {
        do throws(RedirectError) {
          let state = try state(backend, family, &listed)
          if case .iptables(let tables) = state.content {
            isForNFT = isForNFT || tables.isUsedByNFT
            if let table = tables.unreadableTable { throw unreadable(table, family) }
          }
          states.append(state)
          finding.holdsOurs = finding.holdsOurs || state.content.holdsOurs
          finding.holdsForeign = finding.holdsForeign || state.content.holdsForeign
        } catch {
          let problem = try Self.problem(error)
          if backend == .iptablesNFT, let left = self.remnants(family) { remnants.append(left) }
          if families.contains(family), finding.problem == nil { finding.problem = problem }
        }
      }
      if backend == .nft, isForNFT || !remnants.isEmpty { finding.holdsForeign = true }
      findings.append(finding)
    }
    return View(states: states + remnants, findings: findings)
  }

  /// Of an error that concerns one backend; others are thrown.
  static func problem(_ error: RedirectError) throws(RedirectError) -> String {
    switch error {
    case .unusable(_, _, let problem): problem
    case .broken: "\(error)"
    default: throw error
    }
  }

  private func unreadable(_ table: String, _ family: AddressFamily) -> RedirectError {
    programs.nft == nil
      ? .system(BackendDiagnosis.onlyNFT(table, family))
      : .unusable(.iptablesNFT, family, BackendDiagnosis.unreadable(table))
  }

  /// What iptables over nf_tables holds of ours while it can't say so.
  private func remnants(_ family: AddressFamily) -> BackendState? {
    guard let path = programs.nft,
      let outcome = try? Program(path: path, arguments: NFTablesRemnants.listArguments(family)).run()
    else { return nil }
    let remnants = NFTablesRemnants(family, list: outcome.status == 0 ? outcome.output : "")
    return remnants.isEmpty ? nil : BackendState(.nft, family, .remnants(remnants))
  }

  /// Why a program that is there did not do it.
  static func refused(
    _ backend: Backend,
    _ family: AddressFamily,
    failed: [BackendProbe.Feature] = [],
    said: String
  ) -> String {
    let status = KernelFile.text("/proc/self/status") ?? ""
    return BackendDiagnosis.refused(
      backend,
      family,
      failed: failed,
      output: said,
      mayAdministrate: BackendDiagnosis.mayAdministrate(status)
    )
  }

  private typealias Listed = (ours: Set<AddressFamily>, others: Bool)

  private func state(
    _ backend: Backend,
    _ family: AddressFamily,
    _ listed: inout Listed?
  ) throws(RedirectError) -> BackendState {
    switch backend {
    case .nft: try nftState(family, &listed)
    case .iptablesNFT: try iptablesState(backend, family)
    case .iptablesLegacy: try legacyState(family)
    }
  }

  private func iptablesState(_ backend: Backend, _ family: AddressFamily) throws(RedirectError) -> BackendState {
    let pair = try pair(backend, family)
    let outcome = try Program(path: pair.save, arguments: []).run()
    guard outcome.status == 0 else {
      let problem = Self.refused(backend, family, said: outcome.said)
      throw .unusable(backend, family, problem)
    }
    return BackendState(backend, family, .iptables(IPTablesState(dump: outcome.output)))
  }

  /// Looking by iptables would make the kernel set up tables where there are none.
  private func legacyState(_ family: AddressFamily) throws(RedirectError) -> BackendState {
    let list = family == .ipv4 ? "/proc/net/ip_tables_names" : "/proc/net/ip6_tables_names"
    let tables = KernelFile.text(list)
    if tables == nil, access(list, F_OK) == 0 {
      throw .unusable(
        .iptablesLegacy,
        family,
        "this user can't read \(list), by which its rules are found; run as root"
      )
    }
    guard let tables, !tables.isEmpty else {
      _ = try pair(.iptablesLegacy, family)
      return .empty(.iptablesLegacy, family)
    }
    return try iptablesState(.iptablesLegacy, family)
  }

  func pair(_ backend: Backend, _ family: AddressFamily) throws(RedirectError) -> Programs.Pair {
    switch programs.iptables(backend, family) {
    case .found(let pair): return pair
    case .missing(let names): throw .unusable(backend, family, BackendDiagnosis.missing(names, backend))
    }
  }

  func nft(_ family: AddressFamily) throws(RedirectError) -> String {
    guard let path = programs.nft else { throw .unusable(.nft, family, BackendDiagnosis.missing(["nft"], .nft)) }
    return path
  }

  private func nftState(_ family: AddressFamily, _ listed: inout Listed?) throws(RedirectError) -> BackendState {
    let path = try nft(family)
    // Not by `??`, whose right side throws anything.
    let tables: Listed
    if let listed { tables = listed } else { tables = try list(path, family) }
    listed = tables
    var state = NFTablesState(family, holdsForeign: tables.others)
    if tables.ours.contains(family) {
      let outcome = try Program(path: path, arguments: NFTablesState.listArguments(family)).run()
      guard outcome.status == 0 else {
        throw .failed(program: "nft list", status: outcome.status, output: outcome.said)
      }
      state = NFTablesState(family, table: outcome.output, holdsForeign: tables.others)
    }
    return BackendState(.nft, family, .nftables(state))
  }

  private func list(_ nft: String, _ family: AddressFamily) throws(RedirectError) -> Listed {
    let outcome = try Program(path: nft, arguments: ["list", "tables"]).run()
    guard outcome.status == 0 else { throw .unusable(.nft, family, Self.refused(.nft, family, said: outcome.said)) }
    return NFTablesState.tables(outcome.output)
  }
}
