import KubernetesObjects

/// What the rules do, in plain words, a sentence a line.
extension RedirectOptions {
  package func account(_ families: [AddressFamily]) -> [String] {
    let versions = families.map(\.name).joined(separator: " and ")
    return ["These rules are for TCP over \(versions.isEmpty ? "nothing" : versions)."]
      + inboundAccount + outboundAccount(families) + exceptionsAccount
  }

  private var inboundAccount: [String] {
    let captured = capturedInbound
    guard !captured.isEmpty else { return ["Inbound: nothing goes through the sidecar."] }
    return [
      "Inbound: what comes for \(Self.list(captured)) goes to port \(inboundPort); every other port is left alone.",
      "The sidecar's own ports \(Self.list(sidecarPorts.map { "\($0)" })) are reached as they are.",
      "What the sidecar itself sends to an address of this Pod counts as inbound, unless it comes from loopback.",
    ]
  }

  private func outboundAccount(_ families: [AddressFamily]) -> [String] {
    guard families.contains(where: capturesOutbound) else { return ["Outbound: nothing goes through the sidecar."] }
    let places = includeOutboundCIDRs.isEmpty ? "anywhere" : Self.list(includeOutboundCIDRs.map(\.description))
    var lines = ["Outbound: what goes to \(Self.list(capturedOutbound)) \(places) goes to port \(outboundPort) first."]
    if !excludeOutboundCIDRs.isEmpty {
      lines.append("Not so what goes to \(Self.list(excludeOutboundCIDRs.map(\.description))).")
    }
    return lines
  }

  private var exceptionsAccount: [String] {
    var lines = ["Left alone: what stays within the Pod; what runs as uid \(proxyUID) or gid \(proxyGID), the sidecar."]
    if !excludeUIDs.isEmpty { lines.append("Left alone outbound: uids \(Self.list(excludeUIDs.map(String.init))).") }
    if !excludeGIDs.isEmpty { lines.append("Left alone outbound: gids \(Self.list(excludeGIDs.map(String.init))).") }
    if !excludeInterfaces.isEmpty { lines.append("Left alone: interfaces \(Self.list(excludeInterfaces)).") }
    if dropInvalid { lines.append("Packets that belong to no connection are dropped.") }
    return lines
  }

  private static func list(_ ports: Ports) -> String {
    if ports.isAll { return "any port" }
    let isOne = ports.ranges.count == 1 && ports.ranges.first?.first == ports.ranges.first?.last
    return (isOne ? "port " : "ports ") + list(ports.ranges.map(\.text))
  }

  /// Long ones are told by their beginning.
  private static func list(_ words: [String]) -> String {
    let shown = 12
    guard words.count > shown else { return words.joined(separator: ", ") }
    return words.prefix(shown).joined(separator: ", ") + " and \(words.count - shown) more"
  }
}
