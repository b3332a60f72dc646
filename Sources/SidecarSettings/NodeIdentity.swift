package import EnvoyAPI
import SwiftProtobuf

/// Who the sidecar is to a control plane: its node id and metadata, as Istio reads them.
package struct NodeIdentity: Sendable, Hashable {
  package var pod = ""
  package var namespace = "default"
  package var address = "127.0.0.1"
  package var addresses: [String] = []
  package var serviceAccount = ""
  package var nodeName = ""
  package var domain = "cluster.local"
  package var clusterID = "Kubernetes"
  package var meshID = ""
  /// Which of the control plane's generators is to answer; empty: the usual one.
  package var generator = ""
  package var trustDomain = ""

  init() {}

  init(_ get: (String) -> String?) {
    pod = get("POD_NAME") ?? pod
    namespace = get("POD_NAMESPACE") ?? namespace
    addresses = (get("POD_IPS") ?? get("POD_IP") ?? "").split(separator: ",").map(String.init)
    address = get("POD_IP") ?? addresses.first ?? address
    serviceAccount = get("SERVICE_ACCOUNT") ?? serviceAccount
    nodeName = get("NODE_NAME") ?? nodeName
    domain = get("AMESH_CLUSTER_DOMAIN") ?? domain
    clusterID = get("AMESH_CLUSTER_ID") ?? clusterID
    meshID = get("AMESH_MESH_ID") ?? meshID
    generator = get("AMESH_XDS_GENERATOR") ?? generator
    trustDomain = get("AMESH_TRUST_DOMAIN") ?? trustDomain
  }

  static let variables = [
    "AMESH_CLUSTER_DOMAIN", "AMESH_CLUSTER_ID", "AMESH_MESH_ID", "AMESH_TRUST_DOMAIN", "AMESH_XDS_GENERATOR",
    "NODE_NAME",
    "POD_IP", "POD_IPS", "POD_NAME", "POD_NAMESPACE", "SERVICE_ACCOUNT",
  ]

  /// - Parameter labels: of the Pod.
  package func node(labels: [String: String], userAgentVersion: String) -> Envoy_Config_Core_V3_Node {
    .with {
      $0.id = "sidecar~\(address)~\(pod).\(namespace)~\(namespace).svc.\(domain)"
      $0.cluster = "\(labels["app"] ?? "istio-proxy").\(namespace)"
      $0.userAgentName = "amesh"
      $0.userAgentVersion = userAgentVersion
      $0.metadata = metadata(labels)
    }
  }

  private func metadata(_ labels: [String: String]) -> Google_Protobuf_Struct {
    var fields: [String: Google_Protobuf_Value] = [
      "CLUSTER_ID": Google_Protobuf_Value(stringValue: clusterID),
      "INTERCEPTION_MODE": Google_Protobuf_Value(stringValue: "REDIRECT"),
      "LABELS": Google_Protobuf_Value(
        structValue: .with { $0.fields = labels.mapValues { Google_Protobuf_Value(stringValue: $0) } }
      ),
      "NAME": Google_Protobuf_Value(stringValue: pod),
      "NAMESPACE": Google_Protobuf_Value(stringValue: namespace),
    ]
    let optional = [
      "GENERATOR": generator, "INSTANCE_IPS": addresses.joined(separator: ","), "MESH_ID": meshID,
      "NODE_NAME": nodeName,
      "SERVICE_ACCOUNT": serviceAccount, "TRUST_DOMAIN": trustDomain,
    ]
    for (key, text) in optional where !text.isEmpty { fields[key] = Google_Protobuf_Value(stringValue: text) }
    return .with { $0.fields = fields }
  }
}
