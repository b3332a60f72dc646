import AmeshTesting
import EnvoyConfig
import Foundation
import KubernetesObjects
import MeshResources
import SwiftProtobuf
import Testing
import XDSProtocol

@testable import XDSTranslation

@Suite struct `Whatever a control plane sends` {
  private static let rounds = 60

  /// What an istiod has sent, and the cases of the table of features.
  private static func originals() throws -> [Google_Protobuf_Any] {
    let folder = GoldenFolder(beside: #filePath, named: "Golden/features")
    let cases = try Feature.allCases.map { try FeatureCase(folder.input($0.rawValue)).changes }
    return try ([Fixtures.shop()] + cases).flatMap { try packed($0) }
  }

  private static func packed(_ changes: ResourceChanges) throws -> [Google_Protobuf_Any] {
    try changes.clusters.set.map { try Google_Protobuf_Any(message: $0) }
      + changes.endpoints.set.map { try Google_Protobuf_Any(message: $0) }
      + changes.routes.set.map { try Google_Protobuf_Any(message: $0) }
      + changes.listeners.set.map { try Google_Protobuf_Any(message: $0) }
  }

  @Test(arguments: 0..<40)
  func `the translation keeps its promises`(seed: Int) throws {
    let originals = try Self.originals()
    var mutator = MessageMutator(random: SeededRandom(seed: UInt64(seed)))
    var invariants = TranslationInvariants(schemas: try APISIXSchemas())
    for resource in try Self.packed(Fixtures.shop()) { _ = try invariants.take(resource) }
    var read = 0
    for round in 0..<Self.rounds {
      guard var resource = originals.randomElement(using: &mutator.random) else { return }
      let name = try MeshResourceReader().read(resource).name
      if round % 9 == 8, let type = MeshResourceType(rawValue: resource.typeURL) {
        try invariants.remove(name, of: type)
        continue
      }
      for _ in 0..<Int.random(in: 1...3, using: &mutator.random) {
        resource.value = Data(mutator.mutated(Array(resource.value)))
      }
      if try invariants.take(resource) { read += 1 }
      if round % 20 == 19 { try invariants.checkWhole() }
    }
    // Where nothing can be read, nothing is tried.
    #expect(read > Self.rounds / 4)
  }
}
