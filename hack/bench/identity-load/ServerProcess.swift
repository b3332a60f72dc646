import ArgumentParser
import FoundationEssentials
import Glibc

/// What the kernel says of the server.
struct ServerProcess: Sendable {
  let id: Int32

  /// Seconds of CPU that it has had, in user and kernel, by steps of a tick (10 ms).
  func cpuSeconds() throws -> Double {
    let text = String(decoding: try Data(contentsOf: URL(filePath: "/proc/\(id)/stat")), as: UTF8.self)
    // Fields 14 and 15; the second is the name in parentheses (proc_pid_stat(5)).
    let fields = (text.split(separator: ")").last ?? "").split(separator: " ")
    guard fields.count > 12, let user = Double(fields[11]), let kernel = Double(fields[12]) else {
      throw LoadError("/proc/\(id)/stat can't be read")
    }
    return (user + kernel) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}

/// Descriptors that this process may have.
enum Descriptors {
  /// Raises the limit to `count` and some more.
  static func need(_ count: Int) throws {
    let wanted = rlim_t(count + 64)
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    guard limit.rlim_cur < wanted else { return }
    guard limit.rlim_max >= wanted else {
      throw LoadError(
        "\(count) connections need \(wanted) open files, and only \(limit.rlim_max) are allowed; raise `ulimit -Hn`"
      )
    }
    limit.rlim_cur = limit.rlim_max
    guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      throw LoadError("the limit of open files could not be raised to \(wanted)")
    }
  }
}
