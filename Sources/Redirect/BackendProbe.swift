/// Whether the kernel takes rules of our kinds: a rule of each is made where nothing leads to it, and taken away again.
package enum BackendProbe {
  /// What rules ask of the kernel.
  package enum Feature: Sendable, CaseIterable {
    case redirect
    case owner
    case multiport
    case conntrack
    /// Chains of ours are entered from the table's own, which others may have made another way.
    case natHooks
    case mangleHooks
  }

  package static func features(_ rules: RuleSet) -> [Feature] {
    var features: [Feature] = []
    for chain in rules.chains where chain.name.hook != nil {
      features.append(chain.name.table == .nat ? .natHooks : .mangleHooks)
    }
    for rule in rules.chains.flatMap(\.rules) {
      if case .redirect = rule.verdict { features.append(.redirect) }
      for match in rule.matches {
        switch match {
        case .users, .groups: features.append(.owner)
        case .ports: features.append(.multiport)
        case .isInvalid: features.append(.conntrack)
        default: break
        }
      }
    }
    return Feature.allCases.filter(features.contains)
  }

  /// The program's input; it does everything and undoes it.
  package static func input(_ backend: Backend, _ family: AddressFamily, _ features: [Feature]) -> String {
    backend == .nft ? nftables(family, features) : iptables(features)
  }

  private static let chain = IPTablesText.prefix + "PROBE"
  /// What leads here goes on as if it had not.
  private static let empty = IPTablesText.prefix + "PROBE_ENTRY"

  private static func iptables(_ features: [Feature]) -> String {
    Dictionary(grouping: features, by: \.table).sorted { $0.key < $1.key }
      .map { table, features in
        let rules = features.compactMap(\.rule).map { "-A \(chain) \($0)\n" }.joined()
        let entries = features.flatMap(\.hooks).map { "\($0) -p tcp -j \(empty)\n" }
        let (made, undone) = (entries.map { "-A \($0)" }.joined(), entries.map { "-D \($0)" }.joined())
        // Legacy tells the kernel nothing of what is gone before the first COMMIT.
        return "*\(table)\n:\(chain) - [0:0]\n:\(empty) - [0:0]\n\(rules)\(made)COMMIT\n"
          + "*\(table)\n\(undone)-F \(chain)\n-X \(chain)\n-X \(empty)\nCOMMIT\n"
      }
      .joined()
  }

  private static func nftables(_ family: AddressFamily, _ features: [Feature]) -> String {
    let name = "\(NFTablesText.family(family)) \(NFTablesText.table)_probe"
    let rules = features.compactMap(\.statement).map { "\t\t\($0)\n" }.joined()
    let chain = "\tchain probe {\n\t\ttype nat hook output priority -100; policy accept;\n\(rules)\t}\n"
    return "table \(name) {\n\(chain)}\ndelete table \(name)\n"
  }
}

extension BackendProbe.Feature {
  fileprivate var table: String { self == .conntrack || self == .mangleHooks ? "mangle" : "nat" }

  fileprivate var hooks: [String] {
    switch self {
    case .natHooks: ["PREROUTING", "OUTPUT"]
    case .mangleHooks: ["PREROUTING"]
    default: []
    }
  }

  fileprivate var rule: String? {
    switch self {
    case .redirect: "-p tcp -j REDIRECT --to-ports 1"
    case .owner: "-m owner --uid-owner 1 -j RETURN"
    case .multiport: "-p tcp -m multiport --dports 1,2 -j RETURN"
    case .conntrack: "-m conntrack --ctstate INVALID -j RETURN"
    case .natHooks, .mangleHooks: nil
    }
  }

  /// No condition that always holds: for a moment the chain is in force.
  fileprivate var statement: String? {
    switch self {
    case .redirect: "tcp dport 0 redirect to :1"
    case .owner: "meta skuid 1 return"
    case .multiport: "tcp dport { 1, 2 } return"
    case .conntrack: "ct state invalid return"
    case .natHooks, .mangleHooks: nil
    }
  }

  /// What the kernel may lack where it does not take the rule.
  package func modules(_ backend: Backend, _ family: AddressFamily) -> [String] {
    let tables = family == .ipv4 ? "iptable" : "ip6table"
    switch (backend, self) {
    case (.iptablesLegacy, .redirect): return ["\(tables)_nat", "nf_nat", "xt_REDIRECT"]
    case (.iptablesNFT, .redirect): return ["nf_tables", "nft_chain_nat", "nft_compat", "xt_REDIRECT"]
    case (.nft, .redirect): return ["nf_tables", "nft_chain_nat", "nft_redir"]
    case (.iptablesLegacy, .conntrack): return ["\(tables)_mangle", "xt_conntrack"]
    case (.iptablesNFT, .conntrack): return ["nft_compat", "xt_conntrack"]
    case (.nft, .conntrack): return ["nft_ct"]
    case (_, .natHooks), (_, .mangleHooks): return []
    case (.nft, _): return ["nf_tables"]
    case (_, .owner): return ["xt_owner"]
    case (_, .multiport): return ["xt_multiport"]
    }
  }
}
