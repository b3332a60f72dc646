import EnvoyAPI
import SwiftProtobuf
import XDSProtocol

struct StateOfTheWorldModel: ConvergenceModel {
  var world = World(contents: ["a": "1", "b": "2"])
  var client = ModelClient()
  private var stream = StateOfTheWorldStream(configuration: Fixture.configuration)
  private var toServer: [Envoy_Service_Discovery_V3_DiscoveryRequest] = []
  private var toClient: [Envoy_Service_Discovery_V3_DiscoveryResponse] = []
  /// Of the last response that the client has seen.
  private var nonce = ""

  var isBusy: Bool { !toServer.isEmpty || !toClient.isEmpty }
  var forgetsWhatIsGone: Bool { false }

  mutating func want(_ names: Set<String>) {
    client.wanted = names
    client.held = client.held.filter { names.contains($0.key) }
    send(error: nil)
  }

  mutating func hear() { handle(stream.resourcesChanged(world)) }

  mutating func deliverToServer() {
    guard !toServer.isEmpty else { return }
    let request = toServer.removeFirst()
    client.told = client.told.filter { request.resourceNames.contains($0.key) }
    handle(stream.receive(request, resources: world))
  }

  mutating func deliverToClient() {
    guard !toClient.isEmpty else { return }
    let response = toClient.removeFirst()
    nonce = response.nonce
    let hasBad = client.take(response.resources.map(Self.read))
    send(error: hasBad ? "bad" : nil)
  }

  mutating func reconnect() {
    stream = StateOfTheWorldStream(configuration: Fixture.configuration)
    toServer = []
    toClient = []
    nonce = ""
    client.told = [:]
    send(error: nil)
  }

  private mutating func send(error: String?) {
    toServer.append(
      .with {
        $0.typeURL = Fixture.secret
        $0.resourceNames = client.wanted.sorted()
        $0.responseNonce = nonce
        if let error { $0.errorDetail.message = error }
      }
    )
  }

  private mutating func handle(_ actions: [StateOfTheWorldStream.Action]) {
    for case .send(let response) in actions {
      for resource in response.resources.map(Self.read) { client.isTold(resource.name, resource.version) }
      toClient.append(response)
    }
  }

  /// The bytes of `World` are "name=version".
  private static func read(_ resource: Google_Protobuf_Any) -> (name: String, version: String) {
    let parts = String(decoding: resource.value, as: UTF8.self).split(separator: "=").map(String.init)
    return (parts.first ?? "", parts.last ?? "")
  }
}
