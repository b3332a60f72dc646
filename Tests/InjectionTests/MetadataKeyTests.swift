import KubernetesObjects
import Testing

@testable import Injection

struct MetadataKeyTests {
  @Test(arguments: MetadataKey.allCases)
  func `A key's JSON Pointer leads to its name`(_ key: MetadataKey) throws {
    let isLabel = key == .canonicalName || key == .canonicalRevision
    let parent = isLabel ? MetadataPointers.labels : MetadataPointers.annotations
    #expect(key.pointer == "\(parent)/\(JSONPointer.escape(key.name))")
  }
}
