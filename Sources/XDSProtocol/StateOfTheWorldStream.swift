package import EnvoyAPI
import SwiftProtobuf

/// The server's side of one state-of-the-world stream: requests and changes go in, what is to be done comes out.
///
/// - The client is told what it asked for and does not have, at once; then each change. Content that it was told is not
///   told again on the stream, whether it took it or not, unless it gave the name up and asked anew.
/// - No names are no subscription: the types served here have no wildcard (xDS protocol, "How the client specifies what
///   resources to return"); `*` is a name like any other.
/// - A request with an old nonce is not answered: the client names all that it wants again in its answer to the newest
///   response. Names that it leaves out are given up all the same, since the client may have dropped them before it
///   asks for them anew. A request without a nonce counts in full, whenever it comes.
/// - A resource that is gone is not mentioned, as the protocol has it for types that are asked for by name.
/// - Responses are not held back until earlier ones are answered; who writes them to the client waits for it, and asks
///   for changes when it is ready for them.
package struct StateOfTheWorldStream: Sendable {
  package typealias Action = XDSAction<Envoy_Service_Discovery_V3_DiscoveryResponse>

  private var state: StreamState

  package init(configuration: XDSServerConfiguration) { state = StreamState(configuration: configuration) }

  package mutating func receive(
    _ request: Envoy_Service_Discovery_V3_DiscoveryRequest,
    resources: some XDSResources
  ) -> [Action] {
    guard !state.isClosed else { return [] }
    var actions: [Action] = request.hasNode ? [.node(request.node)] : []
    do {
      let typeURL = try state.served(request.typeURL)
      try state.check(request.resourceNames)
      let known = state.index(of: typeURL)
      let index = known ?? state.addType(typeURL)
      if known != nil, !request.responseNonce.isEmpty {
        let nonce = state.issuedNonce(request.responseNonce)
        let error = request.hasErrorDetail ? request.errorDetail : nil
        if let nonce, let answer: Action = state.types[index].answered(nonce, error: error) { actions.append(answer) }
        guard nonce == state.types[index].lastNonce else {
          state.types[index].keep(request.resourceNames)
          return actions
        }
      }
      state.types[index].set(request.resourceNames)
      if let response = try response(index, resources: resources) { actions.append(.send(response)) }
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

  /// What the client has said it took, last of all that it was told of the name.
  package func acknowledgedVersion(of name: String, typeURL: String) -> String? {
    state.index(of: typeURL).flatMap { state.types[$0].acknowledgedVersion(of: name) }
  }

  private mutating func response(
    _ index: Int,
    resources: some XDSResources
  ) throws(XDSStatus) -> Envoy_Service_Discovery_V3_DiscoveryResponse? {
    let nonce = state.nextNonce
    let typeURL = state.types[index].typeURL
    let news = try state.types[index].news(from: resources, nonce: nonce, tellsAbsence: false).resources
    guard !news.isEmpty else { return nil }
    state.sent(nonce, type: index)
    return .with {
      $0.versionInfo = ResponseVersion.of(news)
      $0.resources = news.map { $0.resource.packed(as: typeURL) }
      $0.typeURL = typeURL
      $0.nonce = String(nonce)
      if let controlPlane = state.controlPlane { $0.controlPlane = controlPlane }
    }
  }
}
