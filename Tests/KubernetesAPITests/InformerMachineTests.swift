import Testing

@testable import KubernetesAPI

@Suite struct InformerMachineTests {
  private typealias Machine = InformerMachine<String>
  private let backoff = Backoff(first: .seconds(1), longest: .seconds(16), jitter: 0)

  private func object(_ name: String, _ version: Int) -> ObservedObject<String> {
    ObservedObject(
      key: ObjectKey(namespace: "web", name: name),
      resourceVersion: "\(version)",
      value: "\(name)\(version)"
    )
  }

  private func refusal(_ code: Int, retryAfter: Duration? = nil) -> Machine.Input {
    .failed(.refused(KubernetesError(code: code, message: "", retryAfter: retryAfter)))
  }

  /// A machine that watches from version 10.
  private func watching() -> Machine {
    var machine = Machine(backoff: backoff)
    _ = machine.receive(.page([object("a", 1)], resourceVersion: "10", continuation: nil), draw: 0)
    return machine
  }

  @Test func `pages are put together before anything is replaced`() {
    var machine = Machine(backoff: backoff)
    #expect(machine.step == .list(continuation: nil))
    #expect(machine.receive(.page([object("a", 1)], resourceVersion: "10", continuation: "x"), draw: 0) == .none)
    #expect(machine.step == .list(continuation: "x"))
    let effect = machine.receive(.page([object("b", 2)], resourceVersion: "10", continuation: nil), draw: 0)
    #expect(effect == .replace([object("a", 1), object("b", 2)]))
    #expect(machine.step == .watch(from: "10"))
    #expect(machine.wait == .zero)
  }

  @Test func `a page that fails is asked for again, a list that is forgotten begins anew`() {
    var machine = Machine(backoff: backoff)
    _ = machine.receive(.page([object("a", 1)], resourceVersion: "10", continuation: "x"), draw: 0)
    _ = machine.receive(refusal(503), draw: 0)
    #expect(machine.step == .list(continuation: "x"))
    #expect(machine.wait == .seconds(1))
    _ = machine.receive(refusal(410), draw: 0)
    #expect(machine.step == .list(continuation: nil))
    let effect = machine.receive(.page([object("c", 3)], resourceVersion: "20", continuation: nil), draw: 0)
    #expect(effect == .replace([object("c", 3)]))
  }

  @Test func `a server that comes back with another past is listed soon, but not ever faster`() {
    var machine = watching()
    for _ in 0..<6 { _ = machine.receive(.failed(.transport(TransportError(.unreachable, ""))), draw: 0) }
    #expect(machine.wait == .seconds(16))
    _ = machine.receive(refusal(410), draw: 0)
    #expect(machine.step == .list(continuation: nil))
    #expect(machine.wait == .seconds(1))
    _ = machine.receive(refusal(410), draw: 0)
    #expect(machine.wait == .seconds(2))
  }

  @Test func `a watch goes on from the last that was heard`() {
    var machine = watching()
    #expect(machine.receive(.set(object("a", 11)), draw: 0) == .set(object("a", 11)))
    #expect(machine.step == .watch(from: "11"))
    #expect(machine.receive(.removed(object("a", 12)), draw: 0) == .remove(object("a", 12).key))
    #expect(machine.step == .watch(from: "12"))
    #expect(machine.receive(.bookmark(resourceVersion: "50"), draw: 0) == .none)
    #expect(machine.step == .watch(from: "50"))
    _ = machine.receive(.ended(after: .seconds(300)), draw: 0)
    #expect(machine.step == .watch(from: "50"))
    #expect(machine.wait == .zero)
  }

  @Test(arguments: [TransportError.Kind.cut, .timedOut, .unreachable, .untrusted, .credentials])
  func `a cut within an object loses nothing and lists nothing`(kind: TransportError.Kind) {
    var machine = watching()
    _ = machine.receive(.set(object("a", 11)), draw: 0)
    #expect(machine.receive(.failed(.transport(TransportError(kind, ""))), draw: 0) == .none)
    #expect(machine.step == .watch(from: "11"))
    #expect(machine.wait == .seconds(1))
  }

  @Test func `waits grow while nothing is heard, and start again when something is`() {
    var machine = watching()
    var waits: [Duration] = []
    for _ in 0..<6 {
      _ = machine.receive(.failed(.transport(TransportError(.unreachable, ""))), draw: 0)
      waits.append(machine.wait)
    }
    #expect(waits == [1, 2, 4, 8, 16, 16].map { .seconds($0) })
    // That a watch opens says little: it may end at once.
    _ = machine.receive(.opened, draw: 0)
    _ = machine.receive(.failed(.transport(TransportError(.cut, ""))), draw: 0)
    #expect(machine.wait == .seconds(16))
    _ = machine.receive(.bookmark(resourceVersion: "12"), draw: 0)
    _ = machine.receive(.failed(.transport(TransportError(.cut, ""))), draw: 0)
    #expect(machine.wait == .seconds(1))
  }

  @Test func `a watch that ends at once again and again is not begun without a wait`() {
    var machine = watching()
    _ = machine.receive(.opened, draw: 0)
    _ = machine.receive(.ended(after: .milliseconds(3)), draw: 0)
    #expect(machine.wait == .seconds(1))
    _ = machine.receive(.opened, draw: 0)
    _ = machine.receive(.ended(after: .milliseconds(3)), draw: 0)
    #expect(machine.wait == .seconds(2))
    _ = machine.receive(.opened, draw: 0)
    _ = machine.receive(.ended(after: .seconds(6)), draw: 0)
    #expect(machine.wait == .zero)
  }

  @Test func `a forgotten version lists again, without taking anything away before`() {
    var machine = watching()
    #expect(machine.receive(refusal(410), draw: 0) == .none)
    #expect(machine.step == .list(continuation: nil))
    #expect(machine.wait == .seconds(1))
  }

  @Test func `the server's wait is kept`() {
    var machine = watching()
    _ = machine.receive(refusal(429, retryAfter: .seconds(40)), draw: 0.5)
    #expect(machine.step == .watch(from: "10"))
    #expect(machine.wait == .seconds(40))
    _ = machine.receive(refusal(429), draw: 0)
    #expect(machine.wait == .seconds(2))
  }

  @Test func `what can't be read or is refused for good begins with a list`() {
    for input in [
      .failed(.invalidAnswer("")), .failed(.transport(TransportError(.tooLarge, ""))), refusal(400), refusal(403),
    ]
      as [Machine.Input]
    {
      var machine = watching()
      _ = machine.receive(input, draw: 0)
      #expect(machine.step == .list(continuation: nil))
      #expect(machine.wait > .zero)
    }
  }
}
