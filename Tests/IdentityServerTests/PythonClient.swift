import Foundation

/// Runs a client that is not ours.
enum PythonClient {
  /// - Parameter input: what it reads; smaller than a pipe.
  /// - Returns: what it writes; smaller than a pipe.
  static func run(_ script: String, _ arguments: [String], input text: String = "") async throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script] + arguments
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in ended.resume() }
      do {
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try input.fileHandleForWriting.close()
      } catch {
        process.terminationHandler = nil
        ended.resume(throwing: error)
      }
    }
    return try output.fileHandleForReading.readToEnd() ?? Data()
  }
}
