import EnvoyAPI
import SwiftProtobuf
import XDSProtocol

struct DeltaModel: ConvergenceModel {
  var world = World(contents: ["a": "1", "b": "2"])
  var client = ModelClient()
  private var stream = DeltaStream(configuration: Fixture.configuration)
  private var toServer: [Envoy_Service_Discovery_V3_DeltaDiscoveryRequest] = []
  private var toClient: [Envoy_Service_Discovery_V3_DeltaDiscoveryResponse] = []

  var isBusy: Bool { !toServer.isEmpty || !toClient.isEmpty }
  var forgetsWhatIsGone: Bool { true }

  mutating func want(_ names: Set<String>) {
    let added = names.subtracting(client.wanted)
    let removed = client.wanted.subtracting(names)
    client.wanted = names
    client.held = client.held.filter { names.contains($0.key) }
    send {
      $0.resourceNamesSubscribe = added.sorted()
      $0.resourceNamesUnsubscribe = removed.sorted()
    }
  }

  mutating func hear() { handle(stream.resourcesChanged(world)) }

  mutating func deliverToServer() {
    guard !toServer.isEmpty else { return }
    let request = toServer.removeFirst()
    for name in request.resourceNamesUnsubscribe { client.told[name] = nil }
    for name in request.resourceNamesSubscribe { client.told[name] = request.initialResourceVersions[name] }
    handle(stream.receive(request, resources: world))
  }

  mutating func deliverToClient() {
    guard !toClient.isEmpty else { return }
    let response = toClient.removeFirst()
    for name in response.removedResources where client.wanted.contains(name) { client.held[name] = nil }
    let hasBad = client.take(response.resources.map { ($0.name, $0.version) })
    send {
      $0.responseNonce = response.nonce
      if hasBad { $0.errorDetail.message = "bad" }
    }
  }

  mutating func reconnect() {
    stream = DeltaStream(configuration: Fixture.configuration)
    toServer = []
    toClient = []
    client.told = [:]
    send { [client] in
      $0.resourceNamesSubscribe = client.wanted.sorted()
      $0.initialResourceVersions = client.held
    }
  }

  private mutating func send(_ fill: (inout Envoy_Service_Discovery_V3_DeltaDiscoveryRequest) -> Void) {
    var request = Envoy_Service_Discovery_V3_DeltaDiscoveryRequest()
    request.typeURL = Fixture.secret
    fill(&request)
    toServer.append(request)
  }

  private mutating func handle(_ actions: [DeltaStream.Action]) {
    for case .send(let response) in actions {
      for resource in response.resources { client.isTold(resource.name, resource.version) }
      for name in response.removedResources { client.isTold(name, "gone") }
      toClient.append(response)
    }
  }
}
