import ArgumentParser
import AsyncHTTPClient
import NIOCore
import NIOHTTP1

struct WaitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait",
    abstract: "Wait until the sidecar is ready.",
    discussion: """
      Asks a URL again and again until it answers 200. The injector calls it as the postStart hook of a sidecar that is \
      no native one: the kubelet starts the next container when the hook has ended, so the application finds the proxy \
      there.

      Example:
        amesh wait --url http://127.0.0.1:15021/healthz/ready --timeout 60
      """
  )

  @Option(help: "What to ask.")
  var url = "http://127.0.0.1:15021/healthz/ready"

  @Option(help: "Seconds after which to give up, with exit code 1.")
  var timeout = 60.0

  func validate() throws {
    guard timeout > 0, timeout <= 86400 else { throw ValidationError("--timeout: use more than 0, at most 86400") }
    guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
      throw ValidationError("--url \(url): use an http:// or https:// URL")
    }
  }

  func run() async throws {
    try await reportingFailure {
      let clock = ContinuousClock()
      let end = clock.now.advanced(by: .seconds(timeout))
      var last = "no answer"
      repeat {
        do {
          let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(2))
          if response.status == .ok { return }
          last = "answered \(response.status.code)"
        } catch {
          last = "\(error)"
        }
        try await Task.sleep(for: .milliseconds(200))
      } while clock.now < end
      throw Failure(.failed, "\(url): not ready after \(timeout) s: \(last)")
    }
  }
}
