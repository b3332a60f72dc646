/// The difference of two texts line by line, with some lines of context: what `diff -u` shows, without its numbers.
enum TextDiff {
  enum Line: Equatable {
    case same(String)
    case removed(String)
    case added(String)
    /// So many equal lines are left out.
    case gap(Int)
  }

  static func lines(from old: String, to new: String, context: Int = 3) -> [Line] {
    let old = old.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let new = new.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var removed: Set<Int> = []
    var added: Set<Int> = []
    for change in new.difference(from: old) {
      switch change {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): added.insert(offset)
      }
    }
    var lines: [Line] = []
    var position = 0
    for (index, line) in new.enumerated() {
      while removed.contains(position) {
        lines.append(.removed(old[position]))
        position += 1
      }
      if added.contains(index) {
        lines.append(.added(line))
      } else {
        lines.append(.same(line))
        position += 1
      }
    }
    lines += old.indices.dropFirst(position).filter(removed.contains).map { .removed(old[$0]) }
    return collapse(lines, context: context)
  }

  private static func collapse(_ lines: [Line], context: Int) -> [Line] {
    var near: Set<Int> = []
    for (index, line) in lines.enumerated() {
      if case .same = line { continue }
      near.formUnion(max(0, index - context)...(index + context))
    }
    var collapsed: [Line] = []
    var skipped = 0
    for (index, line) in lines.enumerated() {
      if near.contains(index) {
        if skipped > 0 { collapsed.append(.gap(skipped)) }
        skipped = 0
        collapsed.append(line)
      } else {
        skipped += 1
      }
    }
    if skipped > 0 { collapsed.append(.gap(skipped)) }
    return collapsed
  }
}
