import GRPCNIOTransportHTTP2Posix
import NIOCore
import SidecarSettings

extension XDSSource {
  /// An IP address is no name: TLS does not ask for it, and looks for it among the addresses of the certificate.
  var target: any ResolvableTarget {
    switch try? NIOCore.SocketAddress(ipAddress: host, port: port) {
    case .v4: .ipv4(address: host, port: port)
    case .v6: .ipv6(address: host, port: port)
    case .unixDomainSocket, nil: .dns(host: host, port: port)
    }
  }
}
