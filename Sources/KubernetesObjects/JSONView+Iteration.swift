extension JSONView {
  /// The members in the order of the text; empty if this is no object.
  package var members: Members { Members(object: self) }

  /// The elements in the order of the text; empty if this is no array.
  package var elements: Elements { Elements(array: self) }

  package struct Members: Sequence, Sendable {
    let object: JSONView

    package var underestimatedCount: Int { object.kind == .object ? object.count : 0 }

    package func makeIterator() -> Iterator {
      Iterator(storage: object.storage, position: object.index + 1, remaining: underestimatedCount)
    }

    package struct Iterator: IteratorProtocol {
      let storage: JSONStorage
      var position: Int
      var remaining: Int

      package mutating func next() -> (key: JSONView, value: JSONView)? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        let key = JSONView(storage: storage, index: position)
        let value = JSONView(storage: storage, index: position + 1)
        position = Int(value.node.next)
        return (key, value)
      }
    }
  }

  package struct Elements: Sequence, Sendable {
    let array: JSONView

    package var underestimatedCount: Int { array.kind == .array ? array.count : 0 }

    package func makeIterator() -> Iterator {
      Iterator(storage: array.storage, position: array.index + 1, remaining: underestimatedCount)
    }

    package struct Iterator: IteratorProtocol {
      let storage: JSONStorage
      var position: Int
      var remaining: Int

      package mutating func next() -> JSONView? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        let element = JSONView(storage: storage, index: position)
        position = Int(element.node.next)
        return element
      }
    }
  }
}
