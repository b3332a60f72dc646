import CertificateAuthority
import Foundation

/// The name of this process among those that share an authority: another one after each start.
enum Replica {
  static func name() -> String {
    let token = String(UInt32.random(in: 0...UInt32.max), radix: 36)
    return pod.map { ReplicaName.ofProcess(inPod: $0, token: token) }
      ?? ReplicaName.ofProcess(onHost: host, token: token)
  }

  private static let pod: String? = {
    let name = ProcessInfo.processInfo.environment["POD_NAME"] ?? ""
    return name.isEmpty ? nil : name
  }()

  /// Of the Pod, else of the machine: a Pod in its node's network has the node's host name.
  static let host: String = {
    if let pod { return pod }
    var host = [CChar](repeating: 0, count: 256)
    let length = gethostname(&host, host.count - 1) == 0 ? host.firstIndex(of: 0) ?? 0 : 0
    let name = String(decoding: host[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return name.isEmpty ? "amesh" : name
  }()
}
