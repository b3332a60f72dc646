import CallerAuthentication
import Foundation
import Logging
import MeshConfiguration
import SPIFFE
import Testing

@testable import amesh

@Suite(.timeLimit(.minutes(1)))
struct CallerCredentialsTests {
  private static let tokens = ["one", "two"].map { "\($0)-token-of-a-test-that-is-long-enough-to-be-taken" }

  private let directory: Scratch

  init() throws { directory = try Scratch() }

  private func credentials(_ settings: IdentitySettings.Tokens) throws -> CallerCredentials {
    var credentials = try CallerCredentials(
      settings,
      trustDomain: TrustDomain("cluster.local"),
      cluster: nil,
      logger: Logger(label: "test"),
      onFailure: {}
    )
    credentials.interval = .milliseconds(10)
    return credentials
  }

  private func write(_ token: String) throws {
    try directory.write(
      "tokens",
      "tokens:\n- {token: \(token), identity: \"spiffe://cluster.local/ns/shop/sa/cart\"}\n"
    )
    chmod(directory.path("tokens"), 0o600)
  }

  @Test func `a file that changes before the service runs is taken over`() async throws {
    try write(Self.tokens[0])
    var settings = IdentitySettings.Tokens()
    settings.staticFile = directory.path("tokens")
    let credentials = try credentials(settings)
    try write(Self.tokens[1])
    let method = try #require(credentials.methods.first)
    let shown = try Credentials(authorization: ["Bearer \(Self.tokens[1])"], certificateChain: [])
    let running = Task { try await credentials.run() }
    try await eventually("the new token is known") {
      if case .authenticated = await method.judge(shown, at: Date()) { true } else { false }
    }
    running.cancel()
    try await running.value
  }

  @Test(arguments: [(0o644, true), (0o440, true), (0o664, false), (0o602, false)])
  func `keys that others may change are refused`(mode: Int, isTaken: Bool) throws {
    // RFC 7515, A.3.
    let key = """
      {"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "a",
      "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}
      """
    try directory.write("keys.json", key)
    chmod(directory.path("keys.json"), mode_t(mode))
    var settings = IdentitySettings.Tokens()
    settings.keysFile = directory.path("keys.json")
    guard !isTaken else { return #expect(try credentials(settings).methods.count == 1) }
    let failure = #expect(throws: Failure.self) { try credentials(settings) }
    #expect(failure?.description.contains("chmod go-w \(directory.path("keys.json"))") == true, "\(failure as Any)")
  }

  @Test(arguments: [(0o600, false), (0o440, false), (0o444, true)])
  func `a plugged-in key that everybody may read is warned of`(mode: Int, isWarnedOf: Bool) throws {
    #expect(PluggedInKeyFile.caution(in: directory.path("none")) == nil)
    try directory.write("tls.key", "")
    chmod(directory.path("tls.key"), mode_t(mode))
    let directory = String(directory.path("tls.key").dropLast("/tls.key".count))
    #expect((PluggedInKeyFile.caution(in: directory)?.contains("chmod o= \(directory)/tls.key") ?? false) == isWarnedOf)
  }
}
