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
    let shown = try Credentials(authorization: ["Bearer \(Self.tokens[1])"])
    let running = Task { try await credentials.run() }
    try await eventually("the new token is known") {
      if case .authenticated = await method.judge(shown, at: Date()) { true } else { false }
    }
    running.cancel()
    try await running.value
  }
}
