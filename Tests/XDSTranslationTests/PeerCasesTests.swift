import AmeshTesting
import EnvoyAPI
import Foundation
import KubernetesObjects
import SwiftProtobuf
import Testing

@testable import XDSTranslation

private let folderOfCases = ProcessInfo.processInfo.environment["AMESH_TRANSLATION_CASES"].map { URL(filePath: $0) }

/// Meshes and requests for a real Envoy, beside what APISIX would choose by our objects; hack/check-translation asks for
/// them and compares.
@Suite(.enabled(if: folderOfCases != nil)) struct `Cases for peers` {
  @Test(arguments: 0..<40)
  func `are written for a peer`(seed: Int) throws {
    let folder = try #require(folderOfCases).appending(path: "mesh-\(seed)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var mesh = RandomMesh(random: SeededRandom(seed: UInt64(5000 + seed)))
    let resources = mesh.mesh()
    try write(resources.listeners.set, to: folder.appending(path: "listeners.pb"))
    try write(resources.routes.set, to: folder.appending(path: "routes.pb"))
    try write(resources.clusters.set, to: folder.appending(path: "clusters.pb"))
    var apisix = APISIXReference(Translator(resources).objects)
    let requests: [JSONValue] = (0..<200).map { _ in
      let request = mesh.request()
      let arrivals = apisix.arrivals(of: request).map { destination, arrival -> JSONValue in
        var item: JSONObject = [
          "choice": destination.json, "target": .string(arrival.target), "host": .string(arrival.host),
          "added": .string(arrival.added),
        ]
        item["location"] = arrival.location.map { .string($0) }
        return .object(item)
      }
      return [
        "request": request.json, "choice": apisix.destination(of: request).json, "arrivals": .array(arrivals),
      ]
    }
    try Data(JSONValue.array(requests).serialized()).write(to: folder.appending(path: "requests.json"))
  }

  private func write(_ messages: [some Message], to file: URL) throws {
    let response = try Envoy_Service_Discovery_V3_DiscoveryResponse.with {
      $0.versionInfo = "1"
      $0.resources = try messages.map { try Google_Protobuf_Any(message: $0) }
    }
    let bytes: Data = try response.serializedBytes()
    try bytes.write(to: file)
  }
}

extension TestRequest {
  fileprivate var json: JSONValue {
    var headers = JSONObject()
    for (name, value) in self.headers.sorted(by: { $0.key < $1.key }) { headers[name] = .string(value) }
    return [
      "address": .string(address), "port": .number(JSONNumber(port)), "method": .string(method),
      "authority": .string(authority), "target": .string(target), "headers": .object(headers),
    ]
  }
}

extension Destination {
  /// Names of clusters, or a status; nothing is a status that nobody answers.
  fileprivate var json: JSONValue {
    switch self {
    case .cluster(let name): [.string(name)]
    case .split(let names): .array(names.sorted().map { .string($0) })
    case .status(let status): .number(JSONNumber(status))
    case .nothing: .number(JSONNumber(0))
    }
  }
}
