import Foundation

/// The file with a plugged-in key.
enum PluggedInKeyFile {
  /// What is to be warned of; nil when all is well.
  ///
  /// A group may read it: so does Kubernetes mount a Secret for a user that is not root.
  static func caution(in directory: String) -> String? {
    for name in ["ca-key.pem", "tls.key"] {
      let path = "\(directory)/\(name)"
      // A mounted Secret is reached by links, which have a mode of their own.
      let file = URL(filePath: path).resolvingSymlinksInPath().path(percentEncoded: false)
      let attributes = try? FileManager.default.attributesOfItem(atPath: file)
      guard let mode = attributes?[.posixPermissions] as? Int, mode & 0o007 != 0 else { continue }
      return "everybody on this machine may use the authority's key: \(path) has mode 0\(String(mode, radix: 8)); "
        + "run: chmod o= \(path)"
    }
    return nil
  }
}
