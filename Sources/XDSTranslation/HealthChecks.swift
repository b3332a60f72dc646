import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

extension Envoy_Config_Cluster_V3_Cluster {
  /// Active checks as they are asked for; passive ones, which APISIX only has beside active, for outlier detection.
  func checks(notes: inout Notes) -> JSONValue? {
    var checks = JSONObject()
    if let check = healthChecks.first { checks["active"] = check.active(notes: &notes) }
    if hasOutlierDetection, let failures = outlierDetection.failures {
      notes.add(.outlierDetection)
      if checks["active"] == nil {
        let interval =
          outlierDetection.hasBaseEjectionTime ? Milliseconds(outlierDetection.baseEjectionTime) : .ejection
        checks["active"] = [
          "type": "tcp",
          "healthy": ["interval": .number(JSONNumber(interval.wholeSeconds)), "successes": 1],
          "unhealthy": ["interval": .number(JSONNumber(interval.wholeSeconds))],
        ]
      }
      checks["passive"] = [
        "type": "http",
        "unhealthy": [
          "http_statuses": .array(failures.statuses.map { .number(JSONNumber($0)) }),
          "http_failures": .number(JSONNumber(failures.count)),
          "tcp_failures": .number(JSONNumber(failures.count)),
          "timeouts": .number(JSONNumber(failures.count)),
        ],
      ]
    }
    return checks.isEmpty ? nil : .object(checks)
  }
}

extension Milliseconds {
  /// Envoy's default.
  fileprivate static let ejection = Milliseconds(count: 30_000)
}

extension Envoy_Config_Cluster_V3_OutlierDetection {
  /// What ejects an endpoint; nil if nothing does. Envoy ejects at five failures of any kind by default.
  fileprivate var failures: (count: Int, statuses: [Int])? {
    let anyError = enforcingConsecutive5Xx.value > 0 || !hasEnforcingConsecutive5Xx
    if anyError {
      let count = hasConsecutive5Xx ? consecutive5Xx.value : 5
      if count > 0 { return (Int(min(count, 254)), [500, 501, 502, 503, 504, 505]) }
    }
    guard hasConsecutiveGatewayFailure, consecutiveGatewayFailure.value > 0 else { return nil }
    return (Int(min(consecutiveGatewayFailure.value, 254)), [502, 503, 504])
  }
}

extension Envoy_Config_Core_V3_HealthCheck {
  fileprivate func active(notes: inout Notes) -> JSONValue {
    var active = JSONObject()
    switch healthChecker {
    case .httpHealthCheck(let http):
      active["type"] = "http"
      active["http_path"] = .string(http.path.isEmpty ? "/" : http.path)
      if !http.host.isEmpty,
        http.host.utf8.allSatisfy({ RequestVariable.isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E })
      {
        active["host"] = .string(http.host)
      }
    case .tcpHealthCheck(let tcp):
      active["type"] = "tcp"
      if tcp.hasSend || !tcp.receive.isEmpty { notes.add(.grpcHealthCheck) }
    case .grpcHealthCheck, nil:
      active["type"] = "tcp"
      notes.add(.grpcHealthCheck)
    }
    let healthy = JSONNumber(Milliseconds(interval).wholeSeconds)
    let unhealthy = JSONNumber(
      (hasUnhealthyInterval ? Milliseconds(unhealthyInterval) : Milliseconds(interval)).wholeSeconds
    )
    let failures = JSONNumber(Int(min(max(1, unhealthyThreshold.value), 254)))
    let seconds = Milliseconds(timeout)
    if !seconds.isZero { active["timeout"] = seconds.seconds }
    active["healthy"] = [
      "interval": .number(healthy),
      "successes": .number(JSONNumber(Int(min(max(1, healthyThreshold.value), 254)))),
    ]
    active["unhealthy"] = [
      "interval": .number(unhealthy), "http_failures": .number(failures), "tcp_failures": .number(failures),
      "timeouts": .number(failures),
    ]
    return .object(active)
  }
}
