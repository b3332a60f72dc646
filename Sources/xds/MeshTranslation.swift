import APISIXSink
import DataPlane
import KubernetesObjects
import MeshResources
import XDSProtocol
import XDSTranslation

/// The translation, in the data plane's terms.
struct MeshTranslation: ObjectTranslation {
  private var translator = Translator()

  mutating func apply(_ change: XDSChange<MeshResource>) -> DictionaryDelta {
    let changes = translator.apply(ResourceChanges(change))
    var delta = DictionaryDelta()
    for object in changes.set {
      var writer = JSONWriter()
      writer.value(object.value)
      delta.settings[object.key.path] = writer.bytes
    }
    for key in changes.removed { delta.removals.insert(key.path) }
    return delta
  }

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

extension ResourceChanges {
  fileprivate init(_ change: XDSChange<MeshResource>) {
    self.init()
    for setting in change.settings {
      switch setting.content {
      case .listener(let listener): listeners.set.append(listener)
      case .routes(let configuration): routes.set.append(configuration)
      case .cluster(let cluster): clusters.set.append(cluster)
      case .endpoints(let assignment): endpoints.set.append(assignment)
      }
    }
    for removal in change.removals {
      switch MeshResourceType(rawValue: removal.typeURL) {
      case .listener: listeners.removed.append(removal.name)
      case .routes: routes.removed.append(removal.name)
      case .cluster: clusters.removed.append(removal.name)
      case .endpoints: endpoints.removed.append(removal.name)
      case nil: continue
      }
    }
  }
}
