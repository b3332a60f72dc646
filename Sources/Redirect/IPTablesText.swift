import KubernetesObjects

/// Rules as `iptables-save` prints them, so that what was loaded can be compared with what was meant, word by word.
enum IPTablesText {
  static let prefix = "AMESH_"
  /// What one rule of multiport takes; a range counts twice.
  static let slots = 15

  static func name(_ chain: ChainName) -> String { prefix + chain.rawValue.uppercased() }

  /// The table's own chains and the rules that lead into them.
  static func table(_ chains: [Chain], _ family: AddressFamily) -> IPTablesTable {
    var table = IPTablesTable()
    for chain in chains {
      table.chains[name(chain.name)] = chain.rules.flatMap { rules($0, family) }
      if let hook = chain.name.hook {
        table.entries.append(
          IPTablesTable.Entry(chain: hook.rawValue.uppercased(), rule: "-p tcp -j \(name(chain.name))")
        )
      }
    }
    return table
  }

  static func rules(_ rule: Rule, _ family: AddressFamily) -> [String] {
    var partial = [Words()]
    for match in rule.matches {
      let alternatives = words(match, family)
      partial = partial.flatMap { words in alternatives.map { words.adding($0) } }
    }
    let verdict: String
    var needsTCP = false
    switch rule.verdict {
    case .leave: verdict = "-j RETURN"
    case .drop: verdict = "-j DROP"
    case .jump(let chain): verdict = "-j \(name(chain))"
    case .redirect(let port): (verdict, needsTCP) = ("-j REDIRECT --to-ports \(port)", true)
    }
    return partial.map { words in
      let tcp = needsTCP || words.needsTCP ? ["-p tcp"] : []
      return (words.addresses + tcp + words.modules + [verdict]).joined(separator: " ")
    }
  }

  /// `iptables-save` prints addresses and interfaces first, then the protocol, then what modules match.
  private struct Words {
    var addresses: [String] = []
    var modules: [String] = []
    var needsTCP = false

    func adding(_ other: Words) -> Words {
      Words(
        addresses: addresses + other.addresses,
        modules: modules + other.modules,
        needsTCP: needsTCP || other.needsTCP
      )
    }
  }

  private static func words(_ match: Rule.Match, _ family: AddressFamily) -> [Words] {
    switch match {
    case .notFromLoopback: [Words(addresses: ["! -s \(family.loopback)"])]
    case .notToLoopback: [Words(addresses: ["! -d \(family.loopback)"])]
    case .destinations(let ranges):
      // Any address is not printed, so it is not written either.
      ranges.flatMap(\.prefixes)
        .map { Words(addresses: $0.prefixLength == 0 ? [] : ["-d \(AddressText.prefix($0))"]) }
    case .incoming(let interface): [Words(addresses: ["-i \(interface)"])]
    case .outgoing(let interface): [Words(addresses: ["-o \(interface)"])]
    case .users(let users): users.map { Words(modules: ["-m owner --uid-owner \($0)"]) }
    case .groups(let groups): groups.map { Words(modules: ["-m owner --gid-owner \($0)"]) }
    case .ports(let ranges): chunks(ranges).map { Words(modules: [ports($0)], needsTCP: true) }
    case .isInvalid: [Words(modules: ["-m conntrack --ctstate INVALID"])]
    }
  }

  private static func ports(_ ranges: [PortRange]) -> String {
    let texts = ranges.map { $0.first == $0.last ? "\($0.first)" : "\($0.first):\($0.last)" }
    return texts.count == 1
      ? "-m tcp --dport \(texts.joined())"
      : "-m multiport --dports \(texts.joined(separator: ","))"
  }

  private static func chunks(_ ranges: [PortRange]) -> [[PortRange]] {
    var chunks: [[PortRange]] = []
    var used = slots
    for range in ranges {
      let size = range.first == range.last ? 1 : 2
      if used + size > slots {
        chunks.append([])
        used = 0
      }
      chunks[chunks.count - 1].append(range)
      used += size
    }
    return chunks
  }
}
