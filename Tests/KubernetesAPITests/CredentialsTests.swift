import AmeshTesting
import Foundation
import KubernetesTesting
import Testing

@testable import KubernetesAPI

@Suite struct CredentialsTests {
  private let folder: TemporaryFolder
  private let clock = ManualClock()

  init() throws { folder = try TemporaryFolder() }

  private func credentials(_ user: ClusterUser, server: String = "http://127.0.0.1:1") -> Credentials {
    Credentials(
      ClusterConnection(server: server, user: user),
      environment: [:],
      time: Timekeeper(clock),
      wallClock: { Date(timeIntervalSince1970: 0) },
      pluginTimeLimit: .seconds(1)
    )
  }

  @Test func `a token's file is read once a minute, and when the token is refused`() async throws {
    let path = try folder.write("token", "one\n")
    let credentials = credentials(ClusterUser(token: .file(path)))
    let first = try await credentials.current()
    #expect(first.token == "one")
    _ = try folder.write("token", "two")
    clock.advance(by: .seconds(59))
    #expect(try await credentials.current().token == "one")
    clock.advance(by: .seconds(1))
    let second = try await credentials.current()
    #expect(second.token == "two" && second.generation > first.generation)
    #expect(try await !credentials.renewed(after: second))
    _ = try folder.write("token", "three")
    #expect(try await credentials.renewed(after: second))
    #expect(try await credentials.current().token == "three")
  }

  @Test func `a file that is gone for a moment costs nothing`() async throws {
    let path = try folder.write("token", "one")
    let credentials = credentials(ClusterUser(token: .file(path)))
    #expect(try await credentials.current().token == "one")
    try FileManager.default.removeItem(atPath: path)
    clock.advance(by: .seconds(60))
    #expect(try await credentials.current().token == "one")
    _ = try folder.write("token", "two")
    clock.advance(by: .seconds(60))
    #expect(try await credentials.current().token == "two")
  }

  @Test(arguments: ["", " \n", "a b", "a\r\nx: y", "é"]) func `what can't be a token is not shown`(text: String)
    async throws
  {
    let credentials = credentials(ClusterUser(token: .file(try folder.write("token", text))))
    await #expect(throws: APIError.self) { try await credentials.current() }
  }

  @Test func `what is missing is told with its path`() async throws {
    let credentials = credentials(ClusterUser(token: .file("\(folder.path)/none")))
    do throws(APIError) {
      _ = try await credentials.current()
      Issue.record("read")
    } catch {
      #expect(error.description.contains("\(folder.path)/none can't be read: there is no such file"), "\(error)")
    }
  }

  @Test func `certificates have to be PEM`() async throws {
    let text = CredentialText.inline(Array("nonsense".utf8))
    let credentials = credentials(ClusterUser(certificate: text, key: text), server: "https://127.0.0.1:1")
    await #expect(throws: APIError.self) { try await credentials.current() }
  }
}
