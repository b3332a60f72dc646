import EnvoyAPI
import KubernetesObjects
import MeshResources
import SwiftProtobuf
import XDSProtocol
import XDSTranslation

/// The way of a response through a sidecar, without the network before it and the shared memory behind it.
struct Sidecar {
  /// In milliseconds of CPU time.
  struct Costs {
    /// Decoding, references, what waits for what.
    var reading = 0.0
    var translating = 0.0
    /// Objects as JSON.
    var writing = 0.0

    var whole: Double { reading + translating + writing }
  }

  private var stream = XDSClientStream(
    configuration: XDSClientConfiguration(types: MeshResourceReader.types),
    variant: .delta,
    reader: MeshResourceReader()
  )
  private var translator = Translator()
  private(set) var costs = Costs()
  /// Key → bytes of its object.
  private(set) var values: [String: Int] = [:]
  private var lastChanged = 0

  init() { _ = stream.connected() }

  mutating func take(_ bytes: [UInt8]) throws {
    var changes: [XDSChange<MeshResource>] = []
    costs.reading += try cpuMilliseconds {
      let response = try Envoy_Service_Discovery_V3_DeltaDiscoveryResponse(serializedBytes: bytes)
      for action in stream.receive(response, now: .zero) {
        switch action {
        case .apply(let change): changes.append(change)
        case .refused(let refusal): throw BenchMesh.Unusable("refused: \(refusal)")
        case .send, .unexpected, .ready: continue
        }
      }
    }
    var news: [ObjectChanges] = []
    costs.translating += cpuMilliseconds {
      for change in changes { news.append(translator.apply(ResourceChanges(change))) }
    }
    var written: [(key: String, value: [UInt8])] = []
    costs.writing += cpuMilliseconds {
      for object in news.flatMap(\.set) {
        var writer = JSONWriter()
        writer.value(object.value)
        written.append((object.key.path, writer.bytes))
      }
    }
    for key in news.flatMap(\.removed) { values[key.path] = nil }
    for (key, value) in written { values[key] = value.count }
    lastChanged = written.count
  }

  mutating func cost(of bytes: [UInt8]) throws -> Double {
    costs = Costs()
    try take(bytes)
    guard lastChanged > 0 else { throw BenchMesh.Unusable("a change has changed no object") }
    return costs.whole
  }
}
