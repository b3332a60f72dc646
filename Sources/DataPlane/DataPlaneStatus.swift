import FoundationEssentials
import SidecarIdentity
package import XDSClient

/// What a data plane is at, at one moment.
package struct DataPlaneStatus: Sendable {
  package var stream: XDSClientStatus
  package var sink: SinkStatus
  package var remarks: [TranslationRemark]
  /// Nil where there is no mutual TLS.
  package var security: SecurityStatus?
  package var plugins: PluginStatus

  package init(
    stream: XDSClientStatus,
    sink: SinkStatus,
    remarks: [TranslationRemark],
    plugins: PluginStatus = PluginStatus()
  ) {
    self.plugins = plugins
    self.stream = stream
    self.sink = sink
    self.remarks = remarks
  }
}
