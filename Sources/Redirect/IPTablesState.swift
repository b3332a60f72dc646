/// What of one family's tables is ours, out of `iptables-save`'s print.
package struct IPTablesState: Sendable, Equatable {
  var tables: [String: IPTablesTable] = [:]
  /// Whether anybody else has a rule, a chain or a policy in them.
  package var holdsForeign = false

  package init() {}

  package var holdsOurs: Bool { !tables.isEmpty }
}

struct IPTablesTable: Sendable, Equatable {
  /// The rules of our chains.
  var chains: [String: [String]] = [:]
  /// The rules elsewhere that lead into them. Whoever made one, it is ours: without our chain it could not be.
  var entries: [Entry] = []

  struct Entry: Sendable, Hashable {
    var chain: String
    var rule: String
  }

  var isEmpty: Bool { chains.isEmpty && entries.isEmpty }
}

extension IPTablesState {
  /// Rules that are to be.
  package init(_ rules: RuleSet) {
    for name in ChainName.Table.allCases {
      let table = IPTablesText.table(rules.chains.filter { $0.name.table == name }, rules.family)
      if !table.isEmpty { tables[name.rawValue] = table }
    }
  }

  /// - Parameter dump: of `iptables-save` without counters. Lines of another form are not looked at.
  package init(dump: String) {
    var table = ""
    for line in dump.split(separator: "\n") {
      switch line.first {
      case "*": table = String(line.dropFirst())
      case ":": takeChain(line.dropFirst(), in: table)
      case "-": takeRule(line, in: table)
      default: break
      }
    }
  }

  private mutating func takeChain(_ line: Substring, in table: String) {
    let words = line.split(separator: " ")
    guard let name = words.first, words.count >= 2 else { return }
    if name.hasPrefix(IPTablesText.prefix) {
      if tables[table, default: IPTablesTable()].chains[String(name)] == nil {
        tables[table, default: IPTablesTable()].chains[String(name)] = []
      }
    } else if words[1] != "ACCEPT" {
      holdsForeign = true
    }
  }

  private mutating func takeRule(_ line: Substring, in table: String) {
    let words = line.split(separator: " ", maxSplits: 2)
    guard words.count >= 2, words[0] == "-A" else { return }
    let chain = String(words[1])
    let rule = words.count == 3 ? String(words[2]) : ""
    if chain.hasPrefix(IPTablesText.prefix) {
      tables[table, default: IPTablesTable()].chains[chain, default: []].append(rule)
    } else if Self.leadsToUs(rule) {
      tables[table, default: IPTablesTable()].entries.append(IPTablesTable.Entry(chain: chain, rule: rule))
    } else {
      holdsForeign = true
    }
  }

  /// A rule's target comes last when it is a chain.
  private static func leadsToUs(_ rule: String) -> Bool {
    let words = rule.split(separator: " ").suffix(2)
    guard let verb = words.first, let target = words.last, words.count == 2 else { return false }
    return (verb == "-j" || verb == "-g") && target.hasPrefix(IPTablesText.prefix)
  }
}
