/// A parsed JSON text that is never written back: an index over its own bytes.
package struct JSONDocument: Sendable {
  package init(parsing bytes: [UInt8], maximumDepth: Int = 128) throws(JSONError) {
    throw JSONError(.empty, at: 0)
  }

  package var root: JSONView { JSONView() }
}

/// A value inside a ``JSONDocument``; cheap to copy.
package struct JSONView: Sendable {
  package enum Kind: UInt8, Sendable { case null, bool, number, string, array, object }

  package var kind: Kind { .null }
  package subscript(key: String) -> JSONView? { nil }
}
