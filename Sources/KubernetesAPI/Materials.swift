import NIOSSL

/// Everything that is shown or checked, as bytes: whether something has changed is a comparison.
struct Materials: Sendable, Hashable {
  var token: String?
  private var isPlain: Bool
  private var isInsecure: Bool
  private var certificateAuthority: [UInt8]?
  private var certificate: [UInt8]?
  private var key: [UInt8]?

  struct Problem: Error, CustomStringConvertible {
    var description: String
  }

  init(_ connection: ClusterConnection, plugin: ExecCredential?) throws(Problem) {
    isPlain = connection.server.lowercased().hasPrefix("http://")
    isInsecure = connection.isInsecure
    certificateAuthority = try connection.certificateAuthority?.read()
    let user = connection.user
    // What is written down wins over what a plugin says, as with kubectl.
    certificate = try user.certificate?.read() ?? plugin?.certificate
    key = try user.key?.read() ?? plugin?.key
    guard let text = try user.token?.read() else {
      token = plugin?.token
      return
    }
    let trimmed = text.drop { $0 <= 0x20 }.reversed().drop { $0 <= 0x20 }.reversed()
    // Anything else would end up in a header.
    guard !trimmed.isEmpty, trimmed.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw Problem(description: "the token (\(user.token?.description ?? "")) is empty or no token; renew it")
    }
    token = String(decoding: trimmed, as: UTF8.self)
  }

  /// Nil without TLS.
  func tls() throws(Problem) -> TLSConfiguration? {
    if isPlain { return nil }
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    do {
      if isInsecure { tls.certificateVerification = .none }
      if let certificateAuthority {
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(certificateAuthority))
      }
      if let certificate, let key {
        tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(certificate).map { .certificate($0) }
        tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem))
      }
    } catch {
      throw Problem(description: "a certificate or key can't be read: \(error); give PEM")
    }
    return tls
  }
}

extension CredentialText {
  func read() throws(Materials.Problem) -> [UInt8] {
    switch self {
    case .inline(let bytes): return bytes
    case .file(let path):
      do {
        return try SmallFile.read(path)
      } catch {
        throw Materials.Problem(description: error.description)
      }
    }
  }
}
