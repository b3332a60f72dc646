import AmeshTesting
import EnvoyAPI
import Foundation
import MeshResources
import SwiftProtobuf
import XDSProtocol

/// libFuzzer's entry: a discovery response of resources of any type, which come into use one after the other, on top of
/// what an istiod has sent; see ``TranslationInvariants``.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzTranslation(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  guard let response = try? Envoy_Service_Discovery_V3_DiscoveryResponse(serializedBytes: bytes) else { return 0 }
  do {
    var invariants = captured
    for resource in response.resources.prefix(64) { _ = try invariants.take(resource) }
    try invariants.checkWhole()
    for resource in response.resources.prefix(8) {
      guard let type = MeshResourceType(rawValue: resource.typeURL) else { continue }
      let name = (try? MeshResourceReader().read(resource))?.name
      if let name { try invariants.remove(name, of: type) }
    }
    try invariants.checkWhole()
  } catch {
    fatalError("\(error)")
  }
  return 0
}

/// Bytes alone would hardly ever be a message again: fields are changed, at any depth.
@_cdecl("LLVMFuzzerCustomMutator")
package func mutateResponse(
  _ start: UnsafeMutablePointer<UInt8>?,
  _ count: Int,
  _ maximum: Int,
  _ seed: CUnsignedInt
) -> Int {
  let bytes = UnsafeMutableBufferPointer(start: start, count: max(count, maximum))
  var mutator = MessageMutator(random: SeededRandom(seed: UInt64(seed)))
  let mutated = mutator.mutated(Array(bytes.prefix(count)))
  guard mutated.count <= maximum else { return count }
  _ = bytes.update(fromContentsOf: mutated)
  return mutated.count
}

private let captured: TranslationInvariants = {
  do {
    var invariants = TranslationInvariants(schemas: try APISIXSchemas())
    for name in ["Cluster", "ClusterLoadAssignment", "RouteConfiguration", "Listener"] {
      let bytes = try Data(contentsOf: Fixtures.directory.appending(path: "shop/\(name).pb"))
      let response = try Envoy_Service_Discovery_V3_DiscoveryResponse(serializedBytes: bytes)
      for resource in response.resources { _ = try invariants.take(resource) }
    }
    return invariants
  } catch {
    fatalError("what was captured can't be used: \(error)")
  }
}()

/// Where the schemas and captured responses are.
enum Fixtures {
  static let directory = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../Tests/XDSTranslationTests/Data")
}
