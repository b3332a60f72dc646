import KubernetesAPI
import KubernetesObjects
import Testing

extension KubernetesContract {
  private func fill(_ count: Int) async throws -> [String] {
    let names = (0..<count).map { "item-\($0)" }
    for (index, name) in names.enumerated() {
      let labels: JSONValue = ["parity": index.isMultiple(of: 2) ? "even" : "odd", "index": .string("\(index)")]
      try await client.create(.configMaps, configMap(name, ["index": .string("\(index)")], labels: labels))
    }
    return names
  }

  private func names(_ selection: ObjectSelection, limit: Int = 2) async throws -> [String] {
    try await client.listAll(.configMaps, ListQuery(selection, limit: limit)).compactMap { ObjectKey(of: $0)?.name }
      .filter { $0.hasPrefix("item-") }
  }

  func pages() async throws {
    let names = try await fill(7)
    var query = ListQuery(ObjectSelection(namespace: namespace, labels: "parity"), limit: 3)
    var found: [String] = []
    var sizes: [Int] = []
    var versions: Set<String> = []
    repeat {
      let page = try await client.list(.configMaps, query)
      sizes.append(page.items.count)
      found += page.items.compactMap { ObjectKey(of: $0)?.name }
      versions.insert(page.resourceVersion)
      query.continuation = page.continuation
      // What comes in between belongs to the next list.
      try await client.create(.configMaps, configMap("late-\(sizes.count)", [:], labels: ["parity": "late"]))
    } while query.continuation != nil
    #expect(sizes == [3, 3, 1])
    #expect(found == names)
    #expect(versions.count == 1)
  }

  func selectors() async throws {
    _ = try await fill(5)
    let in_ = { (labels: String?, fields: String?) in
      ObjectSelection(namespace: namespace, labels: labels, fields: fields)
    }
    #expect(try await names(in_("parity=even", nil)) == ["item-0", "item-2", "item-4"])
    #expect(try await names(in_("parity!=even", nil)) == ["item-1", "item-3"])
    #expect(try await names(in_("index in (1,2),parity=even", nil)) == ["item-2"])
    #expect(try await names(in_("index notin (0,1,2,3)", nil)) == ["item-4"])
    #expect(try await names(in_("!parity", nil)) == [])
    #expect(try await names(in_(nil, "metadata.name=item-3")) == ["item-3"])
    #expect(try await names(in_("parity=even", "metadata.name=item-3")) == [])
    let everywhere = ObjectSelection(labels: "parity=even", fields: "metadata.namespace=\(namespace)")
    // In one page: newer servers (1.36 does) look for the first in that namespace only, and for the next ones everywhere,
    // so that their continuations miss objects or repeat them.
    #expect(try await names(everywhere, limit: 500) == ["item-0", "item-2", "item-4"])
  }

  func watches() async throws {
    let selection = ObjectSelection(namespace: namespace, labels: "seen=yes")
    let start = try await client.list(.configMaps, ListQuery(selection)).resourceVersion
    let seen: JSONValue = ["seen": "yes"]
    try await client.create(.configMaps, configMap("unseen", [:]))
    try await client.create(.configMaps, configMap("one", ["a": "1"], labels: seen))
    try await client.update(.configMaps, configMap("one", ["a": "2"], labels: seen))
    try await client.update(.configMaps, configMap("unseen", [:], labels: seen))
    // What leaves the selection is gone for who watches it.
    try await client.update(.configMaps, configMap("one", ["a": "3"], labels: ["seen": "no"]))
    try await client.delete(.configMaps, key("unseen"))

    let told = try await watch(selection, from: start, count: 5)
    #expect(told.map(\.text) == ["added one", "modified one", "added unseen", "deleted one", "deleted unseen"])
    // From the middle on, and only what comes then.
    let rest = try await watch(selection, from: told[2].version, count: 2)
    #expect(rest.map(\.text) == ["deleted one", "deleted unseen"])
    #expect(rest.map(\.version) == told.suffix(2).map(\.version))
  }

  private func watch(
    _ selection: ObjectSelection,
    from version: String,
    count: Int
  ) async throws -> [(text: String, version: String)] {
    var told: [(text: String, version: String)] = []
    let enough = APIError.request("enough")
    do throws(APIError) {
      try await client.watch(.configMaps, WatchQuery(selection, from: version, timeout: .seconds(20))) {
        event throws(APIError) in
        let (verb, object): (String, JSONView)
        switch event {
        case .added(let view): (verb, object) = ("added", view)
        case .modified(let view): (verb, object) = ("modified", view)
        case .deleted(let view): (verb, object) = ("deleted", view)
        case .opened, .bookmark: return
        }
        guard let metadata = ObjectMetadata(of: object) else { throw .request("an object without a name") }
        told.append(("\(verb) \(metadata.key.name)", metadata.resourceVersion))
        if told.count == count { throw enough }
      }
    } catch {
      guard error == enough else { throw error }
    }
    return told
  }

  func expiry() async throws {
    let selection = ObjectSelection(namespace: namespace)
    let old = try await refusal { () throws(APIError) in
      let query = WatchQuery(selection, from: "1", timeout: .seconds(20))
      try await client.watch(.configMaps, query) { event throws(APIError) in
        if case .opened = event { return }
        throw .request("told of a past that is forgotten")
      }
    }
    #expect(old.isExpired)
  }
}
