import CProcess
import Glibc

/// The memory of a process that holds keys.
enum KeyMemory {
  /// Keeps keys out of core dumps and out of the sight of debuggers.
  ///
  /// - Returns: what could not be done; nil when all is well.
  static func protect() -> String? {
    // A limit of 0 counts where dumps are files; where they are piped to a program, only the second call does.
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    guard setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) == 0 else {
      return String(cString: strerror(errno))
    }
    return amesh_set_undumpable() == 0 ? nil : String(cString: strerror(errno))
  }
}
