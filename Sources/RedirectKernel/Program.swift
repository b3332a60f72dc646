import CProcess
import Glibc
import Redirect

/// Runs a program to its end, with its input and output in memory: nothing is written to any disk, and no pipe can fill.
struct Program {
  var path: String
  var arguments: [String]

  struct Outcome {
    var status: Int32
    var output: String
    var error: String

    /// What it had to say, wherever.
    var said: String { error.isEmpty ? output : error }
  }

  /// More is no print of rules that anyone made.
  private static let longestOutput = 1 << 26
  /// Loading rules takes milliseconds; a kernel that is held up may take some seconds.
  private static let patienceMilliseconds: Int32 = 60_000

  func run(input: String = "") throws(RedirectError) -> Outcome {
    let files = (
      input: try MemoryFile(holding: input), output: try MemoryFile(), error: try MemoryFile(),
      // iptables' lock for programs of one node; in a Pod's namespace nobody else changes rules, and /run can't be
      // written.
      lock: try MemoryFile()
    )
    let pid = try spawn([files.input, files.output, files.error, files.lock])
    let status = try wait(for: pid)
    return Outcome(
      status: status,
      output: try files.output.text(limit: Self.longestOutput),
      error: try files.error.text(limit: 1 << 16)
    )
  }

  private func spawn(_ files: [MemoryFile]) throws(RedirectError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, file) in files.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, file.descriptor, Int32(number))
    }
    var environment = ["LC_ALL=C", "XTABLES_LOCKFILE=/proc/self/fd/\(files.count - 1)"]
    for name in ["PATH", "XTABLES_LIBDIR"] {
      if let value = getenv(name) { environment.append("\(name)=\(String(cString: value))") }
    }
    var pid: pid_t = 0
    let code = withCStrings([path] + arguments) { words in
      withCStrings(environment) { posix_spawn(&pid, path, &actions, nil, words, $0) }
    }
    guard code == 0 else { throw .broken(program: path, problem: SystemError.text(code)) }
    return pid
  }

  /// A program that hangs is ended.
  private func wait(for pid: pid_t) throws(RedirectError) -> Int32 {
    let watch = amesh_watch_child(pid)
    var hangs = false
    if watch >= 0 {
      defer { close(watch) }
      var entry = pollfd(fd: watch, events: Int16(POLLIN), revents: 0)
      hangs = poll(&entry, 1, Self.patienceMilliseconds) == 0
      if hangs { kill(pid, SIGKILL) }
    }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) != pid {
      guard errno == EINTR else { throw .system("\(path): waitpid: \(SystemError.text(errno))") }
    }
    if hangs { throw .broken(program: path, problem: "it did not end within a minute") }
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
  }
}

enum SystemError {
  static func text(_ code: Int32) -> String { strerror(code).map { String(cString: $0) } ?? "error \(code)" }
}

/// The strings as C's, with the end that C looks for.
private func withCStrings<Result>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result) -> Result {
  let pointers = strings.map { strdup($0) } + [nil]
  defer { for pointer in pointers { free(pointer) } }
  return body(pointers)
}
