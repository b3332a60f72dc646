import EnvoyAPI
import FoundationEssentials
import SwiftProtobuf
import XDSProtocol

/// Resources as words: `c1(e1,e2)=7` is named c1, references e1 and e2 and has the content 7. The first letter of a name
/// is its type, from e (endpoints) over c (clusters) and r (routes) to l (listeners).
enum ClientFixture {
  static let letters = ["e", "c", "r", "l"]

  static func typeURL(_ letter: String) -> String { "type.googleapis.com/amesh.test.\(letter.uppercased())" }

  static func configuration(maximumResources: Int = 100) -> XDSClientConfiguration {
    XDSClientConfiguration(
      types: letters.map { XDSClientType(typeURL: typeURL($0), isWildcard: $0 == "c" || $0 == "l") },
      node: .with { $0.id = "me" },
      maximumResources: maximumResources,
      maximumNameBytes: 16
    )
  }

  static func stream(
    _ variant: XDSClientStream<WordReader>.Variant,
    maximumResources: Int = 100
  ) -> XDSClientStream<WordReader> {
    XDSClientStream(
      configuration: configuration(maximumResources: maximumResources),
      variant: variant,
      reader: WordReader()
    )
  }

  static func packed(_ word: String, as letter: String) -> Google_Protobuf_Any {
    .with {
      $0.typeURL = typeURL(letter)
      $0.value = Data(word.utf8)
    }
  }

  static func name(_ word: String) -> String { String(word.prefix { $0 != "(" && $0 != "=" }) }
}

/// `bad` is a content that can't be used; a word that begins with `?` has not even a name.
struct WordReader: XDSResourceReader {
  func read(_ resource: Google_Protobuf_Any) throws(XDSResourceProblem) -> XDSReading<String> {
    let word = String(decoding: resource.value, as: UTF8.self)
    guard !word.hasPrefix("?") else { throw XDSResourceProblem(reason: "not a word") }
    let name = ClientFixture.name(word)
    guard !word.hasSuffix("=bad") else { throw XDSResourceProblem(name: name, reason: "it is bad") }
    var references: [XDSReference] = []
    if let open = word.firstIndex(of: "("), let close = word.firstIndex(of: ")") {
      references = word[word.index(after: open)..<close].split(separator: ",").map { name in
        XDSReference(typeURL: ClientFixture.typeURL(String(name.prefix(1))), name: String(name))
      }
    }
    return XDSReading(name: name, references: references, content: word)
  }
}

// MARK: - Actions in short words

extension XDSClientAction<String> {
  var short: String {
    switch self {
    case .send(.delta(let request)): request.short
    case .send(.stateOfTheWorld(let request)): request.short
    case .apply(let change):
      (change.settings.map { "+\($0.content)" } + change.removals.map { "-\($0.name)" }).joined(separator: " ")
    case .refused(let refusal): "refused \(refusal.resource.name)@\(refusal.version)"
    case .unexpected(let typeURL): "unexpected \(typeURL)"
    case .ready: "ready"
    }
  }
}

extension Envoy_Service_Discovery_V3_DeltaDiscoveryRequest {
  fileprivate var short: String {
    var words = [typeURL.suffix(1).lowercased()]
    if hasNode { words.append("node=\(node.id)") }
    words += resourceNamesSubscribe.map { "+\($0)" } + resourceNamesUnsubscribe.map { "-\($0)" }
    if !initialResourceVersions.isEmpty { words.append("has \(initialResourceVersions.short)") }
    if !responseNonce.isEmpty { words.append(hasErrorDetail ? "nack" : "ack") }
    if !responseNonce.isEmpty { words.append(responseNonce) }
    if hasErrorDetail { words.append(errorDetail.message) }
    return words.joined(separator: " ")
  }
}

extension Envoy_Service_Discovery_V3_DiscoveryRequest {
  fileprivate var short: String {
    var words = [typeURL.suffix(1).lowercased()]
    if hasNode { words.append("node=\(node.id)") }
    words += resourceNames
    if !responseNonce.isEmpty { words.append("\(hasErrorDetail ? "nack" : "ack") \(responseNonce)") }
    if !versionInfo.isEmpty { words.append("v\(versionInfo)") }
    if hasErrorDetail { words.append(errorDetail.message) }
    return words.joined(separator: " ")
  }
}
