import KubernetesObjects

/// A table of our own, as `nft list table` prints it.
enum NFTablesText {
  static let table = "amesh"

  static func family(_ family: AddressFamily) -> String { family == .ipv4 ? "ip" : "ip6" }

  static func table(_ rules: RuleSet) -> String {
    let chains = rules.chains.map { chain in
      let lines = base(chain.name) + chain.rules.map { Self.rule($0, rules.family) }
      return "\tchain \(chain.name.rawValue) {\n" + lines.map { "\t\t\($0)\n" }.joined() + "\t}\n"
    }
    return "table \(family(rules.family)) \(table) {\n" + chains.joined(separator: "\n") + "}\n"
  }

  /// Where the kernel enters a chain, and that only TCP goes on.
  private static func base(_ chain: ChainName) -> [String] {
    guard let hook = chain.hook else { return [] }
    let place: String
    switch (chain.table, hook) {
    case (.mangle, _): place = "type filter hook \(hook.rawValue) priority mangle"
    case (.nat, .prerouting): place = "type nat hook prerouting priority dstnat"
    // Has no name for this hook.
    case (.nat, .output): place = "type nat hook output priority -100"
    }
    return ["\(place); policy accept;", "meta l4proto != tcp return"]
  }

  private static func rule(_ rule: Rule, _ family: AddressFamily) -> String {
    (rule.matches.map { match($0, family) } + [verdict(rule.verdict)]).joined(separator: " ")
  }

  private static func verdict(_ verdict: Rule.Verdict) -> String {
    switch verdict {
    case .leave: "return"
    case .drop: "drop"
    case .jump(let chain): "jump \(chain.rawValue)"
    case .redirect(let port): "meta l4proto tcp redirect to :\(port)"
    }
  }

  private static func match(_ match: Rule.Match, _ family: AddressFamily) -> String {
    let version = Self.family(family)
    switch match {
    case .notFromLoopback: return "\(version) saddr != \(loopback(family))"
    case .notToLoopback: return "\(version) daddr != \(loopback(family))"
    case .destinations(let ranges): return "\(version) daddr \(set(ranges.map(addresses)))"
    case .incoming(let interface): return "iifname \(name(interface))"
    case .outgoing(let interface): return "oifname \(name(interface))"
    case .users(let users): return "meta skuid \(set(users.map(String.init)))"
    case .groups(let groups): return "meta skgid \(set(groups.map(String.init)))"
    case .ports(let ranges): return "tcp dport \(set(ranges.map(\.text)))"
    case .isInvalid: return "ct state invalid"
    }
  }

  /// A network of one address is printed as the address.
  private static func loopback(_ family: AddressFamily) -> String { family == .ipv4 ? family.loopback : "::1" }

  private static func addresses(_ range: AddressRange) -> String {
    let first = AddressText.address(range.first, range.family)
    guard range.first != range.last else { return first }
    if let only = range.prefixes.first, range.prefixes.count == 1 { return AddressText.prefix(only) }
    return "\(first)-\(AddressText.address(range.last, range.family))"
  }

  private static func name(_ interface: String) -> String {
    interface.hasSuffix("+") ? "\"\(interface.dropLast())*\"" : "\"\(interface)\""
  }

  private static func set(_ elements: [String]) -> String {
    elements.count == 1 ? elements.joined() : "{ \(elements.joined(separator: ", ")) }"
  }
}
