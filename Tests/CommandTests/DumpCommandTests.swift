import AmeshTesting
import Foundation
import KubernetesObjects
import Testing

@Suite(.timeLimit(.minutes(3)))
struct DumpCommandTests {
  private static let capture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "XDSTranslationTests/Data/shop").path

  @Test func `A capture becomes objects and findings`() async throws {
    let result = try await RunningCommand.run(["dump", "--from", Self.capture])
    #expect(result.status == 0, "\(result.error)")
    #expect(result.error.isEmpty)
    let dump = try JSONValue(parsing: Array(result.output.utf8))
    #expect(dump["objects"]?["/plugin_metadata/amesh"]?["listeners"]?.array?.isEmpty == false)
    #expect(dump["objects"]?.object?.keys.count { $0.hasPrefix("/routes/") } ?? 0 > 20)
    #expect(
      dump["objects"]?.object?.contains { $0.value["for"] == "cluster outbound|8081||cart.shop.svc.cluster.local" }
        == true
    )
    #expect(dump["findings"]?.array?.contains { $0["feature"] == "circuit-breakers" } == true)
  }

  @Test func `Findings alone are lines`() async throws {
    let result = try await RunningCommand.run(["dump", "--from", Self.capture, "--findings"])
    #expect(result.status == 0, "\(result.error)")
    let lines = """
      refused retry-limit: how many requests are tried again at a time is not limited (max_retries)
        cluster outbound|80|v1|catalog.mesh.example
        cluster outbound|80|v2|catalog.mesh.example

      """
    #expect(result.output.contains(lines))
  }

  @Test func `A resource that is none is told of, and the others are translated`() async throws {
    let folder = try TemporaryFolder()
    // A response with a cluster whose bytes are none.
    let type = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
    let any = [0x0A, UInt8(type.utf8.count)] + Array(type.utf8) + [0x12, 1, 0xFF]
    let file = try folder.write("broken.pb", Data([0x12, UInt8(any.count)] + any))
    let result = try await RunningCommand.run(["dump", "--from", file])
    #expect(result.status == 0, "\(result.error)")
    #expect(result.error.contains("broken.pb: it is no envoy.config.cluster.v3.Cluster"))
  }

  @Test func `What can't be read is said, each with its code`() async throws {
    let folder = try TemporaryFolder()
    #expect(try await RunningCommand.run(["dump", "--from", "\(folder.path)/none"]).status == 66)
    #expect(try await RunningCommand.run(["dump", "--from", folder.path]).status == 66)
    let file = try folder.write("x.pb", Data("no message".utf8))
    #expect(try await RunningCommand.run(["dump", "--from", file]).status == 65)
    #expect(try await RunningCommand.run(["dump", "--from", "http://localhost"]).status == 64)
    #expect(try await RunningCommand.run(["dump", "--from", file, "--timeout", "0"]).status == 64)
  }

  @Test func `A control plane that is not there is said`() async throws {
    // Port 1 is nobody's.
    let result = try await RunningCommand.run(["dump", "--from", "grpc://127.0.0.1:1", "--timeout", "2"])
    #expect(result.status == 69)
    #expect(result.error.contains("grpc://127.0.0.1:1: not within"))
  }
}
