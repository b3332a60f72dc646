#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// The number of files and sockets that this process may have open.
package enum OpenFileLimit {
  /// Raises the limit as far as the system lets an ordinary process.
  ///
  /// - Returns: the limit that holds now; 0 when it can't be known.
  package static func raise() -> Int {
    var limit = rlimit()
    guard getrlimit(RLIMIT_NOFILE_VALUE, &limit) == 0 else { return 0 }
    if limit.rlim_cur < limit.rlim_max {
      var raised = limit
      raised.rlim_cur = limit.rlim_max
      if setrlimit(RLIMIT_NOFILE_VALUE, &raised) == 0 { limit = raised }
    }
    return Int(clamping: limit.rlim_cur)
  }
}

#if canImport(Glibc)
  private let RLIMIT_NOFILE_VALUE = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
#else
  private let RLIMIT_NOFILE_VALUE = RLIMIT_NOFILE
#endif
