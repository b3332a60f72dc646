import EnvoyAPI
import SecretDiscovery
import SwiftProtobuf
import XDSProtocol

/// What holds on an SDS stream whatever a client sends. Shared with the fuzzer of discovery requests.
///
/// The first byte chooses the protocol. Then come steps: two bytes give the length of a message, which follows; the
/// length 65,535 is a change of what there is to have.
enum DiscoveryInvariants {
  struct Violation: Error, CustomStringConvertible {
    let description: String
  }

  private static let caller = SecretCaller(identity: "spiffe://td/ns/shop/sa/cart", trustDomain: "td")
  private static let configuration = XDSServerConfiguration(typeURLs: [secretTypeURL], maximumNames: 8)
  private static let change = 0xFFFF

  static func check(_ bytes: [UInt8]) throws {
    guard let choice = bytes.first else { return }
    if choice % 2 == 0 {
      try check(StateOfTheWorldStream(configuration: configuration), bytes.dropFirst())
    } else {
      try check(DeltaStream(configuration: configuration), bytes.dropFirst())
    }
  }

  private static func check<Stream: FuzzedStream>(_ start: Stream, _ bytes: ArraySlice<UInt8>) throws {
    var (stream, rest, state, lastNonce, isClosed) = (start, bytes, 0, UInt64(0), false)
    while let high = rest.popFirst(), let low = rest.popFirst() {
      let length = Int(high) << 8 | Int(low)
      let actions: [XDSAction<Stream.Response>]
      if length == change {
        state += 1
        actions = stream.resourcesChanged(secrets(state))
      } else {
        let message = rest.prefix(length)
        rest = rest.dropFirst(length)
        guard let request = try? Stream.Request(serializedBytes: Array(message)) else { continue }
        actions = stream.receive(request, resources: secrets(state))
      }
      try require(!isClosed || actions.isEmpty, "something is done on a stream that is closed")
      for action in actions {
        try require(!isClosed, "something is done after the end")
        switch action {
        case .node(let node):
          if let request = try? NodeRequest(node).signingRequest {
            try require(request.utf8.count <= NodeRequest.maximumSigningRequestBytes, "a request is too long")
          }
        case .send(let response):
          let (nonce, resources) = Stream.content(response)
          try require(nonce > lastNonce, "a nonce comes again")
          lastNonce = nonce
          try check(resources, stream)
        case .close: isClosed = true
        case .acknowledged(let receipt): try require(!receipt.versions.isEmpty, "nothing was acknowledged")
        case .rejected(let rejection): try require(rejection.message.utf8.count <= 1100, "a message is too long")
        }
      }
      if !isClosed { try require(stream.resourcesChanged(secrets(state)).isEmpty, "the same is said again") }
    }
  }

  /// Only what was asked for, and only what is the caller's.
  private static func check(_ resources: [Google_Protobuf_Any], _ stream: some FuzzedStream) throws {
    for resource in resources {
      try require(resource.typeURL == secretTypeURL, "a resource of another type")
      let secret = try Envoy_Extensions_TransportSockets_Tls_V3_Secret(serializedBytes: resource.value)
      try require(stream.isSubscribed(to: secret.name, typeURL: secretTypeURL), "a resource that nobody asked for")
      let isOwn = secret.name == "default" || secret.name == caller.identity
      try require(secret.tlsCertificate.privateKey.inlineBytes.isEmpty || isOwn, "a key under another name")
    }
  }

  /// Nothing of its own at first, then ever new certificates, and a new bundle every other time.
  private static func secrets(_ state: Int) -> CallerSecrets {
    CallerSecrets(
      caller: caller,
      certificate: state == 0 ? nil : WorkloadCertificate(chain: "CHAIN \(state)", privateKey: "KEY \(state)"),
      bundles: BundleSecrets(bundles: ["td": "ROOTS \(state / 2)", "other": "OTHER ROOTS"])
    )
  }

  private static func require(_ holds: Bool, _ problem: String) throws {
    guard holds else { throw Violation(description: problem) }
  }
}

protocol FuzzedStream {
  associatedtype Request: Message
  associatedtype Response: Sendable & Equatable

  mutating func receive(_ request: Request, resources: some XDSResources) -> [XDSAction<Response>]
  mutating func resourcesChanged(_ resources: some XDSResources) -> [XDSAction<Response>]
  func isSubscribed(to name: String, typeURL: String) -> Bool
  static func content(_ response: Response) -> (nonce: UInt64, resources: [Google_Protobuf_Any])
}

extension StateOfTheWorldStream: FuzzedStream {
  static func content(
    _ response: Envoy_Service_Discovery_V3_DiscoveryResponse
  ) -> (nonce: UInt64, resources: [Google_Protobuf_Any]) {
    (UInt64(response.nonce) ?? 0, response.resources)
  }
}

extension DeltaStream: FuzzedStream {
  static func content(
    _ response: Envoy_Service_Discovery_V3_DeltaDiscoveryResponse
  ) -> (nonce: UInt64, resources: [Google_Protobuf_Any]) {
    (UInt64(response.nonce) ?? 0, response.resources.map(\.resource))
  }
}
