import NIOConcurrencyHelpers
import NIOCore
import NIOSSL
package import ServingCertificate

/// The certificate that new connections are served with; swapped while old connections go on with theirs.
package final class ServingCertificateStore: Sendable {
  private struct Current {
    var certificate: ServingCertificate
    var context: NIOSSLContext
  }

  private let current: NIOLockedValueBox<Current>

  package init(_ certificate: ServingCertificate) throws {
    current = NIOLockedValueBox(Current(certificate: certificate, context: try Self.context(for: certificate)))
  }

  package var certificate: ServingCertificate { current.withLockedValue { $0.certificate } }

  /// For the next handshake.
  var context: NIOSSLContext { current.withLockedValue { $0.context } }

  /// Serves another certificate from the next handshake on; the old one stays when it can't be used.
  package func replace(_ certificate: ServingCertificate) throws {
    let context = try Self.context(for: certificate)
    current.withLockedValue { $0 = Current(certificate: certificate, context: context) }
  }

  private static func context(for certificate: ServingCertificate) throws -> NIOSSLContext {
    let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.chainPEM.utf8))
    let key = try NIOSSLPrivateKey(bytes: Array(certificate.keyPEM.utf8), format: .pem)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) },
      privateKey: .privateKey(key)
    )
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["h2", "http/1.1"]
    // How long a closed connection waits for the other side to say so too.
    configuration.shutdownTimeout = .seconds(1)
    return try NIOSSLContext(configuration: configuration)
  }
}
