import ControlPlane
import CoreMetrics
import Foundation
import MeshAuthority

/// How the authority and its cluster are, as gauges: asked with each scrape, so none is older than that.
struct AuthorityGauges: Sendable {
  let authority: MeshAuthority
  let figures: (@Sendable () -> ClusterFigures)?
  let factory: any MetricsFactory

  func record() {
    // A gauge that is made says 0, so what is not known yet makes none.
    if let last = authority.lastGoodLook {
      gauge("amesh_authority_last_look_timestamp_seconds").record(last.timeIntervalSince1970)
    }
    gauge("amesh_rotation_holds").record(authority.holds.count)
    guard let figures = figures?() else { return }
    gauge("amesh_leader").record(figures.leads ? 1 : 0)
    gauge("amesh_bundle_namespaces").record(figures.namespaces)
    gauge("amesh_bundle_namespaces_behind").record(figures.behind)
    gauge("amesh_bundle_namespaces_forbidden").record(figures.forbidden)
    if let isRight = figures.isWebhookRight { gauge("amesh_webhook_ca_bundle_right").record(isRight ? 1 : 0) }
  }

  private func gauge(_ name: String) -> Gauge { Gauge(label: name, dimensions: [], factory: factory) }
}
