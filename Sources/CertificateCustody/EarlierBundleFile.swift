import CertificateAuthority
import FoundationEssentials
import Glibc

/// The file in which the process before left the bundle that it gave out.
struct EarlierBundleFile: Sendable {
  let path: String

  /// - Returns: nil where there is no such file: nobody was given a bundle.
  func read() throws(CustodyError) -> EarlierBundle? {
    let file = FileDescriptor(number: open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK))
    guard file.number >= 0 else {
      if errno == ENOENT { return nil }
      throw .unreadable(path: path, problem: FileDescriptor.problem)
    }
    let written = Date(timeIntervalSince1970: TimeInterval(try file.status(path).st_mtim.tv_sec))
    let pem = try file.readAll(path, limit: PluggedInContents.maximumBytes)
    guard let bundle = EarlierBundle(pem: pem, written: written) else {
      throw .unreadable(path: path, problem: "it holds something else than root certificates")
    }
    return bundle
  }
}
