import APISIXSink
import DataPlane
import KubernetesObjects
import MeshResources
import PluginConfiguration
import RoutePlugins
import XDSProtocol
import XDSTranslation

/// The translation, in the data plane's terms.
struct MeshTranslation: ObjectTranslation {
  private var translator = Translator()
  private(set) var plugins: RoutePlugins

  /// - Parameter available: plugins that APISIX has switched on; nil: not known.
  init(available: Set<String>?) { plugins = RoutePlugins(available: available) }

  mutating func apply(_ change: XDSChange<MeshResource>) -> DictionaryDelta {
    let changes = translator.apply(ResourceChanges(change))
    var objects: [RoutePlugins.Change] = changes.set.map { ($0.key.path, $0.value) }
    objects += changes.removed.map { ($0.path, Optional.none) }
    return DictionaryDelta(plugins.take(objects))
  }

  mutating func apply(_ parts: [PluginSet.Part]) -> DictionaryDelta { DictionaryDelta(plugins.replace(parts)) }

  var remarks: [TranslationRemark] {
    translator.findings.map {
      TranslationRemark(
        feature: $0.feature.rawValue,
        message: $0.message,
        resources: $0.resources,
        count: $0.count
      )
    }
  }
}

extension DictionaryDelta {
  fileprivate init(_ changes: [RoutePlugins.Change]) {
    self.init()
    for (path, value) in changes {
      guard let value else {
        removals.insert(path)
        continue
      }
      var writer = JSONWriter()
      writer.value(value)
      settings[path] = writer.bytes
    }
  }
}
