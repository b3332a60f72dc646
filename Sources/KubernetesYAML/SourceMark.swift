/// A place in a text, both counted from 1; columns count Unicode scalars.
package struct SourceMark: Sendable, Hashable, CustomStringConvertible {
  package var line: Int
  package var column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// `LINE:COLUMN`, as compilers print it.
  package var description: String { "\(line):\(column)" }
}

/// Where each node of a document was written: a tree of the same shape as the document's value.
///
/// A node that was reached through an alias carries the mark of its anchor.
package struct SourceMarks: Sendable {
  package var mark: SourceMark
  /// For a member of an object: where its key is.
  package var keyMark: SourceMark?
  /// One for each element or member, in order.
  package var children: [SourceMarks]

  package init(mark: SourceMark, keyMark: SourceMark? = nil, children: [SourceMarks] = []) {
    self.mark = mark
    self.keyMark = keyMark
    self.children = children
  }
}
