import GRPCCore
import GRPCNIOTransportHTTP2Posix
import KubernetesObjects
import NIOConcurrencyHelpers
import PluginConfiguration
import Testing

/// The stream of the first Amesh, whose clients know fields 1 to 3: by bytes that are written and read by hand.
@Suite(.timeLimit(.minutes(1)))
struct PluginWireTests {
  private struct Bytes: MessageSerializer, MessageDeserializer {
    func serialize<Result: GRPCContiguousBytes>(_ message: [UInt8]) -> Result { Result(message) }
    func deserialize(_ bytes: some GRPCContiguousBytes) -> [UInt8] { bytes.withUnsafeBytes { Array($0) } }
  }

  private static let method = MethodDescriptor(
    fullyQualifiedService: "ai.api7.amesh.proto.v1.AmeshService",
    method: "StreamPlugins"
  )

  /// Field number, wire type 2, length, content: for fewer than 128 bytes.
  private static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
    [number << 3 | 2, UInt8(content.count)] + content
  }

  private static func field(_ number: UInt8, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

  /// PluginsRequest.instance.key
  private static func request(_ instance: String) -> [UInt8] { field(1, field(1, instance)) }

  private func call(_ harness: Harness, _ requests: [[UInt8]]) async throws -> [UInt8] {
    let first = NIOLockedValueBox<[UInt8]>([])
    try await harness.run { _, client in
      let request = StreamingClientRequest<[UInt8]>(metadata: Callers.metadata()) { writer in
        for request in requests { try await writer.write(request) }
      }
      try await client.bidirectionalStreaming(
        request: request,
        descriptor: Self.method,
        serializer: Bytes(),
        deserializer: Bytes(),
        options: .defaults
      ) { response in
        for try await message in response.messages {
          first.withLockedValue { $0 = message }
          return
        }
      }
    }
    return first.withLockedValue { $0 }
  }

  @Test func `a client of the first Amesh reads what it knows`() async throws {
    let harness = Harness()
    var plain = Harness.config("add-header")
    plain.plugins = [
      PluginEntry("response-rewrite", ["headers": ["X-Header": "Yes"]]),
      PluginEntry(.preRequest, "rewrite", "any text"),
    ]
    harness.begin([plain, Harness.config("aimed", targets: [PluginTarget(ports: [80])])])
    let response = try await call(harness, [Self.request("shop/web")])
    let plugins =
      Self.field(2, Self.field(2, "response-rewrite") + Self.field(3, #"{"headers":{"X-Header":"Yes"}}"#))
      + Self.field(2, Self.field(1, "pre-req") + Self.field(2, "rewrite") + Self.field(3, "any text"))
    let expected = Self.field(2, Self.field(1, "shop/add-header") + plugins + Self.field(3, "add-header/1"))
    // No error_message (1), one config (2); what has targets is not for who does not know of them.
    #expect(Array(response.prefix(expected.count)) == expected)
    // After it our revision, field 100, which who does not know it skips by its length.
    let rest = Array(response.dropFirst(expected.count))
    #expect(Array(rest.prefix(3)) == [0xA2, 0x06, 13])
    #expect(rest.count == 3 + 13)
  }

  @Test func `who says that it knows targets gets them`() async throws {
    let harness = Harness()
    harness.begin([Harness.config("aimed", targets: [PluginTarget(ports: [80])])])
    // knows_targets, field 100, wire type 0.
    let response = try await call(harness, [Self.request("shop/web") + [0xA0, 0x06, 1]])
    // targets, field 100 of a config, with ports, field 3, packed.
    let target: [UInt8] = [0xA2, 0x06, 3, 0x1A, 1, 80]
    #expect(response.indices.contains { response.dropFirst($0).starts(with: target) })
  }

  @Test func `what a client of tomorrow says besides is left alone`() async throws {
    let harness = Harness()
    harness.begin()
    let response = try await call(harness, [Self.request("shop/web") + Self.field(15, "more")])
    #expect(response.first == 0x12)
  }

  @Test(
    arguments: [
      // No message; two; no message of that kind; one whose end is missing.
      [], [request("shop/web"), request("shop/web")], [[0x0A, 0xFF]], [Array(request("shop/web").dropLast())],
    ] as [[[UInt8]]]
  ) func `a request is one message`(_ requests: [[UInt8]]) async throws {
    let harness = Harness()
    // Nothing is known, so that no response comes before the second message.
    let error = await #expect(throws: RPCError.self) { _ = try await call(harness, requests) }
    #expect(error?.code == .invalidArgument)
    #expect(harness.hub.streamCount == 0)
  }
}
