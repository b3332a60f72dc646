import Glibc
package import Hummingbird
import NIOCore

/// A request's connection, for the question who is at its other end.
package struct PeerContext: InitializableFromSource {
  private let channel: any Channel

  package init(source: ApplicationRequestContextSource) { channel = source.channel }

  /// The user of the process that connected, as the kernel saw it then; nil where it does not tell.
  func user() async -> uid_t? {
    guard let socket = channel as? any SocketOptionProvider else { return nil }
    let credentials: Credentials? = try? await socket.unsafeGetSocketOption(
      level: NIOBSDSocket.OptionLevel(rawValue: SOL_SOCKET),
      name: NIOBSDSocket.Option(rawValue: SO_PEERCRED)
    ).get()
    return credentials?.user
  }

  /// `struct ucred` of unix(7).
  private struct Credentials: Sendable {
    var process: pid_t
    var user: uid_t
    var group: gid_t
  }
}
