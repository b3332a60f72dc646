/// Objects, and what has become of them since changes were taken last.
struct ObjectStore: Sendable {
  private var objects: [APISIXObject.Key: APISIXObject] = [:]
  /// What was there before, of those that were touched.
  private var former: [APISIXObject.Key: APISIXObject?] = [:]

  var all: [APISIXObject] { objects.keys.sorted().compactMap { objects[$0] } }

  mutating func set(_ object: APISIXObject) {
    remember(object.key)
    objects[object.key] = object
  }

  mutating func remove(_ key: APISIXObject.Key) {
    remember(key)
    objects[key] = nil
  }

  private mutating func remember(_ key: APISIXObject.Key) {
    if former[key] == nil { former.updateValue(objects[key], forKey: key) }
  }

  mutating func takeChanges() -> ObjectChanges {
    var changes = ObjectChanges()
    var changed: [APISIXObject.Key] = []
    for (key, before) in former {
      if let object = objects[key] {
        if before?.value != object.value { changed.append(key) }
      } else if before != nil {
        changes.removed.append(key)
      }
    }
    former.removeAll()
    changed.sort()
    changes.set = changed.compactMap { objects[$0] }
    changes.removed.sort { $1 < $0 }
    return changes
  }
}
