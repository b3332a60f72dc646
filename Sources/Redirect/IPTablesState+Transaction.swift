extension IPTablesState {
  /// What `iptables-restore --noflush` has to be told so that our part becomes `target`, each table at once; nil when it
  /// is so already. Nothing of others is named.
  package func transaction(to target: IPTablesState) -> String? {
    let names = Set(tables.keys).union(target.tables.keys).sorted()
    let texts = names.compactMap { name in
      Self.transaction(name, tables[name] ?? IPTablesTable(), target.tables[name] ?? IPTablesTable())
    }
    return texts.isEmpty ? nil : texts.joined()
  }

  private static func transaction(_ name: String, _ present: IPTablesTable, _ target: IPTablesTable) -> String? {
    guard !same(present, target) else { return nil }
    var lines = ["*\(name)"]
    // Makes a chain, or empties it.
    lines += Set(present.chains.keys).union(target.chains.keys).sorted().map { ":\($0) - [0:0]" }
    var kept: Set<IPTablesTable.Entry> = []
    for entry in present.entries {
      if target.entries.contains(entry), kept.insert(entry).inserted { continue }
      lines.append("-D \(entry.chain) \(entry.rule)")
    }
    for (chain, rules) in target.chains.sorted(by: { $0.key < $1.key }) {
      lines += rules.map { "-A \(chain) \($0)" }
    }
    lines += target.entries.filter { !kept.contains($0) }.map { "-A \($0.chain) \($0.rule)" }
    lines += present.chains.keys.filter { target.chains[$0] == nil }.sorted().map { "-X \($0)" }
    return lines.joined(separator: "\n") + "\nCOMMIT\n"
  }

  private static func same(_ present: IPTablesTable, _ target: IPTablesTable) -> Bool {
    present.chains == target.chains && present.entries.count == target.entries.count
      && Set(present.entries) == Set(target.entries)
  }
}
