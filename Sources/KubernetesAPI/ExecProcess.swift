import Dispatch
import Foundation
import Glibc
import NIOPosix

/// Runs a program for its output, within limits.
enum ExecProcess {
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// Of the output, in bytes.
  private static let longestOutput = 1 << 20

  /// Runs the program on a thread that may wait, and kills it when its time is over.
  static func output(
    of path: String,
    _ arguments: [String],
    environment: [String: String],
    timeLimit: Duration
  ) async throws -> [UInt8] {
    try await NIOThreadPool.singleton.runIfActive {
      try run(path, arguments, environment: environment, timeLimit: timeLimit)
    }
  }

  private static func run(
    _ path: String,
    _ arguments: [String],
    environment: [String: String],
    timeLimit: Duration
  ) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    let pipe = Pipe()
    process.standardOutput = pipe
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    let deadline = ContinuousClock.now + timeLimit
    do {
      try process.run()
    } catch {
      throw Failure(description: "\(path) does not start: \(error)")
    }
    do {
      let output = try read(pipe.fileHandleForReading.fileDescriptor, until: deadline)
      let left = max(ContinuousClock.now.duration(to: deadline), .zero)
      guard ended.wait(timeout: .now() + .milliseconds(left.milliseconds)) == .success else {
        throw Failure(description: "it did not end within \(timeLimit)")
      }
      guard process.terminationReason == .exit, process.terminationStatus == 0 else {
        throw Failure(description: "it ended with status \(process.terminationStatus); run it by hand to see why")
      }
      return output
    } catch {
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      throw error
    }
  }

  private static func read(_ descriptor: CInt, until deadline: ContinuousClock.Instant) throws -> [UInt8] {
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      let left = ContinuousClock.now.duration(to: deadline)
      guard left > .zero else { throw Failure(description: "it gave no answer in time") }
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&waiting, 1, CInt(clamping: left.milliseconds + 1))
      if ready == 0 || (ready < 0 && errno == EINTR) { continue }
      let count = ready < 0 ? -1 : Glibc.read(descriptor, &chunk, chunk.count)
      if count == 0 { return output }
      guard count > 0 else { throw Failure(description: "its output can't be read: error \(errno)") }
      output.append(contentsOf: chunk.prefix(count))
      guard output.count <= longestOutput else {
        throw Failure(description: "it wrote more than \(longestOutput) bytes")
      }
    }
  }
}

extension Duration {
  /// Whole ones, for interfaces of the system.
  fileprivate var milliseconds: Int {
    let (seconds, attoseconds) = components
    return Int(clamping: min(seconds, 1_000_000)) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
  }
}
