import AmeshTesting
import NIOSSL

/// A CA with a server and a client under it, made by openssl.
struct TestCertificates {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try make("ca", ["-addext", "keyUsage=critical,keyCertSign"], signer: nil)
    try make("server", ["-addext", "subjectAltName=IP:127.0.0.1,DNS:kubernetes"])
    try make("named", ["-addext", "subjectAltName=DNS:kubernetes"])
    try make("client", ["-addext", "extendedKeyUsage=clientAuth"])
  }

  func path(_ name: String) -> String { "\(folder.path)/\(name)" }

  /// For a server that asks for certificates, where it shall.
  func server(_ name: String = "server", asksForCertificates: Bool = false) throws -> TLSConfiguration {
    var tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMFile(path("\(name).crt")).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(file: path("\(name).key"), format: .pem))
    )
    if asksForCertificates {
      tls.trustRoots = .file(path("ca.crt"))
      tls.certificateVerification = .noHostnameVerification
    }
    return tls
  }

  func make(_ name: String, _ extensions: [String], signer: String? = "ca") throws {
    let signing = signer.map { ["-CA", path("\($0).crt"), "-CAkey", path("\($0).key")] } ?? []
    let outcome = try OpenSSLCommand.run(
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
        "/CN=\(name)",
        "-keyout", path("\(name).key"), "-out", path("\(name).crt"),
      ] + signing + extensions
    )
    guard outcome.status == 0 else { throw Failure(errors: outcome.errors) }
  }

  struct Failure: Error { var errors: String }
}
