import KubernetesObjects

/// A list of a Pod with some elements of ours at its front or end, brought to what it should be.
struct ListEdits {
  typealias Element = (name: String, json: [UInt8])

  let path: String
  /// The elements as they are.
  let existing: [JSONView]
  /// False if the list is absent or null.
  let isThere: Bool
  /// Positions of the elements that are ours.
  let ours: [Int]
  let recognition: Recognition

  /// Writes the operations that put `front` first and `back` last, with nothing else of ours in the list.
  func write(front: [Element], back: [Element], to patch: inout PatchWriter) {
    guard isThere else {
      if !front.isEmpty || !back.isEmpty {
        patch.add(path) { writer in
          writer.beginArray()
          for element in front { writer.raw(element.json) }
          for element in back { writer.raw(element.json) }
          writer.endArray()
        }
      }
      return
    }
    if inPlace(front: front.count, back: back.count) {
      let wanted = ours.isEmpty ? [] : front + back
      if zip(ours, wanted).allSatisfy({ name(at: $0) == $1.name }) {
        for (index, element) in zip(ours, wanted) where !recognition.matches(existing[index], element.json) {
          patch.replace("\(path)/\(index)", element.json)
        }
        return
      }
    }
    for index in ours.reversed() { patch.remove("\(path)/\(index)") }
    for (index, element) in front.enumerated() { patch.add("\(path)/\(index)", element.json) }
    for element in back { patch.add("\(path)/-", element.json) }
  }

  private func inPlace(front: Int, back: Int) -> Bool {
    if ours.isEmpty { return front + back == 0 }
    return ours.count == front + back
      && ours == Array(0..<front) + Array((existing.count - min(back, existing.count))..<existing.count)
  }

  private func name(at index: Int) -> String? { existing[index].string(of: "name") }
}
