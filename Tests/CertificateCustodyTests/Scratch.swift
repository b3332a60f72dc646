import Foundation

/// A directory of a test's own, removed with it.
final class Scratch: Sendable {
  private let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "custody-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }

  func write(_ name: String, _ bytes: some Sequence<UInt8>) throws {
    try Data(bytes).write(to: url.appending(path: name))
  }

  func names(in name: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path(name)).sorted()
  }

  func setMode(_ mode: Int, of name: String) throws {
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path(name))
  }

  func mode(of name: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? Int
  }

  /// Makes a directory with these files and points a symbolic link at it in one step, as the kubelet does.
  func swap(_ link: String, to files: [String: String]) throws {
    let target = "data-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path(target), withIntermediateDirectories: false)
    for (name, text) in files { try write("\(target)/\(name)", text.utf8) }
    let next = "next-\(UUID().uuidString)"
    try FileManager.default.createSymbolicLink(atPath: path(next), withDestinationPath: path(target))
    guard rename(path(next), path(link)) == 0 else { throw POSIXError(.EIO) }
  }
}
