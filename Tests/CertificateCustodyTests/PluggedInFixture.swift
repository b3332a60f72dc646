import CertificateAuthority
import CertificateCustody
import CertificateTesting
import Foundation
import OpenSSLKeys
import SPIFFE

/// Plugged-in files in a scratch directory, mounted as the kubelet does: links to `..data`, which is swapped.
struct PluggedInFixture: Sendable {
  let scratch: Scratch
  let now = Date(timeIntervalSince1970: 1_767_225_600)
  let root: MadeAuthority
  let signer: MadeAuthority
  let policy = RotationPolicy()

  var maker: CertificateMaker { CertificateMaker(notBefore: now.addingTimeInterval(-120)) }

  init() throws {
    scratch = try Scratch()
    let maker = CertificateMaker(notBefore: now.addingTimeInterval(-120))
    root = try maker.root()
    var signing = maker
    signing.pathLength = 0
    signer = try signing.intermediate(under: root)
    try FileManager.default.createDirectory(atPath: scratch.path("mount"), withIntermediateDirectories: false)
  }

  /// Files as Istio names them.
  static func istio(_ signer: MadeAuthority, chain: [MadeAuthority] = [], roots: [MadeAuthority]) -> [String: String] {
    [
      "ca-cert.pem": signer.pem,
      "ca-key.pem": signer.keyText,
      "cert-chain.pem": signer.pem + chain.map(\.pem).joined(),
      "root-cert.pem": roots.map(\.pem).joined(),
    ]
  }

  /// Files as a Secret of type kubernetes.io/tls names them.
  static func tls(_ signer: MadeAuthority, chain: [MadeAuthority] = [], roots: [MadeAuthority]) -> [String: String] {
    [
      "tls.crt": signer.pem + chain.map(\.pem).joined(),
      "tls.key": signer.keyText,
      "ca.crt": roots.map(\.pem).joined(),
    ]
  }

  func mount(_ files: [String: String]) throws {
    try scratch.swap("mount/..data", to: files)
    for name in files.keys {
      let link = scratch.path("mount/\(name)")
      try? FileManager.default.removeItem(atPath: link)
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "..data/\(name)")
    }
  }

  /// What the process before gave out, since then.
  func leaveBundle(_ pem: String, written: Date) throws {
    try scratch.write("bundle.pem", pem.utf8)
    try FileManager.default.setAttributes([.modificationDate: written], ofItemAtPath: scratch.path("bundle.pem"))
  }

  func open() throws -> PluggedInCustody {
    try PluggedInCustody(
      directory: scratch.path("mount"),
      earlierBundle: scratch.path("bundle.pem"),
      trustDomain: try TrustDomain("cluster.local"),
      keys: OpenSSL(),
      policy: policy,
      now: now
    )
  }
}
