package import EnvoyAPI
import SwiftProtobuf

/// The server's side of one delta stream: requests and changes go in, what is to be done comes out.
///
/// - The client is told what it subscribed to and does not have, at once; then each change. Content that it was told is
///   not told again on the stream, whether it took it or not, unless it subscribes to the name again: then the protocol
///   wants it told, because the client may have forgotten it.
/// - A client that comes back names the versions that it has (`initial_resource_versions`, in the first request of a
///   type) and is told only what differs.
/// - A name that does not exist, or no longer, is told as removed, once.
/// - There is no wildcard: `*` is a name like any other.
/// - Subscriptions of a request count whatever its nonce, since they are changes, and no later request repeats them.
package struct DeltaStream: Sendable {
  package typealias Action = XDSAction<Envoy_Service_Discovery_V3_DeltaDiscoveryResponse>

  /// A version that the client brought and that is longer is none of ours.
  private static let maximumVersionBytes = 128

  private var state: StreamState

  package init(configuration: XDSServerConfiguration) { state = StreamState(configuration: configuration) }

  package mutating func receive(
    _ request: Envoy_Service_Discovery_V3_DeltaDiscoveryRequest,
    resources: some XDSResources
  ) -> [Action] {
    guard !state.isClosed else { return [] }
    var actions: [Action] = request.hasNode ? [.node(request.node)] : []
    do {
      let typeURL = try state.served(request.typeURL)
      try state.check(request.resourceNamesSubscribe)
      try state.check(request.resourceNamesUnsubscribe)
      try state.check(request.initialResourceVersions.keys)
      let known = state.index(of: typeURL)
      let index = known ?? state.addType(typeURL)
      if let nonce = state.issuedNonce(request.responseNonce) {
        let error = request.hasErrorDetail ? request.errorDetail : nil
        if let answer: Action = state.types[index].answered(nonce, error: error) { actions.append(answer) }
      }
      try subscribe(index, request, isFirst: known == nil)
      let response = try response(index, resources: resources)
      if known == nil, !request.initialResourceVersions.isEmpty {
        let brought = state.types[index].brought(request.resourceNamesSubscribe, resources: resources)
        if !brought.isEmpty { actions.append(.acknowledged(XDSReceipt(typeURL: typeURL, versions: brought))) }
      }
      if let response { actions.append(.send(response)) }
    } catch {
      actions.append(state.close(error))
    }
    return actions
  }

  /// What the stream has to say after resources have changed; also where none has.
  package mutating func resourcesChanged(_ resources: some XDSResources) -> [Action] {
    guard !state.isClosed else { return [] }
    var actions: [Action] = []
    do throws(XDSStatus) {
      for index in state.types.indices {
        if let response = try response(index, resources: resources) { actions.append(.send(response)) }
      }
    } catch {
      actions.append(state.close(error))
    }
    return actions
  }

  package func isSubscribed(to name: String, typeURL: String) -> Bool {
    state.index(of: typeURL).map { state.types[$0].isSubscribed(to: name) } ?? false
  }

  /// What the client has said it took or brought along, last of all that it was told of the name.
  package func acknowledgedVersion(of name: String, typeURL: String) -> String? {
    state.index(of: typeURL).flatMap { state.types[$0].acknowledgedVersion(of: name) }
  }

  /// Names in both lists end up subscribed.
  private mutating func subscribe(
    _ index: Int,
    _ request: Envoy_Service_Discovery_V3_DeltaDiscoveryRequest,
    isFirst: Bool
  ) throws(XDSStatus) {
    for name in request.resourceNamesUnsubscribe { state.types[index].remove(name) }
    for name in request.resourceNamesSubscribe {
      var version = isFirst ? request.initialResourceVersions[name] : nil
      if let brought = version, brought.utf8.count > Self.maximumVersionBytes { version = nil }
      state.types[index].add(name, known: version)
    }
    let count = state.types[index].subscriptions.count
    let limit = state.configuration.maximumNames
    guard count <= limit else { throw .tooManyNames(count, limit: limit) }
  }

  private mutating func response(
    _ index: Int,
    resources: some XDSResources
  ) throws(XDSStatus) -> Envoy_Service_Discovery_V3_DeltaDiscoveryResponse? {
    let nonce = state.nextNonce
    let typeURL = state.types[index].typeURL
    let news = try state.types[index].news(from: resources, nonce: nonce, tellsAbsence: true)
    guard !news.resources.isEmpty || !news.absent.isEmpty else { return nil }
    state.sent(nonce, type: index)
    return .with {
      $0.systemVersionInfo = ResponseVersion.of(news.resources)
      $0.typeURL = typeURL
      $0.nonce = String(nonce)
      $0.removedResources = news.absent
      $0.resources = news.resources.map { name, resource in
        .with {
          $0.name = name
          $0.version = resource.version
          $0.resource = resource.packed(as: typeURL)
        }
      }
      if let controlPlane = state.controlPlane { $0.controlPlane = controlPlane }
    }
  }
}
