package import APISIXSink
package import MeshResources
package import PluginConfiguration
package import RoutePlugins
package import XDSProtocol

/// What makes APISIX's objects of a mesh's resources.
package protocol ObjectTranslation: Sendable {
  /// The objects that change with these resources. Costs what the change is large, not the mesh.
  mutating func apply(_ change: XDSChange<MeshResource>) -> DictionaryDelta

  /// The routes that change with another set of plugins.
  mutating func apply(_ parts: [PluginSet.Part]) -> DictionaryDelta

  /// What plugins apply where.
  var plugins: RoutePlugins { get }

  /// What could not be said in APISIX's terms, for people.
  var remarks: [TranslationRemark] { get }
}

package struct TranslationRemark: Sendable, Hashable {
  /// The feature, in few words: one counter for each.
  package var feature: String
  package var message: String
  /// Of the resources that have it; the first few.
  package var resources: [String]
  package var count: Int

  package init(feature: String, message: String, resources: [String], count: Int) {
    self.feature = feature
    self.message = message
    self.resources = resources
    self.count = count
  }
}
