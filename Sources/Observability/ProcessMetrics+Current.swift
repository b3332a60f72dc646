import FoundationEssentials
import Glibc

extension ProcessMetrics {
  /// Read from `/proc` now; nil where there is none.
  package static func current() -> ProcessMetrics? {
    guard let stat = read("/proc/self/stat"), let machine = read("/proc/stat") else { return nil }
    let bootLine = machine.split(separator: "\n").first { $0.hasPrefix("btime ") }
    guard let bootTime = bootLine.flatMap({ Int($0.dropFirst("btime ".count)) }) else { return nil }
    return ProcessMetrics(
      stat: stat,
      bootTime: bootTime,
      ticks: sysconf(Int32(_SC_CLK_TCK)),
      pageSize: sysconf(Int32(_SC_PAGESIZE)),
      openFileDescriptors: entries("/proc/self/fd")
    )
  }

  /// The command's name in it may be any bytes.
  private static func read(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Without `.`, `..` and the descriptor that the listing itself takes.
  private static func entries(_ path: String) -> Int {
    guard let directory = opendir(path) else { return 0 }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    return max(0, count - 3)
  }
}
