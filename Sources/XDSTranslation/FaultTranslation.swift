import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

/// What a fault becomes.
struct FaultTranslation {
  /// Settings of fault-injection.
  private(set) var injection = JSONObject()
  /// What a request's headers may ask for, which the sidecar's plugin sees to.
  private(set) var asked = JSONObject()

  init(_ fault: ConnectionSettings.Fault, notes: inout Notes) {
    notes.unread(fault)
    if fault.hasResponseRateLimit { notes.add(.faultExtras, "response_rate_limit") }
    if fault.hasMaxActiveFaults { notes.add(.faultExtras, "max_active_faults") }
    guard fault.upstreamCluster.isEmpty, fault.downstreamNodes.isEmpty else {
      notes.add(.faultExtras, "for some clusters or nodes only")
      return
    }
    var only = Expression()
    for matcher in fault.headers {
      switch matcher.condition {
      case .when(let condition): only.add(condition)
      case .always: break
      case .never: return
      case nil:
        notes.add(.faultExtras, "header \(matcher.name) can't be compared")
        return
      }
    }
    if case .headerDelay = fault.delay.faultDelaySecifier {
      asked["delay"] = fault.delay.percentage.limit
    } else if fault.hasDelay {
      injection["delay"] = fault.delaySettings(only, notes: &notes)
    }
    if case .headerAbort = fault.abort.errorType {
      asked["abort"] = fault.abort.percentage.limit
    } else if fault.hasAbort {
      injection["abort"] = fault.abortSettings(only, notes: &notes)
    }
    if !asked.isEmpty, !only.isEmpty { asked["vars"] = only.value }
  }
}

extension Envoy_Type_V3_FractionalPercent {
  /// The most that a request may ask for: it says numerators.
  fileprivate var limit: JSONValue {
    let whole = Fraction.denominator(of: self)
    return ["numerator": .number(JSONNumber(min(Int(numerator), whole))), "denominator": .number(JSONNumber(whole))]
  }
}

extension Envoy_Extensions_Filters_Http_Fault_V3_HTTPFault {
  fileprivate func delaySettings(_ only: Expression, notes: inout Notes) -> JSONValue? {
    guard case .fixedDelay(let duration) = delay.faultDelaySecifier else {
      notes.add(.faultExtras, "a delay of no kind")
      return nil
    }
    let share = Fraction(delay.percentage)
    guard !share.isNone else { return nil }
    var settings: JSONObject = ["duration": Milliseconds(duration).seconds]
    settings["vars"] = Self.conditions(only, share, .delay)
    return .object(settings)
  }

  fileprivate func abortSettings(_ only: Expression, notes: inout Notes) -> JSONValue? {
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
      notes.add(.faultExtras, "an abort of no kind")
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
