/// The uids of objects that are gone, the last so many: no other object ever gets one of them. A value.
struct EndedUIDs: Sendable {
  private let capacity: Int
  private var uids: Set<String> = []
  private var order: [String] = []
  private var oldest = 0

  init(capacity: Int) { self.capacity = max(1, capacity) }

  var count: Int { uids.count }

  func contains(_ uid: String) -> Bool { uids.contains(uid) }

  mutating func insert(_ uid: String) {
    guard uids.insert(uid).inserted else { return }
    if order.count < capacity {
      order.append(uid)
    } else {
      uids.remove(order[oldest])
      order[oldest] = uid
      oldest = (oldest + 1) % capacity
    }
  }
}
