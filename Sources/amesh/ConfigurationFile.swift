import KubernetesYAML

/// A configuration file on disk, read whole.
struct ConfigurationFile: Sendable {
  let path: String

  /// - Throws: ``Failure`` that says why it cannot be read.
  func read() throws(Failure) -> [UInt8] {
    do {
      return try WholeFile.read(path, limit: YAMLLimits().size)
    } catch {
      throw Failure(.noInput, "\(path): \(error); check --config")
    }
  }
}
