/// From options to rules. What is included and what is excluded is told apart here, so that a chain names just the ports
/// that it captures.
extension RuleSet {
  package init(_ options: RedirectOptions, _ family: AddressFamily) {
    let parts = RuleParts(options: options, family: family)
    self.family = family
    chains = parts.invalid + parts.inbound + parts.outbound
  }
}

private struct RuleParts {
  let options: RedirectOptions
  let family: AddressFamily

  var capturesInbound: Bool { !options.capturedInbound.isEmpty }
  var capturesOutbound: Bool { options.capturesOutbound(family) }

  var invalid: [Chain] {
    guard options.dropInvalid else { return [] }
    let drop = Rule(matches: [.isInvalid], verdict: .drop)
    return [Chain(name: .invalid, rules: excluded(Rule.Match.incoming) + [drop])]
  }

  var inbound: [Chain] {
    guard capturesInbound else { return [] }
    return [
      Chain(
        name: .prerouting,
        rules: excluded(Rule.Match.incoming) + [Rule(verdict: .jump(.inbound))]
      ),
      Chain(name: .inbound, rules: [capture(options.capturedInbound, .inRedirect)]),
      Chain(name: .inRedirect, rules: [Rule(verdict: .redirect(options.inboundPort))]),
    ]
  }

  var outbound: [Chain] {
    guard capturesInbound || capturesOutbound else { return [] }
    let output = Chain(name: .output, rules: (capturesInbound ? ownAddress : []) + (capturesOutbound ? others : []))
    guard capturesOutbound else { return [output] }
    return [
      output,
      Chain(name: .outbound, rules: [capture(options.capturedOutbound, .outRedirect)]),
      Chain(name: .outRedirect, rules: [Rule(verdict: .redirect(options.outboundPort))]),
    ]
  }

  /// The sidecar's call to an address of its own Pod is what a service's call to itself becomes: it comes in like any
  /// other. What the sidecar then sends on goes to loopback or comes from it, which ends the circle.
  private var ownAddress: [Rule] {
    [Rule.Match.users([options.proxyUID]), .groups([options.proxyGID])].map { proxy in
      Rule(matches: [.notFromLoopback, .notToLoopback, .outgoing("lo"), proxy], verdict: .jump(.inbound))
    }
  }

  private var others: [Rule] {
    var rules = [
      // Within the Pod.
      Rule(matches: [.outgoing("lo")], verdict: .leave),
      Rule(matches: [.users(Self.distinct([options.proxyUID] + options.excludeUIDs))], verdict: .leave),
      Rule(matches: [.groups(Self.distinct([options.proxyGID] + options.excludeGIDs))], verdict: .leave),
    ]
    rules += excluded(Rule.Match.outgoing)
    let excluded = options.excludedDestinations(family)
    if !excluded.isEmpty { rules.append(Rule(matches: [.destinations(excluded)], verdict: .leave)) }
    let included = options.includedDestinations(family)
    rules.append(Rule(matches: included.isEmpty ? [] : [.destinations(included)], verdict: .jump(.outbound)))
    return rules
  }

  private func excluded(_ direction: (String) -> Rule.Match) -> [Rule] {
    var seen: Set<String> = []
    return options.excludeInterfaces.filter { seen.insert($0).inserted }
      .map { Rule(matches: [direction($0)], verdict: .leave) }
  }

  private func capture(_ ports: Ports, _ chain: ChainName) -> Rule {
    Rule(matches: ports.isAll ? [] : [.ports(ports.ranges)], verdict: .jump(chain))
  }

  private static func distinct(_ users: [UInt32]) -> [UInt32] { Set(users).sorted() }
}
