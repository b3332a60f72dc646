import KubernetesAPI
import KubernetesObjects
import Testing

extension KubernetesContract {
  func patches() async throws {
    try await client.create(.configMaps, configMap("one", ["a": "1", "b": "2"]))
    let merged = try await client.patch(.configMaps, key("one"), .merge(["data": ["a": nil, "c": "3"]])).root
    #expect(merged["data"]?.value == ["b": "2", "c": "3"])

    let patch = { (value: JSONValue) throws in
      ObjectPatch.json(
        try JSONPatch(
          [
            ["op": "test", "path": "/data/b", "value": value], ["op": "replace", "path": "/data/c", "value": "4"],
          ] as JSONValue
        )
      )
    }
    let right = try patch("2")
    let patched = try await client.patch(.configMaps, key("one"), right).root
    #expect(patched["data"]?.value == ["b": "2", "c": "4"])
    let wrong = try patch("other")
    let refused = try await refusal { () throws(APIError) in try await client.patch(.configMaps, key("one"), wrong) }
    #expect(refused.isInvalid)
    let missing = try await refusal { () throws(APIError) in
      try await client.patch(.configMaps, key("two"), .merge(["data": ["a": "1"]]))
    }
    #expect(missing.isNotFound)

    let version = try #require(ObjectMetadata(of: patched)?.resourceVersion)
    let guarded: JSONValue = ["metadata": ["resourceVersion": .string(version)], "data": ["d": "5"]]
    try await client.patch(.configMaps, key("one"), .merge(guarded))
    let late = try await refusal { () throws(APIError) in
      var again = guarded
      again["data"] = ["d": "6"]
      try await client.patch(.configMaps, key("one"), .merge(again))
    }
    #expect(late.isConflict)
  }

  func apply() async throws {
    let data = { (document: JSONDocument) in document.root["data"]?.value }
    let made = try await client.apply(.configMaps, configMap("one", ["a": "1", "b": "1"]), fieldManager: "first")
    #expect(data(made) == ["a": "1", "b": "1"])
    // The same again is no new version.
    let same = try await client.apply(.configMaps, configMap("one", ["a": "1", "b": "1"]), fieldManager: "first")
    #expect(ObjectMetadata(of: same.root)?.resourceVersion == ObjectMetadata(of: made.root)?.resourceVersion)

    let two = try await client.apply(.configMaps, configMap("one", ["c": "2"]), fieldManager: "second")
    #expect(data(two) == ["a": "1", "b": "1", "c": "2"])
    let conflict = try await refusal { () throws(APIError) in
      try await client.apply(.configMaps, configMap("one", ["a": "2", "c": "2"]), fieldManager: "second")
    }
    #expect(conflict.isConflict)
    #expect(conflict.message.contains("first"))
    let forced = try await client.apply(
      .configMaps,
      configMap("one", ["a": "2", "c": "2"]),
      fieldManager: "second",
      force: true
    )
    #expect(data(forced) == ["a": "2", "b": "1", "c": "2"])
    // What a manager leaves out goes, unless it belongs to another one meanwhile.
    let left = try await client.apply(.configMaps, configMap("one", [:]), fieldManager: "first")
    #expect(data(left) == ["a": "2", "c": "2"])

    // What someone else edits by hand is theirs, and is taken back by force.
    try await client.patch(.configMaps, key("one"), .merge(["data": ["a": "edited"]]))
    let edited = try await refusal { () throws(APIError) in
      try await client.apply(.configMaps, configMap("one", ["a": "2", "c": "2"]), fieldManager: "second")
    }
    #expect(edited.isConflict)
    let mended = try await client.apply(
      .configMaps,
      configMap("one", ["a": "2", "c": "2"]),
      fieldManager: "second",
      force: true
    )
    #expect(data(mended) == ["a": "2", "c": "2"])
  }

  /// Parts of a list's elements belong to different managers.
  func webhooks() async throws {
    let name = "amesh-contract-\(run)"
    let webhook = { (name: String) -> JSONValue in
      [
        "name": .string(name), "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Ignore",
        "clientConfig": ["url": "https://127.0.0.1:1/none"],
        "rules": [
          ["apiGroups": ["amesh.example"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nothing"]]
        ],
      ]
    }
    let configuration = typed(
      .mutatingWebhookConfigurations,
      ["metadata": ["name": .string(name)], "webhooks": [webhook("one.amesh.example"), webhook("two.amesh.example")]]
    )
    try await client.create(.mutatingWebhookConfigurations, configuration)
    let bundle: JSONValue = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUIKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo="
    let part = typed(
      .mutatingWebhookConfigurations,
      [
        "metadata": ["name": .string(name)],
        "webhooks": [["name": "two.amesh.example", "clientConfig": ["caBundle": bundle]]],
      ]
    )
    do {
      let applied = try await client.apply(.mutatingWebhookConfigurations, part, fieldManager: "bundle").root.value
      #expect(applied["webhooks"]?[0]?["clientConfig"]?["caBundle"] == nil)
      #expect(applied["webhooks"]?[1]?["clientConfig"]?["caBundle"] == bundle)
      #expect(applied["webhooks"]?[1]?["clientConfig"]?["url"] == "https://127.0.0.1:1/none")
      #expect(applied["webhooks"]?.array?.count == 2)
    } catch {
      try? await client.delete(.mutatingWebhookConfigurations, ObjectKey(name: name))
      throw error
    }
    try await client.delete(.mutatingWebhookConfigurations, ObjectKey(name: name))
  }
}
