import Glibc

/// Pages of the executable that only the start has needed.
///
/// Linking, the search for protocol conformances and the first TLS context walk through most of the binary, and the
/// kernel maps each page's neighbours along with it: some 25 MB that are resident for good and hardly used again.
enum StartupMemory {
  /// Unmaps the executable's code; what is called again comes back from the page cache, a page fault each.
  static func release() {
    guard let executable = realpath("/proc/self/exe", nil) else { return }
    defer { free(executable) }
    guard let maps = fopen("/proc/self/maps", "re") else { return }
    defer { fclose(maps) }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    while getline(&line, &capacity, maps) > 0, let text = line {
      guard let range = codeRange(String(cString: text), of: String(cString: executable)) else { continue }
      // Private, file-backed and never written: dropping it loses nothing (madvise(2), MADV_DONTNEED).
      madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED)
    }
  }

  /// The addresses of a line of proc(5) maps such as `55d0…-55d2… r-xp 00000000 fe:00 42  /usr/bin/amesh`, if it maps
  /// code of that file.
  static func codeRange(_ line: String, of path: String) -> Range<UInt>? {
    let fields = line.split(maxSplits: 5, whereSeparator: \.isWhitespace)
    guard fields.count == 6, fields[1] == "r-xp", fields[5].drop(while: \.isWhitespace).trimmingNewline == path else {
      return nil
    }
    let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
    guard bounds.count == 2, bounds[0] < bounds[1] else { return nil }
    return bounds[0]..<bounds[1]
  }
}

extension Substring {
  fileprivate var trimmingNewline: Substring { last?.isNewline == true ? dropLast() : self }
}
