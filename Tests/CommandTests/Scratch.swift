import Foundation

/// A directory of a test's own, removed with it.
final class Scratch: Sendable {
  private let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "amesh-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }

  func write(_ name: String, _ text: String) throws {
    try text.write(toFile: path(name), atomically: false, encoding: .utf8)
  }

  /// Makes a directory with these files and points a symbolic link at it in one step, as the kubelet does.
  func swap(_ link: String, to files: [String: String]) throws {
    let target = "data-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path(target), withIntermediateDirectories: false)
    for (name, text) in files {
      try text.write(toFile: path("\(target)/\(name)"), atomically: false, encoding: .utf8)
    }
    let next = "next-\(UUID().uuidString)"
    try FileManager.default.createSymbolicLink(atPath: path(next), withDestinationPath: target)
    guard rename(path(next), path(link)) == 0 else { throw POSIXError(.EIO) }
  }
}
