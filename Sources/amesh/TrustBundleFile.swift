import CertificateAuthority
import FoundationEssentials
import Logging
import MeshAuthority
import ServiceLifecycle

/// The mesh's bundle as a file, for clients that are to verify the identity server: replaced as a whole when it changes.
struct TrustBundleFile: Service {
  private let path: String
  private let changes: AsyncStream<[UInt8]>
  private let logger: Logger

  /// - Parameter path: in a directory that is there.
  init(path: String, authority: MeshAuthority, logger: Logger) {
    self.path = path
    self.logger = logger
    let (changes, continuation) = AsyncStream.makeStream(of: [UInt8].self, bufferingPolicy: .bufferingNewest(1))
    self.changes = changes
    authority.onChange { continuation.yield(Array($0.bundle.pem.utf8)) }
  }

  /// Writes the bundle of this moment, before anyone asks for it.
  func write(_ signing: SigningState) throws(Failure) {
    do {
      try write(Array(signing.bundle.pem.utf8))
    } catch {
      throw Failure(.cannotCreate, "server.stateDirectory: \(path) can't be written: \(error)")
    }
  }

  private func write(_ pem: [UInt8]) throws {
    try Data(pem).write(to: URL(filePath: path), options: .atomic)
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var written: [UInt8]?
      for await pem in changes where pem != written {
        do {
          try write(pem)
          written = pem
        } catch {
          logger.error(
            "The trust bundle can't be written; who reads it may not trust the next root",
            metadata: ["path": "\(path)", "error": "\(error)"]
          )
        }
      }
    }
  }
}
