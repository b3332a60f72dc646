import Glibc
import KubernetesYAML
import MeshConfiguration

/// A configuration file on disk, read whole.
struct ConfigurationFile: Sendable {
  let path: String

  /// - Throws: ``Failure`` that says why it cannot be read.
  func read() throws(Failure) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable() }
    defer { close(descriptor) }
    let limit = YAMLLimits().size
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw unreadable() }
      guard count > 0 else { return bytes }
      bytes += buffer.prefix(count)
      guard bytes.count <= limit else { throw Failure(.noInput, "\(path): larger than \(limit) bytes") }
    }
  }

  private func unreadable() -> Failure {
    Failure(.noInput, "\(path): cannot be read: \(String(cString: strerror(errno))); check --config")
  }
}
