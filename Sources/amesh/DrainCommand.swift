import ArgumentParser
import Glibc

struct DrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain",
    abstract: "Wait until the sidecar's connections have ended.",
    discussion: """
      Waits for the minimum, in which the rest of the cluster learns that the Pod goes, then until no connection is \
      established on the proxy's ports, at most for the maximum. The injector calls it as the sidecar's preStop hook. \
      Exits with 0 when it has waited, with connections open or not.

      Example:
        amesh drain --ports 19080,19081,19443 --minimum 3 --maximum 25
      """
  )

  @Option(help: "Local ports whose connections count, separated by commas.")
  var ports = "19080,19081,19443"

  @Option(help: "Seconds to wait in any case.")
  var minimum = 3.0

  @Option(help: "Seconds after which to end although connections are open.")
  var maximum = 25.0

  private var localPorts: [UInt16?] { ports.split(separator: ",").map { UInt16($0).flatMap { $0 == 0 ? nil : $0 } } }

  func validate() throws {
    guard !localPorts.isEmpty, !localPorts.contains(nil) else {
      throw ValidationError("--ports \(ports): use ports from 1 to 65535, separated by commas")
    }
    guard minimum >= 0, minimum <= maximum, maximum <= 86400 else {
      throw ValidationError("--minimum and --maximum: use 0 ≤ minimum ≤ maximum ≤ 86400")
    }
  }

  func run() async throws {
    try await reportingFailure { try await drain() }
  }

  private func drain() async throws {
    let clock = ContinuousClock()
    let end = clock.now.advanced(by: .seconds(maximum))
    try await Task.sleep(for: .seconds(minimum))
    let ports = Set(localPorts.compactMap(\.self))
    // The kernel's table may miss an entry while others come and go, so one look is not believed.
    var quietLooks = 0
    while clock.now < end {
      quietLooks = try Self.established(on: ports) == 0 ? quietLooks + 1 : 0
      if quietLooks == 3 { return }
      try await Task.sleep(for: .milliseconds(100))
    }
    let open = try Self.established(on: ports)
    if open > 0 { Console.error("amesh drain: \(open) connections still open after \(maximum) s") }
  }

  /// In this network namespace, which is the Pod's.
  private static func established(on ports: Set<UInt16>) throws -> Int {
    try ["/proc/net/tcp", "/proc/net/tcp6"].reduce(0) { count, path in
      do throws(WholeFile.Problem) {
        let text = String(decoding: try WholeFile.read(path, limit: 1 << 28), as: UTF8.self)
        return count + TCPTable.established(in: text, localPorts: ports)
      } catch {
        // A kernel without IPv6 has no second table.
        if error == .system(ENOENT), path.hasSuffix("6") { return count }
        throw Failure(.failed, "amesh drain: \(path): \(error)")
      }
    }
  }
}
