import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

extension Envoy_Config_Cluster_V3_Cluster {
  /// Active checks as they are asked for; passive ones, which APISIX only has beside active, for outlier detection.
  func checks(notes: inout Notes) -> JSONValue? {
    var checks = JSONObject()
    if let check = healthChecks.first { checks["active"] = check.active(notes: &notes) }
    if healthChecks.count > 1 { notes.add(.unreadField, "health_checks of Cluster after the first") }
    if hasOutlierDetection {
      notes.add(.outlierDetection)
      notes.unread(outlierDetection)
    }
    if hasOutlierDetection, let failures = outlierDetection.failures(notes: &notes) {
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
  /// Those of gateways only do if it is said.
  fileprivate func failures(notes: inout Notes) -> (count: Int, statuses: [Int])? {
    let any = hasConsecutive5Xx ? consecutive5Xx.value : 5
    let anyShare = hasEnforcingConsecutive5Xx ? enforcingConsecutive5Xx.value : 100
    let gateway = hasConsecutiveGatewayFailure ? consecutiveGatewayFailure.value : 5
    let gatewayShare = enforcingConsecutiveGatewayFailure.value
    let (ejectsAny, ejectsGateway) = (any > 0 && anyShare > 0, gateway > 0 && gatewayShare > 0)
    if ejectsAny && anyShare < 100 || ejectsGateway && gatewayShare < 100 {
      notes.add(.outlierDetection, "enforced always, not for a share")
    }
    if ejectsAny, ejectsGateway, any != gateway {
      notes.add(.outlierDetection, "consecutive_gateway_failure beside consecutive_5xx is left out")
    }
    if ejectsAny { return (Int(min(any, 254)), [500, 501, 502, 503, 504, 505]) }
    return ejectsGateway ? (Int(min(gateway, 254)), [502, 503, 504]) : nil
  }
}

extension Envoy_Config_Core_V3_HealthCheck {
  fileprivate func active(notes: inout Notes) -> JSONValue {
    var active = JSONObject()
    notes.unread(self)
    switch healthChecker {
    case .httpHealthCheck(let http):
      notes.unread(http)
      if !http.requestHeadersToAdd.isEmpty {
        notes.add(.unreadField, "request_headers_to_add of HttpHealthCheck")
      }
      active["type"] = "http"
      active["http_path"] = .string(http.path.isEmpty ? "/" : http.path)
      if !http.host.isEmpty,
        http.host.utf8.allSatisfy({ RequestVariable.isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E })
      {
        active["host"] = .string(http.host)
      } else if !http.host.isEmpty {
        notes.add(.unreadField, "host of HttpHealthCheck: \(http.host)")
      }
    case .tcpHealthCheck(let tcp):
      active["type"] = "tcp"
      notes.unread(tcp)
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
