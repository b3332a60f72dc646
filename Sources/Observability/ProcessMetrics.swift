/// What the kernel says of this process, in base units.
package struct ProcessMetrics: Sendable, Equatable {
  /// Unix time.
  package var startTimeSeconds: Double
  package var residentMemoryBytes: Double
  package var cpuSeconds: Double
  package var openFileDescriptors: Int

  /// - Parameters:
  ///   - stat: the text of `/proc/self/stat`, proc(5).
  ///   - bootTime: Unix time that the machine started at.
  ///   - ticks: clock ticks a second.
  ///   - pageSize: bytes of a memory page.
  /// - Returns: nil when `stat` is not of the known form.
  package init?(stat: String, bootTime: Int, ticks: Int, pageSize: Int, openFileDescriptors: Int) {
    // The second field is the command's name in parentheses, and may hold anything, so the last one ends it.
    guard let end = stat.lastIndex(of: ")"), ticks > 0 else { return nil }
    let fields = stat[stat.index(after: end)...].split(whereSeparator: \.isWhitespace)
    // Fields are counted from 1 in proc(5); the first here is the third there.
    func field(_ number: Int) -> Double? {
      let index = number - 3
      return fields.indices.contains(index) ? Double(fields[index]) : nil
    }
    guard let user = field(14), let system = field(15), let start = field(22), let pages = field(24) else { return nil }
    startTimeSeconds = Double(bootTime) + start / Double(ticks)
    residentMemoryBytes = pages * Double(pageSize)
    cpuSeconds = (user + system) / Double(ticks)
    self.openFileDescriptors = openFileDescriptors
  }

  package func render() -> String {
    var text = ""
    func add(_ name: String, _ kind: MetricKind, _ help: String, _ value: Double) {
      text += PrometheusText.header(name: name, kind: kind, help: help)
      text += PrometheusText.sample(name, "", PrometheusText.number(value))
    }
    add("process_cpu_seconds_total", .counter, "User and system CPU time spent.", cpuSeconds)
    add("process_open_fds", .gauge, "Open file descriptors.", Double(openFileDescriptors))
    add("process_resident_memory_bytes", .gauge, "Resident memory.", residentMemoryBytes)
    add("process_start_time_seconds", .gauge, "Start time of the process, Unix time.", startTimeSeconds)
    return text
  }
}
