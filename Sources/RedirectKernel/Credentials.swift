import CProcess
import Glibc
import Redirect

/// Sockets belong to who has made them, which the kernel's rules go by.
enum Credentials {
  /// Whether this thread may make sockets in that one's name.
  static func canBecome(_ user: UInt32) -> Bool {
    let own = geteuid()
    setfsuid(user)
    // Gives back what it was before: the other, if that was allowed.
    return setfsuid(own) == Int32(bitPattern: user)
  }

  /// - Parameter user: nil: as who it is. The group stays.
  static func acting<Result>(
    as user: UInt32?,
    _ body: () throws(RedirectError) -> Result
  ) throws(RedirectError) -> Result {
    guard let user else { return try body() }
    let own = geteuid()
    setfsuid(user)
    defer { setfsuid(own) }
    return try body()
  }
}
