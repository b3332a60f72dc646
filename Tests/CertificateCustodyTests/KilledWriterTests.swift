import CertificateAuthority
import CertificateCustody
import CertificateTesting
import Foundation
import Testing

/// Ends a writing process at each of its system calls, by strace.
@Suite struct KilledWriterTests {
  /// What a write consists of, and how often it occurs in one at the least; strace counts each call for itself.
  private static let calls = [
    ("write", 2), ("fsync", 2), ("rename,renameat,renameat2", 1), ("unlink,unlinkat", 2), ("flock", 1),
  ]
  private static let hasStrace = ["/usr/bin/strace", "/bin/strace"].contains {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  enum Ended: Equatable { case killed, finished }

  @Test(
    .enabled(if: hasStrace, "needs strace: apt-get install strace"),
    arguments: [(creating: true, chunk: 4_096), (creating: false, chunk: 4_096), (creating: false, chunk: 100)]
  )
  func `whenever the writer is killed, the old state or the new one is there, whole`(
    creating: Bool,
    chunk: Int
  ) async throws {
    let contract = try CustodyContract()
    let old = creating ? nil : contract.first
    let new = creating ? contract.first : try contract.prepared(contract.first)
    let scratch = try Scratch()
    try scratch.write("new.json", AuthorityStateFormat.encode(new))
    var ends: Set<Bool> = []
    for (call, atLeast) in Self.calls {
      var kills = 0
      while true {
        try #require(kills < 500, "it is killed for ever")
        let directory = scratch.path("authority-\(call)-\(kills)")
        if let old { _ = try await DirectoryCustody(path: directory).createOrAdopt(old) }
        let ended = try await write(directory, scratch.path("new.json"), chunk: chunk, killedAt: call, kills + 1)
        let isThere = FileManager.default.fileExists(atPath: directory)
        let found = isThere ? try await DirectoryCustody(path: directory).load() : nil
        #expect(found == old || found == new, "killed at \(call) number \(kills + 1)")
        ends.insert(found == new)
        if ended == .finished {
          #expect(found == new)
          break
        }
        kills += 1
      }
      let chunks = call == "write" ? AuthorityStateFormat.encode(new).count / chunk : 0
      #expect(kills >= max(atLeast, chunks), "\(call)")
    }
    #expect(ends == [false, true])
  }

  private func write(_ directory: String, _ state: String, chunk: Int, killedAt call: String, _ number: Int)
    async throws -> Ended
  {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      [
        "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)",
        "-e", "inject=\(call):signal=KILL:when=\(number)",
      ] + [try Self.writer().path(percentEncoded: false), directory, state, "\(chunk)"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let ended: Ended = try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { process in
        let isKilled = process.terminationReason == .uncaughtSignal || process.terminationStatus == 137
        continuation.resume(returning: isKilled ? .killed : .finished)
      }
      do {
        try process.run()
      } catch {
        continuation.resume(throwing: error)
      }
    }
    if ended == .finished { #expect(process.terminationStatus == 0) }
    return ended
  }

  /// The writer lies beside the tests.
  private static func writer() throws -> URL {
    let directory = try #require(
      Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }?.deletingLastPathComponent()
        ?? Bundle.main.executableURL?.deletingLastPathComponent()
    )
    return directory.appending(path: "custody-writer")
  }
}
