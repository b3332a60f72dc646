import Foundation

/// Files that are read whole, and are small if they are what they should be.
enum SmallFile {
  /// More than a kubeconfig or a bundle of certificates ever has.
  static let limit = 4 << 20

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  static func read(_ path: String) throws(Failure) -> [UInt8] {
    do {
      let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      defer { try? file.close() }
      let bytes = [UInt8](try file.read(upToCount: limit + 1) ?? Data())
      guard bytes.count <= limit else { throw Failure(description: "it has more than \(limit) bytes") }
      return bytes
    } catch let failure as Failure {
      throw Failure(description: "\(path) can't be read: \(failure)")
    } catch {
      throw Failure(description: "\(path) can't be read: \((error as? CocoaError)?.problem ?? "\(error)")")
    }
  }

  static func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  static func isExecutable(_ path: String) -> Bool { FileManager.default.isExecutableFile(atPath: path) }

  /// A path as it is meant in a file of that folder.
  static func resolve(_ path: String, in folder: String) -> String {
    path.hasPrefix("/") || folder.isEmpty ? path : "\(folder)/\(path)"
  }

  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}

extension CocoaError {
  fileprivate var problem: String {
    switch code {
    case .fileReadNoSuchFile, .fileNoSuchFile: "there is no such file"
    case .fileReadNoPermission: "its mode does not allow it"
    default: "\(localizedDescription)"
    }
  }
}
