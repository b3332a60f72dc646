import FoundationEssentials
import Glibc
import Injection
import KubernetesObjects

/// Times the injection engine alone, in CPU time of this thread.
///
///     injection-bench prepare POD DIRECTORY   write NAME.json for each workload, and review.json
///     injection-bench DIRECTORY SECONDS       time each NAME.json; one line each: name, bytes, ns, ns of the parse,
///                                             bytes of the patch, or of the answer for review.json
@main struct InjectionBench {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.count == 3, arguments[0] == "prepare" {
      try prepare(pod: arguments[1], directory: arguments[2])
    } else if arguments.count == 2, let seconds = Double(arguments[1]) {
      try measure(directory: arguments[0], seconds: seconds)
    } else {
      throw BenchError("usage: injection-bench prepare POD DIRECTORY | injection-bench DIRECTORY SECONDS")
    }
  }

  static func prepare(pod: String, directory: String) throws {
    let workloads = Workload.all(from: try JSONValue(parsing: read(pod)))
    for workload in workloads {
      try write(workload.pod.serialized(), to: "\(directory)/\(workload.name).json")
    }
    if let plain = workloads.first {
      try write(plain.review.serialized(), to: "\(directory)/review.json")
    }
  }

  static func measure(directory: String, seconds: Double) throws {
    let injector = Injector(settings: MeshSettings(), version: "bench", configurationHash: "0011223344556677")
    let context = InjectionContext(
      namespace: NamespaceMetadata(name: "shop", labels: ["amesh.apisix.apache.org/injection": "enabled"]),
      caller: .namespace,
      cluster: ClusterCapabilities(minorVersion: 33)
    )
    for name in try FileManager.default.contentsOfDirectory(atPath: directory).sorted() {
      guard name.hasSuffix(".json") else { continue }
      if name == "review.json" {
        try measureReview(read("\(directory)/\(name)"), injector, context, seconds: seconds)
        continue
      }
      let bytes = try read("\(directory)/\(name)")
      let outcome = injector.inject(pod: try JSONDocument(parsing: bytes).root, context: context)
      guard let patch = outcome.patch else { throw BenchError("\(name) was not injected: \(outcome.message)") }
      let whole = try time(seconds) {
        injector.inject(pod: try JSONDocument(parsing: bytes).root, context: context).patch?.count ?? 0
      }
      let parse = try time(seconds) { try JSONDocument(parsing: bytes).root.count }
      print(name.dropLast(5), bytes.count, Int(whole), Int(parse), patch.count, separator: "\t")
    }
  }

  /// All that one review costs but for HTTP: body in, body out.
  static func measureReview(
    _ body: [UInt8],
    _ injector: Injector,
    _ context: InjectionContext,
    seconds: Double
  ) throws {
    func answer() throws -> [UInt8] {
      let review = try AdmissionReview(parsing: body)
      guard let pod = review.object else { throw BenchError("the review has no object") }
      let outcome = injector.inject(pod: pod, context: context)
      let response = AdmissionResponse(
        patch: outcome.patch,
        warnings: outcome.warnings,
        auditAnnotations: [
          ("injected", "true"), ("reason", outcome.reason.rawValue), ("revision", injector.settings.revision),
        ]
      )
      return response.serialized(for: review)
    }
    let whole = try time(seconds) { try answer().count }
    let parse = try time(seconds) { try AdmissionReview(parsing: body).uid.utf8.count }
    print("review", body.count, Int(whole), Int(parse), try answer().count, separator: "\t")
  }

  /// The median over slices of the CPU time of one call, in nanoseconds.
  static func time(_ seconds: Double, _ work: () throws -> Int) throws -> Double {
    var slices: [Double] = []
    var sink = 0
    let end = cpuTime() + seconds * 1e9
    var calls = 1
    while cpuTime() < end || slices.count < 5 {
      let start = cpuTime()
      for _ in 0..<calls { sink &+= try work() }
      let spent = cpuTime() - start
      if spent < 5e6 {
        calls *= 2
      } else {
        slices.append(spent / Double(calls))
      }
    }
    guard sink != 0 else { throw BenchError("nothing was done") }
    slices.sort()
    return slices[slices.count / 2]
  }

  static func cpuTime() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return Double(now.tv_sec) * 1e9 + Double(now.tv_nsec)
  }

  static func read(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: path)))
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(filePath: path))
  }
}

struct BenchError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) {
    self.description = description
  }
}
