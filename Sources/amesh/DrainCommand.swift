import ArgumentParser
import Foundation

struct DrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain",
    abstract: "Wait until the sidecar's connections have ended.",
    discussion: """
      Waits for the minimum, in which the rest of the cluster learns that the Pod goes, then until no connection is \
      established on the proxy's ports, at most for the maximum. The injector calls it as the sidecar's preStop hook. \
      Exits with 0 in any case: the Pod ends anyway.

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

  private var localPorts: [UInt16?] { ports.split(separator: ",").map { UInt16($0) } }

  func validate() throws {
    guard !localPorts.isEmpty, !localPorts.contains(nil) else {
      throw ValidationError("--ports \(ports): use ports from 1 to 65535, separated by commas")
    }
    guard minimum >= 0, minimum <= maximum, maximum <= 86400 else {
      throw ValidationError("--minimum and --maximum: use 0 ≤ minimum ≤ maximum ≤ 86400")
    }
  }

  func run() async throws {
    let clock = ContinuousClock()
    let end = clock.now.advanced(by: .seconds(maximum))
    try await Task.sleep(for: .seconds(minimum))
    let ports = Set(localPorts.compactMap(\.self))
    while clock.now < end {
      if Self.established(on: ports) == 0 { return }
      try await Task.sleep(for: .milliseconds(200))
    }
    Console.error("amesh drain: \(Self.established(on: ports)) connections still open after \(maximum) s")
  }

  /// In this network namespace, which is the Pod's.
  private static func established(on ports: Set<UInt16>) -> Int {
    ["/proc/net/tcp", "/proc/net/tcp6"].reduce(0) { count, path in
      let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
      return count + TCPTable.established(in: text, localPorts: ports)
    }
  }
}
