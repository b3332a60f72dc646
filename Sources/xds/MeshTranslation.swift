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
