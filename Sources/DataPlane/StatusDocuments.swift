import FoundationEssentials
import KubernetesObjects
import SPIFFE
import SidecarIdentity
import SidecarSettings
package import XDSClient
import XDSProtocol

/// The documents of `/debug`.
package enum StatusDocuments {
  package static func status(_ status: DataPlaneStatus) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("ready", status.sink.hasConfiguration)
      writer.member("complete", status.stream.isReady)
      writer.member("settled", status.sink.isSettled)
      writer.member("version", status.sink.version.map { "\($0)" } ?? "")
      writer.member("objects", status.sink.objects)
      writer.member("source", status.stream.source?.description ?? "")
      writer.member("protocol", status.stream.variant == .delta ? "delta" : "sotw")
      writer.member("lastFailure", status.stream.lastFailure ?? "")
      writer.member("lastWriteError", status.sink.lastError ?? "")
      writer.member("refused", status.stream.refusals.count)
      writer.member("remarks", status.remarks.count)
      if let security = status.security {
        writer.key("mtls")
        writer.object { writer in write(security, to: &writer) }
      }
    }
    return writer.bytes
  }

  private static func write(_ security: SecurityStatus, to writer: inout JSONWriter) {
    let identity = security.identity
    writer.member("mode", security.mode.rawValue)
    writer.member("connected", identity.isConnected)
    writer.member("identity", identity.certificate?.identity.description ?? "")
    writer.member("notAfter", identity.certificate.map { $0.notAfter.formatted(.iso8601) } ?? "")
    writer.member("roots", identity.roots)
    writer.member("renewals", identity.figures.renewals)
    writer.member("addresses", identity.wantedAddresses)
    writer.member("unknownAddresses", identity.unknownAddresses)
    writer.member("peers", identity.peers)
    writer.member("mutualUpstreams", security.upstreams.mutual)
    writer.member("plainUpstreams", security.upstreams.plain)
    writer.member("refusedUpstreams", security.upstreams.refused)
    writer.member("lacksNames", security.lacksNames)
    writer.member("lastFailure", identity.lastFailure ?? "")
  }

  package static func xds(_ status: XDSClientStatus) -> [UInt8] {
    var writer = JSONWriter()
    writer.array { writer in
      for type in status.types {
        writer.object { writer in
          writer.member("type", type.typeURL)
          writer.member("received", type.received)
          writer.member("applied", type.applied)
          writer.member("waiting", type.waiting)
          writer.member("refused", type.refused)
          writer.member("subscribed", type.subscribed)
        }
      }
    }
    return writer.bytes
  }

  /// What the control plane has sent and APISIX does not do: refused resources, then remarks of the translation.
  package static func rejected(_ status: DataPlaneStatus) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member(
        "refused",
        array: { writer in
          for refusal in status.stream.refusals {
            writer.object { writer in
              writer.member("type", refusal.resource.typeURL)
              writer.member("name", refusal.resource.name)
              writer.member("version", refusal.version)
              writer.member("reason", refusal.reason)
            }
          }
        }
      )
      writer.member(
        "remarks",
        array: { writer in
          for remark in status.remarks {
            writer.object { writer in
              writer.member("feature", remark.feature)
              writer.member("message", remark.message)
              writer.member("count", remark.count)
              writer.member(
                "resources",
                array: { writer in
                  for resource in remark.resources { writer.string(resource) }
                }
              )
            }
          }
        }
      )
    }
    return writer.bytes
  }

  /// Objects as APISIX has them.
  package static func objects(_ objects: [(key: String, value: [UInt8])]) -> [UInt8] {
    var writer = JSONWriter()
    writer.array { writer in for object in objects { writer.raw(object.value) } }
    return writer.bytes
  }
}
