import EnvoyAPI
import EnvoyServices
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import PluginConfiguration
import SwiftProtobuf
import Testing

@Suite(.timeLimit(.minutes(1)))
struct PluginAcknowledgementTests {
  private typealias Acknowledgement = Ai_Api7_Amesh_Proto_V1_PluginsAcknowledgement

  private static let key = PluginConfigKey(namespace: "shop", name: "add-header")

  private static func acknowledgement(_ revision: String, _ refusals: [(String, String)] = []) -> Acknowledgement {
    .with {
      $0.instance.key = "shop/web"
      $0.revision = revision
      $0.refusals = refusals.map { config, message in
        .with {
          $0.config = config
          $0.message = message
        }
      }
    }
  }

  /// While a stream is open that has got its first response.
  private func acknowledging(
    _ harness: Harness,
    _ body: @escaping @Sendable (AmeshService.Client<Transport>, _ revision: String) async throws -> Void
  ) async throws {
    try await harness.run { client, _ in
      try await stream(client) { responses in try await body(client, responses.next().revision) }
    }
  }

  private func counts(_ harness: Harness, _ result: String) throws -> Int64 {
    try harness.count("amesh_plugin_acknowledgements_total", [("result", result)])
  }

  @Test func `what a sidecar has in force counts`() async throws {
    let harness = Harness()
    harness.begin()
    try await acknowledging(harness) { client, revision in
      #expect(harness.hub.standings.isEmpty)
      _ = try await client.acknowledgePlugins(Self.acknowledgement(revision), metadata: Callers.metadata())
      #expect(harness.hub.standings[Self.key]?.acknowledged == 1)
    }
    #expect(try counts(harness, "applied") == 1)
  }

  @Test func `what it can't apply counts as that, in its words`() async throws {
    let harness = Harness()
    harness.begin()
    try await acknowledging(harness) { client, revision in
      let long = String(repeating: "n", count: 1000)
      _ = try await client.acknowledgePlugins(
        Self.acknowledgement(revision, [("no key", "lost"), ("shop/add-header", long), ("a/b/c", "lost")]),
        metadata: Callers.metadata()
      )
      let standing = harness.hub.standings[Self.key]
      #expect(standing?.refused == 1)
      #expect(standing?.acknowledged == 0)
      #expect(standing?.refusal == String(long.prefix(512)))
    }
    #expect(try counts(harness, "partly_refused") == 1)
  }

  @Test func `of refusals without end some are read`() async throws {
    let harness = Harness()
    harness.begin()
    try await acknowledging(harness) { client, revision in
      let many = (0..<256).map { ("shop/none-\($0)", "no") } + [("shop/add-header", "no")]
      _ = try await client.acknowledgePlugins(Self.acknowledgement(revision, many), metadata: Callers.metadata())
      #expect(harness.hub.standings[Self.key]?.refused == 0)
    }
  }

  @Test func `a revision that was never sent is not found`() async throws {
    let harness = Harness()
    harness.begin()
    try await acknowledging(harness) { client, revision in
      for wrong in ["", "0000000000000", revision.uppercased() + "x"] {
        let error = await #expect(throws: RPCError.self) {
          _ = try await client.acknowledgePlugins(Self.acknowledgement(wrong), metadata: Callers.metadata())
        }
        #expect(error?.code == .notFound)
      }
      #expect(harness.hub.standings.isEmpty)
    }
    #expect(try counts(harness, "unknown") == 3)
  }

  @Test func `nobody acknowledges for another, or for a stream that has ended`() async throws {
    let harness = Harness()
    harness.begin()
    try await acknowledging(harness) { client, revision in
      for (metadata, code): (Metadata, RPCError.Code) in [
        (Callers.metadata("shop/api"), .permissionDenied), (Callers.metadata("free"), .permissionDenied),
        ([:], .unauthenticated),
      ] {
        let error = await #expect(throws: RPCError.self) {
          _ = try await client.acknowledgePlugins(Self.acknowledgement(revision), metadata: metadata)
        }
        #expect(error?.code == code)
      }
      #expect(harness.hub.standings.isEmpty)
    }
    let revision = harness.hub.read { $0.set(of: Harness.web)?.revision } ?? ""
    try await harness.run { client, _ in
      let error = await #expect(throws: RPCError.self) {
        _ = try await client.acknowledgePlugins(Self.acknowledgement(revision), metadata: Callers.metadata())
      }
      #expect(error?.code == .notFound)
    }
  }
}
