import EnvoyAPI
import EnvoyConfig
import Foundation
import MeshResources
import SwiftProtobuf

/// What a mesh costs from the bytes of responses to the bytes of objects, in CPU time, beside what decoding the same bytes
/// costs. Run by hack/bench-xds.
///
///     xds-bench FOLDER OUTPUT     FOLDER has captured responses; into OUTPUT go those of the mesh
@main struct XDSBench {
  static let rounds = 9
  static let changes = 200

  static func main() {
    do {
      try measure()
    } catch {
      FileHandle.standardError.write(Data("xds-bench: \(error)\n".utf8))
      exit(1)
    }
  }

  private static func measure() throws {
    guard CommandLine.arguments.count == 3 else { throw BenchMesh.Unusable("usage: xds-bench FOLDER OUTPUT") }
    let output = URL(filePath: CommandLine.arguments[2])
    let mesh = try BenchMesh(captured: URL(filePath: CommandLine.arguments[1]))
    let responses: [[UInt8]] = try mesh.responses().map { try $0.serializedBytes() }
    for (name, bytes) in zip(["clusters", "endpoints", "listeners", "routes"], responses) {
      try Data(bytes).write(to: output.appending(path: "\(name).pb"))
    }

    var floors: [Double] = []
    var wholes: [Sidecar.Costs] = []
    var sidecar = Sidecar()
    // In turn, so that whatever else the machine does weighs on both.
    for _ in 0..<rounds {
      floors.append(try cpuMilliseconds { for bytes in responses { try decode(bytes) } })
      sidecar = Sidecar()
      for bytes in responses { try sidecar.take(bytes) }
      wholes.append(sidecar.costs)
    }
    tell("response_bytes", Double(responses.reduce(0) { $0 + $1.count }))
    tell("objects", Double(sidecar.values.count))
    tell("object_bytes", Double(sidecar.values.values.reduce(0) { $0 + $1 }))
    tell("floor_ms", median(floors))
    tell("whole_ms", median(wholes.map(\.whole)))
    tell("reading_ms", median(wholes.map(\.reading)))
    tell("translating_ms", median(wholes.map(\.translating)))
    tell("writing_ms", median(wholes.map(\.writing)))

    let endpoints: [[UInt8]] = try (0..<changes).map {
      let assignment = mesh.assignment($0 * 7 % BenchMesh.services, change: $0 + 1)
      return try BenchMesh.response(.endpoints, [(assignment.clusterName, assignment)]).serializedBytes()
    }
    tell("endpoint_ms", median(try endpoints.map { try sidecar.cost(of: $0) }))
    let rules: [[UInt8]] = try (0..<changes).map {
      let cluster = mesh.cluster($0 * BenchMesh.limitedPart % BenchMesh.services, allowing: 10_000 + $0)
      return try BenchMesh.response(.cluster, [(cluster.name, cluster)]).serializedBytes()
    }
    tell("rule_ms", median(try rules.map { try sidecar.cost(of: $0) }))
    let routes: [[UInt8]] = try (0..<rounds).map {
      let configuration = mesh.routes(changing: $0 * 7, to: $0)
      return try BenchMesh.response(.routes, [(configuration.name, configuration)]).serializedBytes()
    }
    tell("route_ms", median(try routes.map { try sidecar.cost(of: $0) }))
  }

  /// The floor: the same bytes as messages, and nothing done with them.
  private static func decode(_ bytes: [UInt8]) throws {
    let response = try Envoy_Service_Discovery_V3_DeltaDiscoveryResponse(serializedBytes: bytes)
    for resource in response.resources {
      let value = resource.resource.value
      switch MeshResourceType(rawValue: resource.resource.typeURL) {
      case .cluster: _ = try Envoy_Config_Cluster_V3_Cluster(serializedBytes: value)
      case .endpoints: _ = try Envoy_Config_Endpoint_V3_ClusterLoadAssignment(serializedBytes: value)
      case .listener: _ = try Envoy_Config_Listener_V3_Listener(serializedBytes: value)
      case .routes: _ = try Envoy_Config_Route_V3_RouteConfiguration(serializedBytes: value)
      case nil: throw BenchMesh.Unusable("a resource of \(resource.resource.typeURL)")
      }
    }
  }

  private static func tell(_ name: String, _ value: Double) { print(name, String(format: "%.4f", value)) }
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

func cpuMilliseconds(_ work: () throws -> Void) rethrows -> Double {
  let start = cpuNanoseconds()
  try work()
  return Double(cpuNanoseconds() - start) / 1e6
}

private func cpuNanoseconds() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}
