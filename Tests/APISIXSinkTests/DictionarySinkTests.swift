import APISIXSink
import AmeshTesting
import Testing

@Suite struct DictionarySinkTests {
  private let dictionary = MemoryDictionary()
  private let anchor = "/plugin_configs/amesh={\"id\":\"amesh\",\"plugins\":{}}"

  /// A sink that has written its first version, and then a configuration.
  private func sink(_ settings: [String: String] = [:]) -> DictionarySink {
    var sink = DictionarySink()
    _ = sink.write(to: dictionary, now: .zero)
    sink.complete()
    sink.apply(DictionaryDelta(settings))
    _ = sink.write(to: dictionary, now: .zero)
    dictionary.log = []
    return sink
  }

  @Test func `there is a version at once, and nothing else before the first configuration is complete`() {
    var sink = DictionarySink()
    #expect(sink.next(now: .zero) == .write)
    #expect(sink.write(to: dictionary, now: .zero) == .changed(version: 1, objects: 1))
    #expect(dictionary.log == [anchor, "version=1"])
    sink.apply(DictionaryDelta(["/routes/1": "a"]))
    #expect(sink.next(now: .seconds(9)) == .idle)
    sink.complete()
    #expect(sink.next(now: .seconds(9)) == .write)
    #expect(sink.write(to: dictionary, now: .seconds(9)) == .changed(version: 2, objects: 1))
    #expect(dictionary.log == [anchor, "version=1", "/routes/1=a", "version=2"])
    #expect(sink.next(now: .seconds(9)) == .idle)
    #expect(sink.isSettled)
  }

  @Test func `changes under churn are written together, a lone one at once`() {
    var sink = sink()
    sink.apply(DictionaryDelta(["/routes/1": "a"]))
    #expect(sink.next(now: .milliseconds(1000)) == .write)
    _ = sink.write(to: dictionary, now: .milliseconds(1000))
    sink.apply(DictionaryDelta(["/routes/1": "b"]))
    #expect(sink.next(now: .milliseconds(1001)) == .wait(until: .milliseconds(1200)))
    sink.apply(DictionaryDelta(["/routes/2": "c"], removals: ["/routes/1"]))
    #expect(sink.next(now: .milliseconds(1199)) == .wait(until: .milliseconds(1200)))
    #expect(sink.next(now: .milliseconds(1200)) == .write)
    _ = sink.write(to: dictionary, now: .milliseconds(1200))
    #expect(dictionary.log == ["/routes/1=a", "version=2", "/routes/2=c", "-/routes/1", "version=3"])
  }

  @Test func `what is the same changes nothing, and neither does what is taken back in time`() {
    var sink = sink(["/routes/1": "a"])
    sink.apply(DictionaryDelta(["/routes/1": "a"], removals: ["/routes/7"]))
    #expect(sink.next(now: .seconds(9)) == .idle)
    sink.apply(DictionaryDelta(["/routes/1": "b"]))
    sink.apply(DictionaryDelta(["/routes/1": "a"]))
    #expect(sink.next(now: .seconds(9)) == .idle)
    #expect(dictionary.log == [])
  }

  @Test func `the next process keeps what is there until it knows better, then removes what is stale`() {
    _ = sink(["/routes/1": "a", "/routes/2": "b", "/upstreams/1": "c"])
    var next = DictionarySink()
    #expect(next.write(to: dictionary, now: .zero) == .nothing)
    next.apply(DictionaryDelta(["/routes/1": "a", "/routes/3": "d"]))
    #expect(next.next(now: .seconds(9)) == .idle)
    next.complete()
    #expect(next.write(to: dictionary, now: .seconds(9)) == .changed(version: 3, objects: 3))
    #expect(dictionary.log == ["/routes/3=d", "-/routes/2", "-/upstreams/1", "version=3"])
  }

  @Test func `a process that finds all as it should be changes nothing`() {
    _ = sink(["/routes/1": "a", "/routes/2": "b"])
    var next = DictionarySink()
    next.apply(DictionaryDelta(["/routes/1": "a", "/routes/2": "b"]))
    next.complete()
    #expect(next.write(to: dictionary, now: .zero) == .nothing)
    #expect(next.next(now: .zero) == .idle)
    #expect(dictionary.log == [])
  }

  @Test func `a configuration that an earlier process has written counts as one`() {
    var first = DictionarySink()
    _ = first.write(to: dictionary, now: .zero)
    #expect(!first.hasConfiguration)
    first.complete()
    #expect(first.next(now: .seconds(1)) == .write)
    #expect(first.write(to: dictionary, now: .seconds(1)) == .nothing)
    #expect(first.hasConfiguration)
    var next = DictionarySink()
    _ = next.write(to: dictionary, now: .zero)
    #expect(next.hasConfiguration)
  }

  @Test
  func `a first configuration is served when the workers have looked, what an earlier process has written at once`() {
    var first = DictionarySink()
    _ = first.write(to: dictionary, now: .zero)
    #expect(!first.isServed(now: .seconds(99)))
    first.complete()
    _ = first.write(to: dictionary, now: .seconds(1))
    #expect(!first.isServed(now: .milliseconds(2499)))
    #expect(first.isServed(now: .milliseconds(2500)))
    first.apply(DictionaryDelta(["/routes/1": "a"]))
    _ = first.write(to: dictionary, now: .seconds(5))
    #expect(first.isServed(now: .seconds(5)))
    var next = DictionarySink()
    _ = next.write(to: dictionary, now: .zero)
    #expect(next.isServed(now: .zero))
  }

  @Test func `the anchor can't be removed or replaced`() {
    var sink = sink(["/routes/1": "a"])
    sink.apply(DictionaryDelta(["/plugin_configs/amesh": "mine"], removals: ["/plugin_configs/amesh", "/routes/1"]))
    _ = sink.write(to: dictionary, now: .seconds(1))
    #expect(dictionary.log == ["-/routes/1", "version=3"])
  }

  @Test func `without memory all stays as it was, and it is tried again`() {
    var sink = sink(["/routes/1": "aaaa", "/routes/2": "bbbb"])
    let before = dictionary.objects
    dictionary.capacity = 80
    sink.apply(DictionaryDelta(["/routes/1": "AAAA", "/routes/3": String(repeating: "c", count: 80)]))
    let error = DictionaryError(code: .noMemory, zone: .configuration, message: "no memory")
    #expect(sink.write(to: dictionary, now: .seconds(1)) == .failed(error, retryIn: .seconds(1)))
    #expect(dictionary.objects == before)
    #expect(dictionary.version == "2")
    #expect(sink.next(now: .seconds(1)) == .wait(until: .seconds(2)))
    #expect(sink.write(to: dictionary, now: .seconds(2)) == .failed(error, retryIn: .seconds(2)))
    dictionary.capacity = 400
    #expect(sink.next(now: .seconds(4)) == .write)
    #expect(sink.write(to: dictionary, now: .seconds(4)) == .changed(version: 3, objects: 2))
    #expect(dictionary.objects["/routes/1"] == "AAAA")
  }

  @Test func `where old and new do not fit together the old goes first`() {
    var sink = sink(["/routes/1": String(repeating: "a", count: 60)])
    dictionary.capacity = 140
    sink.apply(DictionaryDelta(["/routes/2": String(repeating: "b", count: 60)], removals: ["/routes/1"]))
    #expect(sink.write(to: dictionary, now: .seconds(1)) == .changed(version: 3, objects: 2))
    #expect(dictionary.objects.keys.sorted() == ["/routes/2"])
  }

  @Test func `a full version zone is named`() {
    var sink = sink()
    dictionary.versionCapacity = 40
    sink.apply(DictionaryDelta(["/routes/a-name-that-is-longer-than-what-is-left": "a"]))
    let outcome = sink.write(to: dictionary, now: .seconds(1))
    #expect(outcome == .failed(.init(code: .noMemory, zone: .version, message: "no memory"), retryIn: .seconds(1)))
    #expect(dictionary.objects == [:])
  }

  /// Changes, processes that end and memory that runs out, at random: after each write a worker that reads sees the last
  /// configuration that a version was written for, and the end is what is wanted.
  @Test(arguments: Array(0..<20 as Range<UInt64>))
  func `dictionaries end up equal to what is wanted`(_ batch: UInt64) {
    for seed in batch * 25..<batch * 25 + 25 {
      var random = SeededRandom(seed: seed)
      let dictionary = MemoryDictionary()
      var sink = DictionarySink()
      var wanted: [String: String] = [:]
      var published: [String: String] = [:]
      var now = Duration.zero
      sink.complete()
      for _ in 0..<Int.random(in: 1...60, using: &random) {
        now += .milliseconds(Int.random(in: 0...500, using: &random))
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5:
          var delta = DictionaryDelta([:])
          for _ in 0..<Int.random(in: 1...4, using: &random) {
            let key = "/routes/\(Int.random(in: 1...9, using: &random))"
            if Bool.random(using: &random) {
              let value = String(repeating: "x", count: Int.random(in: 1...40, using: &random))
              delta.settings[key] = Array(value.utf8)
              wanted[key] = value
            } else {
              delta.removals.insert(key)
              if delta.settings[key] == nil { wanted[key] = nil }
            }
          }
          sink.apply(delta)
        case 5..<8:
          guard sink.next(now: now) == .write else { continue }
          let version = dictionary.version
          if case .changed = sink.write(to: dictionary, now: now) {
            published = wanted
            #expect(dictionary.version != version, "seed \(seed)")
          } else {
            #expect(dictionary.version == version, "seed \(seed)")
          }
          #expect(dictionary.objects == published, "seed \(seed)")
        case 8: dictionary.capacity = dictionary.used + Int.random(in: 0...200, using: &random)
        default:
          sink = DictionarySink()
          sink.apply(DictionaryDelta(wanted))
          sink.complete()
        }
      }
      dictionary.capacity = .max
      _ = sink.write(to: dictionary, now: now + .seconds(60))
      #expect(dictionary.objects == wanted, "seed \(seed)")
      #expect(sink.isSettled, "seed \(seed)")
    }
  }
}
