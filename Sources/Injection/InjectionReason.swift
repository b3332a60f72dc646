/// The row of the decision's truth table that applied. Raw values are labels of metrics and audit annotations.
package enum InjectionReason: String, Sendable, CaseIterable {
  case podEnabled = "pod-enabled"
}
