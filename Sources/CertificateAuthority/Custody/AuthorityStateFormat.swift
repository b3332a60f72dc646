import KubernetesObjects
import SPIFFE

/// The authority's state as JSON, for custodies that keep bytes. It holds private keys.
package enum AuthorityStateFormat {
  package static let version = 1
  /// Far more than the largest state that is sound.
  package static let maximumBytes = 512 * 1024

  package static func encode(_ state: AuthorityState) -> [UInt8] {
    let value: JSONValue = [
      "version": .number(JSONNumber(version)),
      "generation": .number(JSONNumber(state.generation)),
      "trustDomain": .string(state.trustDomain.name),
      "roots": .array(state.roots.map(encode)),
      "intermediates": .array(state.intermediates.map(encode)),
    ]
    return value.serialized(indent: 2)
  }

  private static func encode(_ root: AuthorityRoot) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("id", .string(root.id.rawValue)),
      ("certificate", .string(PEM.text(label: "CERTIFICATE", derBytes: root.certificate.derEncoded))),
    ]
    switch root.key {
    case .pem(let secret):
      members.append(("key", ["pem": .string(secret.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })]))
    case .uri(let uri): members.append(("key", ["uri": .string(uri)]))
    case nil: break
    }
    members.append(("prepared", encode(root.prepared)))
    if let stamp = root.activated { members.append(("activated", encode(stamp))) }
    if let stamp = root.superseded { members.append(("superseded", encode(stamp))) }
    if let stamp = root.retired { members.append(("retired", encode(stamp))) }
    return .object(JSONObject(members))
  }

  private static func encode(_ record: IntermediateRecord) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("id", .string(record.id.rawValue)),
      ("root", .string(record.root.rawValue)),
      ("replica", .string(record.replica)),
      ("notAfter", .string(Timestamp.text(record.notAfter))),
      ("leafCap", .number(JSONNumber(record.leafCap))),
      ("recorded", encode(record.recorded)),
    ]
    if let stamp = record.dropped { members.append(("dropped", encode(stamp))) }
    return .object(JSONObject(members))
  }

  private static func encode(_ stamp: Stamp) -> JSONValue {
    ["generation": .number(JSONNumber(stamp.generation)), "time": .string(Timestamp.text(stamp.time))]
  }
}
