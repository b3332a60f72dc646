package import KubernetesObjects

/// The plugins that APISIX has, with the schema of each: what its control API answers to `GET /v1/schema`, or the part of
/// it below `plugins`.
package struct PluginSchemas: Sendable {
  package static let maximumBytes = 8 << 20

  private let schemas: [String: JSONValue]

  /// - Parameter document: its other parts are left alone.
  package init(_ document: JSONValue) throws(PluginSchemasError) {
    guard let plugins = document["plugins"]?.object ?? (document["schema"] == nil ? document.object : nil) else {
      throw PluginSchemasError("has no object \"plugins\"; take what APISIX's control API answers to /v1/schema")
    }
    var schemas: [String: JSONValue] = [:]
    for (name, plugin) in plugins {
      guard let schema = plugin["schema"], schema.object != nil else {
        throw PluginSchemasError("has no schema for \(name.prefix(80)); each plugin is {\"schema\": {…}}")
      }
      schemas[name] = schema
    }
    guard !schemas.isEmpty else { throw PluginSchemasError("has no plugin; take it from an APISIX that has some") }
    self.schemas = schemas
  }

  package init(parsing bytes: [UInt8]) throws(PluginSchemasError) {
    guard bytes.count <= Self.maximumBytes else { throw PluginSchemasError("has more than \(Self.maximumBytes) bytes") }
    let document: JSONValue
    do throws(JSONError) {
      document = try JSONValue(parsing: bytes)
    } catch {
      throw PluginSchemasError("is no JSON: \(error)")
    }
    try self.init(document)
  }

  package var names: [String] { schemas.keys.sorted() }

  /// What the plugin itself would refuse; nil for one that is not known.
  func problems(of plugin: PluginEntry, at path: String) -> [PluginConfigProblem]? {
    schemas[plugin.key.name].map { JSONSchema(root: $0).problems(of: plugin.config, at: path) }
  }

  /// Members that the plugin does not know and would leave alone: misspelt, most likely.
  func strangers(in plugin: PluginEntry) -> [String] {
    guard let schema = schemas[plugin.key.name], let known = JSONSchema(root: schema).members,
      let object = plugin.config.object
    else { return [] }
    return object.keys.filter { !known.contains($0) && $0 != "_meta" }
  }
}

package struct PluginSchemasError: Error, Sendable, Hashable, CustomStringConvertible {
  package var description: String

  init(_ description: String) { self.description = description }
}
