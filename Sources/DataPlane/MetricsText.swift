import FoundationEssentials
import Observability
import RoutePlugins
import SidecarIdentity
import XDSClient
import XDSProtocol

/// A data plane's own metrics.
package enum MetricsText {
  package static func of(_ status: DataPlaneStatus) -> String {
    var text = ""
    add("amesh_xds_connected", .gauge, "Whether a stream to a control plane is open.", to: &text) {
      [("", status.stream.source == nil ? 0 : 1)]
    }
    add("amesh_xds_connections_total", .counter, "Streams that were opened.", to: &text) {
      [("", status.stream.connections)]
    }
    add("amesh_xds_responses_total", .counter, "Responses of control planes.", to: &text) {
      [("", status.stream.responses)]
    }
    add("amesh_xds_resources", .gauge, "Resources of the mesh by type and state.", to: &text) {
      status.stream.types.flatMap { type in
        [("received", type.received), ("applied", type.applied), ("waiting", type.waiting), ("refused", type.refused)]
          .map {
            (labels([("state", $0.0), ("type", shortName(type.typeURL))]), $0.1)
          }
      }
    }
    add("amesh_translation_remarks", .gauge, "Places that APISIX does not do as Envoy would, by feature.", to: &text) {
      Dictionary(status.remarks.map { ($0.feature, $0.count) }, uniquingKeysWith: +).sorted { $0.key < $1.key }
        .map { (labels([("feature", $0.key)]), $0.value) }
    }
    add("amesh_plugins_connected", .gauge, "Whether a stream of plugins is open.", to: &text) {
      [("", status.plugins.source == nil ? 0 : 1)]
    }
    add("amesh_plugins_configs", .gauge, "Plugin configurations that are in force here.", to: &text) {
      [("", status.plugins.parts.count)]
    }
    add("amesh_plugins_refused", .gauge, "Plugins that the mesh's own settings keep from some routes.", to: &text) {
      [("", status.plugins.effects.count { !$0.refusals.isEmpty })]
    }
    add("amesh_apisix_objects", .gauge, "Objects that APISIX is configured with.", to: &text) {
      [("", status.sink.objects)]
    }
    add("amesh_apisix_ready", .gauge, "Whether APISIX has had a complete configuration.", to: &text) {
      [("", status.sink.hasConfiguration ? 1 : 0)]
    }
    add("amesh_apisix_changes_total", .counter, "Changes of the configuration's version.", to: &text) {
      [("", status.sink.changes)]
    }
    add("amesh_apisix_failed_writes_total", .counter, "Writes to the shared dictionaries that failed.", to: &text) {
      [("", status.sink.failedWrites)]
    }
    if let security = status.security { add(security, to: &text) }
    return text
  }

  private static func add(_ security: SecurityStatus, to text: inout String) {
    let identity = security.identity
    add("amesh_svid_connected", .gauge, "Whether a stream to the identity server is open.", to: &text) {
      [("", identity.isConnected ? 1 : 0)]
    }
    add(
      "amesh_svid_expiry_seconds",
      .gauge,
      "When this workload's certificate ends, Unix time; 0: there is none.",
      to: &text
    ) {
      [("", identity.certificate.map { Int($0.notAfter.timeIntervalSince1970) } ?? 0)]
    }
    add("amesh_svid_renewals_total", .counter, "Certificates that took the place of another one.", to: &text) {
      [("", identity.figures.renewals)]
    }
    add("amesh_svid_refusals_total", .counter, "Secrets of the identity server that could not be used.", to: &text) {
      [("", identity.figures.refusals)]
    }
    add("amesh_peers", .gauge, "Addresses that are sent to, by what is known of them.", to: &text) {
      [
        ("peer", identity.peers), ("unknown", identity.unknownAddresses),
        ("outside", max(0, identity.wantedAddresses - identity.peers - identity.unknownAddresses)),
      ].map { (labels([("standing", $0.0)]), $0.1) }
    }
    add("amesh_upstreams", .gauge, "Upstreams with addresses of the network, by how they are reached.", to: &text) {
      [
        ("mutual", security.upstreams.mutual), ("plain", security.upstreams.plain),
        ("refused", security.upstreams.refused),
      ].map { (labels([("security", $0.0)]), $0.1) }
    }
  }

  private static func add(
    _ name: String,
    _ kind: MetricKind,
    _ help: String,
    to text: inout String,
    samples: () -> [(labels: String, value: Int)]
  ) {
    text += PrometheusText.header(name: name, kind: kind, help: help)
    for sample in samples() { text += PrometheusText.sample(name, sample.labels, "\(sample.value)") }
  }

  private static func labels(_ dimensions: [(String, String)]) -> String { PrometheusText.labels(dimensions) }

  private static func shortName(_ typeURL: String) -> String {
    typeURL.split { $0 == "." || $0 == "/" }.last.map(String.init) ?? typeURL
  }
}
