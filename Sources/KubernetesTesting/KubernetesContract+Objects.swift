import KubernetesAPI
import KubernetesObjects
import Testing

extension KubernetesContract {
  func objects() async throws {
    let created = try await client.create(.configMaps, configMap("one", ["a": "1"])).root.value
    #expect(created["data"] == ["a": "1"])
    let metadata = try #require(ObjectMetadata(of: try JSONDocument(parsing: created.serialized()).root))
    #expect(metadata.key == key("one"))
    #expect(!metadata.uid.isEmpty && !metadata.resourceVersion.isEmpty)
    let read = try await client.get(.configMaps, key("one")).root
    #expect(read["data"]?.value == ["a": "1"])
    #expect(ObjectMetadata(of: read) == metadata)

    var changed = created
    changed["data"] = ["a": "2", "b": "é\u{0}\u{1F600}"]
    let updated = try await client.update(.configMaps, changed).root
    #expect(updated["data"]?.value == ["a": "2", "b": "é\u{0}\u{1F600}"])
    #expect(ObjectMetadata(of: updated)?.uid == metadata.uid)
    #expect(ObjectMetadata(of: updated)?.resourceVersion != metadata.resourceVersion)

    try await client.delete(.configMaps, key("one"))
    #expect(try await client.find(.configMaps, key("one")) == nil)
    let missing = try await refusal { () throws(APIError) in try await client.delete(.configMaps, key("one")) }
    #expect(missing.isNotFound && missing.reason == "NotFound")

    var generated = configMap("", .object([:]))
    generated["metadata"] = ["generateName": "made-", "namespace": .string(namespace)]
    let name = try await client.create(.configMaps, generated).root["metadata"]?.string(of: "name")
    #expect(name?.hasPrefix("made-") == true && name != "made-")
  }

  func conflicts() async throws {
    let first = try await client.create(.configMaps, configMap("one", ["a": "1"])).root.value
    let twice = try await refusal { () throws(APIError) in try await client.create(.configMaps, configMap("one", [:])) }
    #expect(twice.isAlreadyExists && !twice.isConflict)

    var changed = first
    changed["data"] = ["a": "2"]
    let second = try await client.update(.configMaps, changed).root
    let late = try await refusal { () throws(APIError) in try await client.update(.configMaps, changed) }
    #expect(late.isConflict && !late.isAlreadyExists)

    // What changes nothing is no new version, and what names no version is put there whatever is there.
    let same = try await client.update(.configMaps, second.value).root
    #expect(ObjectMetadata(of: same)?.resourceVersion == ObjectMetadata(of: second)?.resourceVersion)
    let blind = try await client.update(.configMaps, configMap("one", ["a": "3"])).root
    #expect(blind["data"]?.value == ["a": "3"])

    var elsewhere = configMap("two", [:])
    elsewhere["metadata"]?["namespace"] = .string("\(namespace)-missing")
    let nowhere = try await refusal { () throws(APIError) in try await client.create(.configMaps, elsewhere) }
    #expect(nowhere.isNotFound)
    let bad = try await refusal { () throws(APIError) in
      try await client.create(.configMaps, configMap("Not_A_Name", [:]))
    }
    #expect(bad.isInvalid)
  }

  func status() async throws {
    try await client.create(.serviceAccounts, serviceAccount("web"))
    var pod = try await client.create(.pods, pod("web", serviceAccount: "web")).root.value
    pod["status"] = ["phase": "Failed", "reason": "Contract"]
    let stated = try await client.updateStatus(.pods, pod).root.value
    #expect(stated["status"]?["reason"] == "Contract")
    #expect(stated["spec"]?["containers"]?[0]?["image"] == "registry.example/app:1")
    // An update of the object leaves the status alone.
    var changed = stated
    changed["status"] = ["phase": "Running"]
    changed["metadata"]?["labels"] = ["seen": "yes"]
    let updated = try await client.update(.pods, changed).root.value
    #expect(updated["status"]?["reason"] == "Contract")
    #expect(updated["metadata"]?["labels"]?["seen"] == "yes")
  }

  func deletion() async throws {
    let object = try await client.create(.configMaps, configMap("one", [:])).root
    let metadata = try #require(ObjectMetadata(of: object))
    let other = try await refusal { () throws(APIError) in
      try await client.delete(
        .configMaps,
        key("one"),
        DeletePreconditions(uid: "00000000-0000-4000-8000-ffffffffffff")
      )
    }
    #expect(other.isConflict)
    try await client.delete(.configMaps, key("one"), DeletePreconditions(uid: metadata.uid))
    #expect(try await client.find(.configMaps, key("one")) == nil)
  }

  func paths() async throws {
    let version = try JSONDocument(parsing: try await client.read("/version")).root
    #expect(version.string(of: "major") == "1")
    // Of a type of its own, which a client has to take.
    let keys = try JSONDocument(parsing: try await client.read("/openid/v1/jwks")).root
    #expect(keys["keys"]?.kind == .array)
    let missing = try await refusal { () throws(APIError) in _ = try await client.read("/amesh/nothing") }
    #expect(missing.isNotFound)
    #expect(try await client.isAllowed(AccessRequest("get", .secrets, namespace: namespace, name: "one")))
  }
}
