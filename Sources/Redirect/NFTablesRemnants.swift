/// What iptables has once loaded of ours into tables that it can't read any more, since others have put rules of nft into
/// them. Only nft can take it out.
package struct NFTablesRemnants: Sendable, Equatable {
  private var entries: [(table: String, chain: String, handle: UInt64)] = []
  private var chains: [(table: String, chain: String)] = []
  private let family: AddressFamily

  /// - Parameter list: what `nft` prints of all tables of the family, with handles.
  package init(_ family: AddressFamily, list: String) {
    self.family = family
    var table = ""
    var chain = ""
    for line in list.split(separator: "\n") {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      if line.first == "\t" {
        if words.count >= 3, words[0] == "chain", words[2] == "{" {
          chain = String(words[1])
          if chain.hasPrefix(IPTablesText.prefix), isOurs(table, chain) { chains.append((table, chain)) }
        } else if !chain.hasPrefix(IPTablesText.prefix), isOurs(table, chain), let handle = Self.entry(words) {
          entries.append((table, chain, handle))
        }
      } else if words.count >= 4, words[0] == "table", words[3] == "{" {
        (table, chain) = (String(words[2]), "")
      }
    }
  }

  package var isEmpty: Bool { entries.isEmpty && chains.isEmpty }

  package static func listArguments(_ family: AddressFamily) -> [String] {
    ["-a", "list", "ruleset", NFTablesText.family(family)]
  }

  /// Nil: nothing is there.
  var removal: String? {
    guard !isEmpty else { return nil }
    let version = NFTablesText.family(family)
    let lines =
      entries.map { "delete rule \(version) \($0.table) \($0.chain) handle \($0.handle)" }
      + chains.map { "flush chain \(version) \($0.table) \($0.chain)" }
      + chains.map { "delete chain \(version) \($0.table) \($0.chain)" }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Names that iptables takes and nft would read as something else are nobody's that we know.
  private func isOurs(_ table: String, _ chain: String) -> Bool {
    ChainName.Table(rawValue: table) != nil
      && chain.utf8.allSatisfy { byte in
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-".utf8.contains(byte)
      }
  }

  /// The handle of a rule that leads into a chain of ours: `… jump CHAIN [comment "…"] # handle NUMBER`.
  private static func entry(_ words: [Substring]) -> UInt64? {
    guard words.count >= 3, words[words.count - 2] == "handle", words[words.count - 3] == "#",
      let handle = words.last.flatMap({ UInt64($0) })
    else { return nil }
    let rule = words.dropLast(3)
    let verdict = rule.prefix { $0 != "comment" }.suffix(2)
    guard verdict.count == 2, let verb = verdict.first, let target = verdict.last,
      verb == "jump" || verb == "goto", target.hasPrefix(IPTablesText.prefix)
    else { return nil }
    return handle
  }

  package static func == (left: NFTablesRemnants, right: NFTablesRemnants) -> Bool {
    left.family == right.family && left.removal == right.removal
  }
}
