package import EnvoyAPI
import SwiftProtobuf

/// The client's side of workload discovery: who is behind the addresses that are sent to. What is known stays while there
/// is no stream. A value.
package struct PeerState: Sendable {
  package typealias Request = Envoy_Service_Discovery_V3_DeltaDiscoveryRequest
  package typealias Response = Envoy_Service_Discovery_V3_DeltaDiscoveryResponse

  /// A server takes messages of 64 KiB; a name has at most 45 bytes.
  private static let namesPerRequest = 1000
  private static let typeURL = "type.googleapis.com/\(Amesh_Workload_V1_Workload.protoMessageName)"

  private var wanted: Set<String> = []
  private var asked: Set<String>?
  private var known: [String: PeerStanding] = [:]

  package init() {}

  package func standing(_ address: String) -> PeerStanding { known[address] ?? .unknown }

  package var isConnected: Bool { asked != nil }
  package var wantedCount: Int { wanted.count }
  package var peerCount: Int { known.values.count { if case .peer = $0 { true } else { false } } }
  package var unknownCount: Int { wanted.count { known[$0] == nil } }

  // MARK: What is asked

  package mutating func connected() -> [Request] {
    asked = []
    return requests()
  }

  package mutating func disconnected() { asked = nil }

  /// - Returns: what is to be said on the stream, if there is one.
  package mutating func want(_ addresses: Set<String>) -> [Request] {
    wanted = addresses
    known = known.filter { addresses.contains($0.key) }
    return asked == nil ? [] : requests()
  }

  private mutating func requests() -> [Request] {
    let before = asked ?? []
    asked = wanted
    var subscribe = wanted.subtracting(before).sorted()[...]
    var unsubscribe = before.subtracting(wanted).sorted()[...]
    var requests: [Request] = []
    while !subscribe.isEmpty || !unsubscribe.isEmpty {
      let given = unsubscribe.prefix(Self.namesPerRequest)
      let new = subscribe.prefix(Self.namesPerRequest - given.count)
      requests.append(
        .with {
          $0.typeURL = Self.typeURL
          $0.resourceNamesSubscribe = Array(new)
          $0.resourceNamesUnsubscribe = Array(given)
        }
      )
      unsubscribe = unsubscribe.dropFirst(given.count)
      subscribe = subscribe.dropFirst(new.count)
    }
    return requests
  }

  // MARK: What comes

  /// - Returns: the answer, and what is known now that was not known before.
  package mutating func receive(_ response: Response) -> (answer: Request, changed: [String: PeerStanding]) {
    var changed: [String: PeerStanding] = [:]
    var faulty: [String] = []
    for resource in response.resources where wanted.contains(resource.name) {
      let message = try? Amesh_Workload_V1_Workload(serializedBytes: resource.resource.value)
      if let peer = message.flatMap({ Peer($0) }) {
        if known.updateValue(.peer(peer), forKey: resource.name) != .peer(peer) { changed[resource.name] = .peer(peer) }
      } else {
        faulty.append(resource.name)
      }
    }
    for name in response.removedResources where wanted.contains(name) {
      if known.updateValue(.outside, forKey: name) != .outside { changed[name] = .outside }
    }
    let answer = Request.with {
      $0.typeURL = Self.typeURL
      $0.responseNonce = response.nonce
      guard !faulty.isEmpty else { return }
      $0.errorDetail.code = 3
      $0.errorDetail.message = "no workload that can be used: \(faulty.prefix(10).joined(separator: " "))"
    }
    return (answer, changed)
  }
}
