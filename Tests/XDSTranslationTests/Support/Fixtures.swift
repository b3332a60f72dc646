import EnvoyAPI
import EnvoyConfig
import Foundation
import KubernetesObjects
import SwiftProtobuf

@testable import XDSTranslation

/// What an istiod has really sent.
enum Fixtures {
  static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Data")

  static func resources<M: Message>(_ type: M.Type, mesh: String = "shop") throws -> [M] {
    let name = M.protoMessageName.split(separator: ".").last.map(String.init) ?? ""
    let bytes = try Data(contentsOf: directory.appending(path: "\(mesh)/\(name).pb"))
    return try Envoy_Service_Discovery_V3_DiscoveryResponse(serializedBytes: bytes).resources
      .map { try M(unpackingAny: $0) }
  }

  static func shop() throws -> ResourceChanges {
    var changes = ResourceChanges()
    changes.listeners.set = try resources(Envoy_Config_Listener_V3_Listener.self)
    changes.routes.set = try resources(Envoy_Config_Route_V3_RouteConfiguration.self)
    changes.clusters.set = try resources(Envoy_Config_Cluster_V3_Cluster.self)
    changes.endpoints.set = try resources(Envoy_Config_Endpoint_V3_ClusterLoadAssignment.self)
    return changes
  }
}

extension Translator {
  init(_ changes: ResourceChanges) {
    self.init()
    _ = apply(changes)
  }

  /// Objects and findings, for golden files.
  var golden: JSONValue {
    var objects = JSONObject()
    for object in self.objects { objects[object.key.path] = object.value }
    return [
      "objects": .object(objects),
      "findings": .array(
        findings.map {
          [
            "feature": .string($0.feature.rawValue),
            "treatment": .string($0.feature.row.treatment.rawValue),
            "message": .string($0.message),
            "count": .number(JSONNumber($0.count)),
            "resources": .array($0.resources.map { .string($0) }),
          ]
        }
      ),
    ]
  }

  /// The only object of its kind that has this origin.
  func object(_ kind: APISIXObject.Kind, origin: String) -> JSONValue? {
    let found = objects.filter { $0.key.kind == kind && $0.origin.hasPrefix(origin) }
    return found.count == 1 ? found.first?.value : nil
  }
}
