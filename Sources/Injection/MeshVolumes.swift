import KubernetesObjects

/// The volumes that the sidecar adds; the same in every Pod of a mesh.
struct MeshVolumes {
  /// Name and serialised volume.
  let volumes: [(name: String, json: [UInt8])]
  let names: [String]
  /// The patch operations that add them all to a Pod with volumes of its own, without the brackets of the list.
  let additions: [UInt8]

  init(token: MeshSettings.Token) {
    let mode: JSONValue = 420
    let values: [(String, JSONValue)] = [
      (
        MeshNames.tokenVolume,
        [
          "projected": [
            "defaultMode": mode,
            "sources": [
              [
                "serviceAccountToken": [
                  "audience": .string(token.audience),
                  "expirationSeconds": .number(JSONNumber(token.expirationSeconds)),
                  "path": "token",
                ]
              ]
            ],
          ]
        ]
      ),
      (
        MeshNames.rootVolume,
        ["configMap": ["defaultMode": mode, "name": .string(MeshNames.trustBundleConfigMap)]]
      ),
      (
        MeshNames.podInfoVolume,
        [
          "downwardAPI": [
            "defaultMode": mode,
            "items": [Self.item("labels", "metadata.labels"), Self.item("annotations", "metadata.annotations")],
          ]
        ]
      ),
      (MeshNames.runVolume, ["emptyDir": [:]]),
      (MeshNames.noAPITokenVolume, ["emptyDir": [:]]),
    ]
    volumes = values.map { name, source in
      let members = [("name", JSONValue.string(name))] + (source.object.map { Array($0) } ?? [])
      return (name, JSONValue.object(JSONObject(members)).serialized())
    }
    names = volumes.map(\.name)
    var patch = PatchWriter()
    for volume in volumes { patch.add("/spec/volumes/-", volume.json) }
    additions = Array(patch.serialized().dropFirst().dropLast())
  }

  private static func item(_ path: String, _ fieldPath: String) -> JSONValue {
    ["fieldRef": ["apiVersion": "v1", "fieldPath": .string(fieldPath)], "path": .string(path)]
  }
}
