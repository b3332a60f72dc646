import AmeshTesting
import Testing

@testable import KubernetesAPI

@Suite struct InformerStoreTests {
  private func key(_ name: String) -> ObjectKey { ObjectKey(namespace: "web", name: name) }

  private func object(_ name: String, _ value: String?) -> ObservedObject<String> {
    ObservedObject(key: key(name), resourceVersion: "1", value: value)
  }

  @Test func `changes are told once`() {
    var store = InformerStore<String>()
    #expect(store.set(object("a", "1")) == .added(key("a"), "1"))
    #expect(store.set(object("a", "1")) == nil)
    #expect(store.set(object("a", "2")) == .changed(key("a"), from: "1", to: "2"))
    #expect(store.remove(key("a")) == .removed(key("a"), "2"))
    #expect(store.remove(key("a")) == nil)
  }

  @Test func `what is of no interest any more is gone`() {
    var store = InformerStore<String>()
    #expect(store.set(object("a", nil)) == nil)
    _ = store.set(object("a", "1"))
    #expect(store.set(object("a", nil)) == .removed(key("a"), "1"))
    #expect(store.count == 0)
  }

  @Test func `a list takes away what is not on it`() {
    var store = InformerStore<String>()
    _ = store.replace(with: [object("a", "1"), object("b", "1"), object("c", "1")])
    let changes = store.replace(with: [object("a", "1"), object("b", "2"), object("c", nil), object("d", "1")])
    #expect(
      changes == [.removed(key("c"), "1"), .changed(key("b"), from: "1", to: "2"), .added(key("d"), "1")]
    )
    #expect(store.all == [key("a"): "1", key("b"): "2", key("d"): "1"])
  }

  /// The index against what a search of everything finds, over many random changes.
  @Test func `the index is what a search would find`() {
    let indexKeys: @Sendable (ObjectKey, String) -> [String] = { key, value in [value, "\(key.name)\(value)", value] }
    var store = InformerStore<String>(indexKeys: indexKeys)
    var random = SeededRandom(seed: 11)
    for _ in 0..<2000 {
      let name = "\(Int.random(in: 0..<8, using: &random))"
      let value = Bool.random(using: &random) ? "\(Int.random(in: 0..<4, using: &random))" : nil
      switch Int.random(in: 0..<10, using: &random) {
      case 0: _ = store.replace(with: (0..<4).map { object("\($0)", value) })
      case 1...3: _ = store.remove(key(name))
      default: _ = store.set(object(name, value))
      }
      for text in (0..<4).flatMap({ value in ["\(value)"] + (0..<8).map { "\($0)\(value)" } }) {
        let found = Set(store.all.filter { indexKeys($0.key, $0.value).contains(text) }.keys)
        #expect(store.keys(indexedBy: text) == found)
      }
    }
  }
}
