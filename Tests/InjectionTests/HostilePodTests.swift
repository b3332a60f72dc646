import AmeshTesting
import Injection
import KubernetesObjects
import Testing

/// Input that no API server would send must get an answer too.
@Suite struct HostilePodTests {
  static let kinds: [JSONValue] = [
    .null, true, -1, "", "text", [], [.null], [[:]], ["x"], [:], ["name": "amesh-proxy"], [["name": "amesh-init"]],
    .number(JSONNumber(spelling: "1e999999") ?? JSONNumber(0)), 9_223_372_036_854_775_807, -9_223_372_036_854_775_808,
  ]

  @Test(arguments: Array(UInt64(1)...24)) func `a value of any kind in any place is answered`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var pods = RandomPod(seed: seed)
    for round in 0..<20 {
      var pod = pods.next()
      if round % 2 == 0 { pod = try RandomPodTests.inject(pod, 33).applied(to: pod) }
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        pod = Self.mutated(pod, Self.kinds.randomElement(using: &random) ?? .null, &random)
      }
      for minor in [20, 33] {
        let outcome = try RandomPodTests.inject(pod, minor)
        guard outcome.verdict == .injected else { continue }
        let result = try outcome.applied(to: pod)
        let again = try RandomPodTests.inject(result, minor)
        #expect(again.verdict == .injected, "\(again.message) \(RandomPodTests.text(pod))")
        #expect(again.patch.map { String(decoding: $0, as: UTF8.self) } == nil, "\(RandomPodTests.text(pod))")
        _ = Uninjector.uninject(result)
      }
      _ = Uninjector.uninject(pod)
    }
  }

  @Test func `a Pod cut off anywhere is refused by the parser, not by a trap`() throws {
    var pods = RandomPod(seed: 7)
    let bytes = pods.next().serialized()
    for end in 0..<bytes.count {
      #expect(throws: JSONError.self) { try JSONDocument(parsing: Array(bytes[..<end])) }
    }
  }

  /// The value with something else at a place that chance chooses.
  private static func mutated(_ value: JSONValue, _ other: JSONValue, _ random: inout SeededRandom) -> JSONValue {
    if Int.random(in: 0..<12, using: &random) == 0 { return other }
    switch value {
    case .object(var object):
      guard let key = object.keys.randomElement(using: &random), let member = object[key] else { return other }
      object[key] = mutated(member, other, &random)
      return .object(object)
    case .array(var elements):
      guard let index = elements.indices.randomElement(using: &random) else { return other }
      elements[index] = mutated(elements[index], other, &random)
      return .array(elements)
    default: return other
    }
  }
}
