/// The version of a response as a whole. Of one resource it is the resource's; of several, something that changes when
/// one of them does. Clients only show it and give it back: nothing is decided by it.
enum ResponseVersion {
  static func of(_ resources: [(name: String, resource: XDSResource)]) -> String {
    if resources.count == 1, let only = resources.first { return only.resource.version }
    // FNV-1a, 64 bits.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for (name, resource) in resources {
      for text in [name, resource.version] {
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ 0xFF) &* 0x100_0000_01B3
      }
    }
    return String(hash, radix: 16)
  }
}
