import Glibc

/// Small files in which the kernel tells of itself.
enum KernelFile {
  /// Nil where there is none, or it may not be read.
  static func text(_ path: String) -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 14)
    // 4 MiB: tens of thousands of addresses.
    while bytes.count < 1 << 22 {
      let count = fread(&chunk, 1, chunk.count, file)
      guard count > 0 else { break }
      bytes += chunk.prefix(count)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
