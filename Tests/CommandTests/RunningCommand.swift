import AsyncHTTPClient
import Foundation
import KubernetesObjects
import NIOCore
import NIOHTTP1
import NIOSSL
import Testing

/// The built `amesh` as a process of its own, with its output in files.
final class RunningCommand: Sendable {
  struct Result: Sendable {
    var status: Int32
    var output: String
    var error: String
  }

  /// Removed by ``deinit``.
  let directory: URL
  private let process: Process
  private let ended: AsyncStream<Int32>

  /// - Parameter input: what standard input holds; nil: nothing.
  init(_ arguments: [String], environment: [String: String] = [:], input: String? = nil) throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "amesh-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let process = Process()
    process.executableURL = Self.binary
    process.arguments = arguments
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    if let input {
      let file = directory.appending(path: "input")
      try Data(input.utf8).write(to: file)
      process.standardInput = try FileHandle(forReadingFrom: file)
    }
    process.standardOutput = try Self.file(directory.appending(path: "output"))
    process.standardError = try Self.file(directory.appending(path: "error"))
    let (ended, continuation) = AsyncStream.makeStream(of: Int32.self)
    process.terminationHandler = { process in
      // As a shell reports it.
      continuation.yield(process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0))
      continuation.finish()
    }
    self.ended = ended
    self.process = process
    try process.run()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(at: directory)
  }

  /// Runs to the end.
  static func run(
    _ arguments: [String],
    environment: [String: String] = [:],
    input: String? = nil
  ) async throws -> Result {
    try await RunningCommand(arguments, environment: environment, input: input).wait()
  }

  func wait() async throws -> Result {
    var status: Int32?
    for await value in ended { status = value }
    return Result(status: try #require(status), output: text("output"), error: text("error"))
  }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  var error: String { text("error") }

  private func text(_ name: String) -> String {
    (try? String(contentsOf: directory.appending(path: name), encoding: .utf8)) ?? ""
  }

  /// Log lines so far.
  var events: [JSONValue] {
    error.split(separator: "\n").compactMap { try? JSONValue(parsing: Array($0.utf8)) }
  }

  /// The first log line that a condition holds for; waits for it.
  @discardableResult
  func event(_ what: String, where condition: (JSONValue) -> Bool) async throws -> JSONValue {
    for _ in 0..<600 {
      if let event = events.first(where: condition) { return event }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw Missing(what: what, error: error)
  }

  /// The port that a part listens on; waits until it does.
  func port(of logger: String) async throws -> Int {
    let event = try await event("\(logger) listening") {
      $0["logger"]?.string == logger && $0["message"]?.string == "listening"
    }
    return try #require(event["port"]?.integer)
  }

  struct Missing: Error, CustomStringConvertible {
    var what: String
    var error: String
    var description: String { "never seen: \(what); the process said:\n\(error)" }
  }

  /// Next to the test bundle, wherever that was built.
  private static var binary: URL {
    URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "amesh")
  }

  private static func file(_ url: URL) throws -> FileHandle {
    try Data().write(to: url)
    return try FileHandle(forWritingTo: url)
  }
}

/// A GET or POST, with the body as text.
func request(
  _ url: String,
  method: HTTPMethod = .GET,
  body: String? = nil,
  client: HTTPClient = .shared
) async throws -> (status: Int, headers: HTTPHeaders, body: String) {
  var request = HTTPClientRequest(url: url)
  request.method = method
  if let body {
    request.headers.add(name: "content-type", value: "application/json")
    request.body = .bytes(ByteBuffer(string: body))
  }
  let response = try await client.execute(request, timeout: .seconds(20))
  let bytes = try await response.body.collect(upTo: 16 << 20)
  return (Int(response.status.code), response.headers, String(buffer: bytes))
}

/// Waits until a condition holds.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
  for _ in 0..<600 {
    if try await condition() { return }
    try await Task.sleep(for: .milliseconds(50))
  }
  Issue.record("never happened: \(what)")
}
