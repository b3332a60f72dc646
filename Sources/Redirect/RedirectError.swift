/// Why traffic is not redirected as asked, and what would help.
package enum RedirectError: Error, Sendable, Equatable {
  case invalid([String])
  /// No backend can do it; what was found of each.
  case noBackend([BackendFinding])
  /// The backend that was asked for, or that has rules of ours, can't do it.
  case unusable(Backend, AddressFamily, String)
  case failed(program: String, status: Int32, output: String)
  /// It is there, but can't be called.
  case broken(program: String, problem: String)
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
    case .broken(let program, let problem): "\(program) can't be run: \(problem)"
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

  /// - Parameters:
  ///   - failed: the kinds of rules that were refused when tried alone; empty: each was taken.
  ///   - mayAdministrate: whether the process has NET_ADMIN, see ``mayAdministrate(_:)``.
  package static func refused(
    _ backend: Backend,
    _ family: AddressFamily,
    failed: [BackendProbe.Feature],
    output: String,
    mayAdministrate: Bool
  ) -> String {
    let said = firstWords(output)
    if !mayAdministrate {
      return "the kernel does not let this process change rules; it needs the capability NET_ADMIN\(said)"
    }
    let modules = failed.flatMap { $0.modules(backend, family) }
    var seen: Set<String> = []
    let names = modules.filter { seen.insert($0).inserted }.joined(separator: ", ")
    if names.isEmpty, !failed.isEmpty {
      return "chains of others are where iptables has its own (PREROUTING, OUTPUT); use --backend=nft\(said)"
    }
    guard !names.isEmpty else { return "the kernel does not take the rules\(said)" }
    return """
      the kernel lacks a module, one of \(names); load it on the node (modprobe) or name another backend with \
      --backend\(said)
      """
  }

  /// The first line, with the next where it only announces that.
  private static func firstWords(_ output: String) -> String {
    let lines = output.split(separator: "\n")
    guard let first = lines.first else { return "" }
    let announced = first.hasSuffix(": ") ? lines.dropFirst().first ?? "" : ""
    return ": \(first)\(announced)"
  }

  /// Why rules of nft in a table of iptables' keep iptables away from it.
  package static func unreadable(_ table: String) -> String {
    "the table \(table) holds rules that iptables can't read; use --backend=nft"
  }

  package static func onlyNFT(_ table: String, _ family: AddressFamily) -> String {
    """
    the table \(table) of \(family.name) holds rules that iptables can't read, and there is no nft in PATH, which alone can \
    tell whether ours are among them; install the package nftables
    """
  }

  /// Whether the capability NET_ADMIN is in effect, by /proc/self/status; what can't be read is no reason to say no.
  package static func mayAdministrate(_ status: String) -> Bool {
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("CapEff:") }),
      let capabilities = line.split(whereSeparator: { $0 == ":" || $0 == "\t" || $0 == " " }).last
        .flatMap({ UInt64($0, radix: 16) })
    else { return true }
    return capabilities & (1 << 12) != 0
  }
}
