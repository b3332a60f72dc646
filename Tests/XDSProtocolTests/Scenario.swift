import EnvoyAPI
import FoundationEssentials
import SwiftProtobuf
import Testing
import XDSProtocol

/// What happens on a stream, step by step, and what has to be done after each step, in short words.
struct Scenario<Event: Sendable>: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let steps: [(event: Event, expected: [String])]

  init(_ testDescription: String, _ steps: (Event, [String])...) {
    self.testDescription = testDescription
    self.steps = steps.map { (event: $0.0, expected: $0.1) }
  }
}

enum Fixture {
  static let secret = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
  static let other = "type.googleapis.com/amesh.test.Other"

  static let configuration = XDSServerConfiguration(
    typeURLs: [secret, other],
    maximumNames: 4,
    maximumNameBytes: 16
  )
}

/// Name → content, the same for both types but for the first letter of the content: `a: "1"` is s1 for secrets and o1
/// for the other type. Two contents say that there is no content: "?" pending, "!" refused.
struct World: XDSResources, Equatable {
  var contents: [String: String]

  func lookUp(_ name: String, typeURL: String) -> XDSLookup {
    guard let content = contents[name] else { return .absent }
    switch content {
    case "?": return .pending
    case "!": return .refused
    default:
      let text = (typeURL == Fixture.secret ? "s" : "o") + content
      return .found(XDSResource(version: text, bytes: Data("\(name)=\(text)".utf8)))
    }
  }
}

// MARK: - Actions in short words

extension XDSAction where Response == Envoy_Service_Discovery_V3_DiscoveryResponse {
  var short: String {
    shortened {
      "\($0.nonce): \($0.resources.map { String(decoding: $0.value, as: UTF8.self) }.joined(separator: " "))"
    }
  }
}

extension XDSAction where Response == Envoy_Service_Discovery_V3_DeltaDiscoveryResponse {
  var short: String {
    shortened { response in
      let resources = response.resources.map { "\($0.name)=\($0.version)" }
      let removed = response.removedResources.map { "-\($0)" }
      return "\(response.nonce): \((resources + removed).joined(separator: " "))"
    }
  }
}

extension XDSAction {
  func shortened(_ response: (Response) -> String) -> String {
    switch self {
    case .node(let node): "node \(node.id)"
    case .acknowledged(let receipt): "ack \(receipt.versions.short)"
    case .rejected(let rejection): "nack \(rejection.versions.short) \(rejection.code) \(rejection.message)"
    case .send(let sent): "send \(response(sent))"
    case .close(let status): "close \(status.code)"
    }
  }
}

extension [String: String] {
  var short: String { sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ") }
}
