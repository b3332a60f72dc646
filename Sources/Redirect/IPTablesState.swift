/// What of one family's tables is ours, out of `iptables-save`'s print.
package struct IPTablesState: Sendable, Equatable {
  var tables: [String: IPTablesTable] = [:]
  /// Whether anybody else has a rule, a chain or a policy in them.
  package var holdsForeign = false
  /// Tables that are there and were not printed, since they hold what only nft can express.
  package var unreadable: [String] = []
  /// Whether others use nft in iptables' tables, so that nft fits better than iptables.
  package var isUsedByNFT = false

  package init() {}

  /// The first of them that we would use.
  package var unreadableTable: String? {
    unreadable.first { ChainName.Table(rawValue: $0) != nil }
  }

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
    for line in Self.lines(dump) {
      switch line.first {
      case "#": takeRemark(line)
      case "*": table = String(line.dropFirst())
      case ":": takeChain(line.dropFirst(), in: table)
      case "-": takeRule(line, in: table)
      default: break
      }
    }
  }

  /// A comment may hold ends of lines, even what looks like a rule then.
  private static func lines(_ dump: String) -> [Substring] {
    var lines: [Substring] = []
    var start: Substring.Index?
    for line in dump.split(separator: "\n") {
      var isOpen = start != nil
      if isOpen || line.first == "-" {
        var isEscaped = false
        for byte in line.utf8 {
          if byte == UInt8(ascii: "\""), !isEscaped { isOpen.toggle() }
          isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
      }
      if !isOpen { lines.append(dump[(start ?? line.startIndex)..<line.endIndex]) }
      start = isOpen ? start ?? line.startIndex : nil
    }
    return lines
  }

  /// As in: # Table `nat' is incompatible, use 'nft' tool.
  /// Or: # Table `nat' contains incompatible base-chains, use 'nft' tool to list them.
  private mutating func takeRemark(_ line: Substring) {
    let words = line.split(separator: " ")
    guard words.count >= 5, words[1] == "Table", words[4].hasPrefix("incompatible") else { return }
    if words[3] == "is" { unreadable.append(String(words[2].filter { $0 != "`" && $0 != "'" })) }
    isUsedByNFT = true
    holdsForeign = true
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
