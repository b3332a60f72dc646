import KubernetesObjects
import PluginConfiguration
import Testing

@Suite struct PluginConfigStatusTests {
  private let key = PluginConfigKey(namespace: "shop", name: "a")

  private func condition(_ status: JSONValue, _ type: String) -> JSONValue? {
    status["conditions"]?.array?.first { $0["type"]?.string == type }
  }

  @Test func `all sidecars have it`() {
    var facts = PluginConfigFacts(generation: 2)
    facts.selected = 3
    facts.acknowledged = 3
    let status = PluginConfigStatus.status(of: key, facts, previous: nil, now: "T")
    #expect(status["observedGeneration"]?.integer == 2)
    #expect(status["sidecars"]?.string == "3/3")
    #expect(condition(status, "Accepted")?["status"]?.string == "True")
    #expect(condition(status, "Programmed")?["status"]?.string == "True")
    #expect(condition(status, "Programmed")?["message"]?.string == "3 selected sidecars have it in force")
    #expect(condition(status, "Conflicted")?["status"]?.string == "False")
  }

  @Test(
    arguments: [
      ([], ""), (["cors"], "cors"), (["a", "b", "c"], "a,b,c"), (["a", "b", "c", "d", "e"], "a,b,c,+2"),
    ] as [([String], String)]
  ) func `plugins fit into a column`(_ names: [String], _ expected: String) {
    var facts = PluginConfigFacts(generation: 1)
    facts.plugins = names
    #expect(PluginConfigStatus.status(of: key, facts, previous: nil, now: "T")["plugins"]?.string == expected)
  }

  @Test func `a time stays until its condition turns`() {
    var facts = PluginConfigFacts(generation: 1)
    facts.selected = 2
    let first = PluginConfigStatus.status(of: key, facts, previous: nil, now: "1")
    facts.acknowledged = 1
    let second = PluginConfigStatus.status(of: key, facts, previous: first, now: "2")
    #expect(condition(second, "Programmed")?["lastTransitionTime"]?.string == "1")
    #expect(condition(second, "Programmed")?["message"]?.string == "1 of 2 selected sidecars have it in force")
    facts.acknowledged = 2
    let third = PluginConfigStatus.status(of: key, facts, previous: second, now: "3")
    #expect(condition(third, "Programmed")?["lastTransitionTime"]?.string == "3")
    #expect(condition(third, "Accepted")?["lastTransitionTime"]?.string == "1")
  }

  @Test func `what is in the way is told`() {
    var facts = PluginConfigFacts(generation: 1)
    #expect(reason(facts) == "NoSidecars")
    facts.selected = 2
    #expect(reason(facts) == "Pending")
    facts.acknowledged = 2
    facts.refused = 1
    facts.refusal = "no"
    #expect(reason(facts) == "PartlyRefused")
    facts.problems = [PluginConfigProblem("spec", String(repeating: "x", count: 5000))]
    #expect(reason(facts) == "Invalid")
    let status = PluginConfigStatus.status(of: key, facts, previous: nil, now: "")
    #expect(condition(status, "Accepted")?["message"]?.string?.count ?? 0 <= PluginConfigStatus.longestMessage)
  }

  private func reason(_ facts: PluginConfigFacts) -> String? {
    condition(PluginConfigStatus.status(of: key, facts, previous: nil, now: ""), "Programmed")?["reason"]?.string
  }
}
