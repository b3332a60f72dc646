/// Why traffic is not redirected as asked, and what would help.
package enum RedirectError: Error, Sendable, Equatable {
  case invalid([String])
  /// No backend can do it; what was found of each.
  case noBackend([BackendFinding])
  /// The backend that was asked for, or that has rules of ours, can't do it.
  case unusable(Backend, AddressFamily, String)
  case failed(program: String, status: Int32, output: String)
  case system(String)
}

extension RedirectError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .invalid(let problems): problems.joined(separator: "\n")
    case .noBackend(let findings):
      "no program here can load the rules:\n"
        + findings.map { "  \($0.backend.rawValue): \($0.problem ?? "not tried")" }.joined(separator: "\n")
        + "\nuse an image that holds one of them, on a node whose kernel has its modules"
    case .unusable(let backend, let family, let problem): "\(backend.rawValue), \(family.name): \(problem)"
    case .failed(let program, let status, let output):
      "\(program) ended with \(status): \(output.isEmpty ? "it said nothing" : output)"
    case .system(let problem): problem
    }
  }
}

/// Reads why a program was refused.
package enum BackendDiagnosis {
  package static func missing(_ programs: [String], _ backend: Backend) -> String {
    let package = backend == .nft ? "nftables" : "iptables"
    return """
      there is no \(programs.joined(separator: ", nor ")) in PATH; install the package \(package), or name another \
      backend with --backend
      """
  }

  /// - Parameter failed: the kinds of rules that were refused when tried alone; empty: each was taken.
  package static func refused(
    _ backend: Backend,
    _ family: AddressFamily,
    failed: [BackendProbe.Feature],
    output: String
  ) -> String {
    let said = output.split(separator: "\n").first.map { ": \($0)" } ?? ""
    if ["Permission denied", "Operation not permitted", "you must be root"].contains(where: output.contains) {
      return "the kernel does not let this process change rules; it needs the capability NET_ADMIN\(said)"
    }
    let modules = failed.flatMap { $0.modules(backend, family) }
    var seen: Set<String> = []
    let names = modules.filter { seen.insert($0).inserted }.joined(separator: ", ")
    guard !names.isEmpty else { return "the kernel does not take the rules\(said)" }
    return """
      the kernel lacks a module, one of \(names); load it on the node (modprobe) or name another backend with \
      --backend\(said)
      """
  }
}
