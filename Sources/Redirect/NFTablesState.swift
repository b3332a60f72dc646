/// Our table of one family, out of what `nft` prints.
package struct NFTablesState: Sendable, Equatable {
  var family: AddressFamily
  /// What it prints of the table; empty: there is none.
  var table: String
  /// Whether there are tables of others that are no twins of iptables'.
  package var holdsForeign = false

  package init(_ family: AddressFamily, table: String = "", holdsForeign: Bool = false) {
    self.family = family
    self.table = table
    self.holdsForeign = holdsForeign
  }

  /// Rules that are to be.
  package init(_ rules: RuleSet) {
    self.init(rules.family, table: rules.isEmpty ? "" : NFTablesText.table(rules))
  }

  package var holdsOurs: Bool { !table.isEmpty }

  /// What `nft -f -` has to be told so that our table becomes `target`, at once; nil when it is so already.
  package func transaction(to target: NFTablesState) -> String? {
    guard Self.words(table) != Self.words(target.table) else { return nil }
    let name = "\(NFTablesText.family(family)) \(NFTablesText.table)"
    // Only what is there can be deleted.
    return holdsOurs ? "delete table \(name)\n\(target.table)" : target.table
  }

  /// The print without its layout and remarks.
  private static func words(_ table: String) -> [Substring] {
    table.split(separator: "\n")
      .filter { !$0.drop(while: { $0 == "\t" || $0 == " " }).hasPrefix("#") }
      .flatMap { $0.split(whereSeparator: { $0 == " " || $0 == "\t" }) }
  }

  /// Which of `nft list tables`' lines are ours, by family, and whether there are others.
  package static func tables(_ list: String) -> (ours: Set<AddressFamily>, others: Bool) {
    var ours: Set<AddressFamily> = []
    var others = false
    for line in list.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 3, words[0] == "table" else { continue }
      let family = AddressFamily.allCases.first { NFTablesText.family($0) == words[1] }
      if let family, words[2] == NFTablesText.table {
        ours.insert(family)
      } else if family == nil || !["raw", "mangle", "nat", "filter", "security"].contains(words[2]) {
        others = true
      }
    }
    return (ours, others)
  }

  package static func listArguments(_ family: AddressFamily) -> [String] {
    ["list", "table", NFTablesText.family(family), NFTablesText.table]
  }
}
