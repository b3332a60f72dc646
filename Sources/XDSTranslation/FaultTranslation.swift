import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

extension Envoy_Extensions_Filters_Http_Fault_V3_HTTPFault {
  /// Settings of fault-injection; nil if nothing is left of the fault.
  func plugin(notes: inout Notes) -> JSONValue? {
    notes.unread(self)
    if hasResponseRateLimit { notes.add(.faultExtras, "response_rate_limit") }
    if hasMaxActiveFaults { notes.add(.faultExtras, "max_active_faults") }
    guard upstreamCluster.isEmpty, downstreamNodes.isEmpty else {
      notes.add(.faultExtras, "for some clusters or nodes only")
      return nil
    }
    var only = Expression()
    for matcher in headers {
      switch matcher.condition {
      case .when(let condition): only.add(condition)
      case .always: break
      case .never: return nil
      case nil:
        notes.add(.faultExtras, "header \(matcher.name) can't be compared")
        return nil
      }
    }
    var plugin = JSONObject()
    if hasDelay { plugin["delay"] = delaySettings(only, notes: &notes) }
    if hasAbort { plugin["abort"] = abortSettings(only, notes: &notes) }
    return plugin.isEmpty ? nil : .object(plugin)
  }

  private func delaySettings(_ only: Expression, notes: inout Notes) -> JSONValue? {
    guard case .fixedDelay(let duration) = delay.faultDelaySecifier else {
      notes.add(.headerFault)
      return nil
    }
    let share = Fraction(delay.percentage)
    guard !share.isNone else { return nil }
    var settings: JSONObject = ["duration": Milliseconds(duration).seconds]
    settings["vars"] = Self.conditions(only, share, .delay)
    return .object(settings)
  }

  private func abortSettings(_ only: Expression, notes: inout Notes) -> JSONValue? {
    let share = Fraction(abort.percentage)
    guard !share.isNone else { return nil }
    var settings = JSONObject()
    switch abort.errorType {
    case .httpStatus(let status):
      if status < 200 { notes.add(.responseStatus, "a fault's \(status)") }
      settings["http_status"] = .number(JSONNumber(status < 200 ? 503 : Int(min(status, 599))))
    case .grpcStatus(let status):
      settings["http_status"] = 200
      settings["headers"] = ["content-type": "application/grpc", "grpc-status": .string(String(status))]
    case .headerAbort, nil:
      notes.add(.headerFault)
      return nil
    }
    settings["body"] = "fault filter abort"
    if case .grpcStatus = abort.errorType {
      settings["body"] = ""
      settings["headers"]?["grpc-message"] = "fault filter abort"
    }
    settings["vars"] = Self.conditions(only, share, .abort)
    return .object(settings)
  }

  /// A list of alternatives, of which we have one.
  private static func conditions(_ only: Expression, _ share: Fraction, _ use: Fraction.Use) -> JSONValue? {
    var all = only
    all.add(share.condition(use))
    return all.isEmpty ? nil : [all.value]
  }
}
