package import KubernetesObjects

/// One key of the configuration: how it is read and printed, and what it means. The list of settings is the schema:
/// reading, unknown keys, environment variables, the effective configuration and the reference all come from it.
package struct Setting: Sendable {
  package let path: [String]
  /// For a person: what values it takes.
  package let type: String
  package let documentation: String
  /// Whether it is one value or a list of such, which a variable or flag can hold.
  package let isScalar: Bool

  let read: @Sendable (SourcedValue, inout Configuration, inout Findings) -> Void
  private let encode: @Sendable (Configuration) -> JSONValue

  init<Value: Sendable>(
    _ key: String,
    _ keyPath: any WritableKeyPath<Configuration, Value> & Sendable,
    _ type: SettingType<Value>,
    _ documentation: String
  ) {
    path = key.split(separator: ".").map(String.init)
    self.type = type.name
    self.documentation = documentation
    isScalar = type.isScalar
    read = { value, configuration, findings in
      guard let decoded = type.decode(value, key, &findings) else { return }
      configuration[keyPath: keyPath] = decoded
    }
    encode = { type.encode($0[keyPath: keyPath]) }
  }

  package var key: String { path.joined(separator: ".") }

  /// Whether a change takes effect without a restart.
  package var isLive: Bool { isOfMesh && !Self.readAtStart.contains(key) }

  /// Whether it says what the mesh is.
  var isOfMesh: Bool { path.first == "mesh" }

  /// Of the mesh, but the certificate authority and the names of objects are made for them.
  private static let readAtStart: Set = ["mesh.trustDomain", "mesh.controlPlane.namespace", "mesh.revision"]

  /// `AMESH_` and the key in capitals: `mesh.trustDomain` is `AMESH_MESH_TRUST_DOMAIN`.
  package var environmentVariable: String {
    var name = "AMESH"
    for part in path {
      name += "_"
      var wasLowercase = false
      for character in part {
        if character.isUppercase, wasLowercase { name += "_" }
        wasLowercase = character.isLowercase
        name += character == "-" ? "_" : character.uppercased()
      }
    }
    return name
  }

  /// The setting's value in a configuration.
  package func value(in configuration: Configuration) -> JSONValue { encode(configuration) }

  package static let all: [Setting] =
    meshSettings + injectionSettings + serverSettings + identitySettings + pluginSettings
}
