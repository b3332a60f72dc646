import AmeshTesting
import EnvoyAPI
import EnvoyConfig
import Foundation
import MeshResources
import SwiftProtobuf
import Testing
import XDSProtocol

@testable import XDSTranslation

@Suite struct `A stream of responses that are not as they should be` {
  private typealias Response = Envoy_Service_Discovery_V3_DeltaDiscoveryResponse

  @Test(arguments: 0..<25)
  func `is answered each time, and made up for by good ones`(seed: Int) throws {
    var mutator = MessageMutator(random: SeededRandom(seed: UInt64(seed)))
    let good = try Self.responses()
    var client = Client()
    var named: [String: Set<String>] = [:]
    for round in 0..<40 {
      let bytes: [UInt8] = try (good.randomElement(using: &mutator.random) ?? Response()).serializedBytes()
      guard let response = try? Response(serializedBytes: mutator.mutated(bytes)) else { continue }
      named[response.typeURL, default: []].formUnion(response.resources.map(\.name))
      client.take(response)
      if round % 7 == 6 { client.reconnect() }
      if round % 5 == 4 { client.pass(.seconds(3)) }
    }
    #expect(client.unanswered == [])

    client.reconnect()
    for var response in good {
      // Under other versions; what was never there is taken back.
      for index in response.resources.indices { response.resources[index].version = "good" }
      let wanted = Set(response.resources.map(\.name))
      response.removedResources = (named[response.typeURL] ?? []).subtracting(wanted).sorted()
      client.take(response)
    }
    client.pass(.seconds(20))
    client.pass(.seconds(20))
    let expected = Translator(try Fixtures.shop())
    let (wanted, found) = (Set(expected.objects), Set(client.translator.objects))
    #expect(wanted.symmetricDifference(found).map(\.key.path) == [])
  }

  private static func responses() throws -> [Response] {
    let shop = try Fixtures.shop()
    return try [
      response(.cluster, shop.clusters.set.map { ($0.name, $0) }),
      response(.endpoints, shop.endpoints.set.map { ($0.clusterName, $0) }),
      response(.listener, shop.listeners.set.map { ($0.name, $0) }),
      response(.routes, shop.routes.set.map { ($0.name, $0) }),
    ]
  }

  private static func response(_ type: MeshResourceType, _ resources: [(String, any Message)]) throws -> Response {
    try .with {
      $0.typeURL = type.rawValue
      $0.nonce = "1"
      $0.resources = try resources.map { name, message in
        let bytes: Data = try message.serializedBytes()
        return .with {
          $0.name = name
          $0.version = "1"
          $0.resource.typeURL = type.rawValue
          $0.resource.value = bytes
        }
      }
    }
  }
}

/// A sidecar without a network.
private struct Client {
  private var stream = XDSClientStream(
    configuration: XDSClientConfiguration(types: MeshResourceReader.types),
    variant: .delta,
    reader: MeshResourceReader()
  )
  private(set) var translator = Translator()
  private(set) var unanswered: [String] = []
  private var now = Duration.zero

  init() { perform(stream.connected()) }

  mutating func take(_ response: Envoy_Service_Discovery_V3_DeltaDiscoveryResponse) {
    let actions = stream.receive(response, now: now)
    let answers = actions.count {
      if case .send(.delta(let request)) = $0 {
        request.typeURL == response.typeURL && (request.responseNonce == response.nonce || request.hasErrorDetail)
      } else {
        false
      }
    }
    let isKnown = MeshResourceType(rawValue: response.typeURL) != nil
    if answers < (isKnown ? 1 : 0) { unanswered.append(response.typeURL) }
    perform(actions)
  }

  mutating func reconnect() {
    stream.disconnected()
    perform(stream.connected())
  }

  mutating func pass(_ time: Duration) {
    now += time
    perform(stream.tick(now: now))
  }

  private mutating func perform(_ actions: [XDSClientAction<MeshResource>]) {
    for case .apply(let change) in actions { _ = translator.apply(ResourceChanges(change)) }
  }
}
