import Glibc

/// Tells whether something in a directory may have changed, by inotify: cheap enough to be asked many times a second. Where
/// there is no inotify, or it missed something, the periodic look at the contents finds it.
struct DirectoryWatch: ~Copyable {
  private let descriptor: FileDescriptor

  init(_ directory: String) {
    descriptor = FileDescriptor(number: inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC)))
    // A mounted Secret changes by a rename of its link `..data`; plain files by being written or renamed.
    let events = UInt32(
      IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF
    )
    if descriptor.number >= 0 { inotify_add_watch(descriptor.number, directory, events) }
  }

  /// Whether there were events since the last call.
  func hasChanged() -> Bool {
    guard descriptor.number >= 0 else { return false }
    var events = [UInt8](repeating: 0, count: 4096)
    var changed = false
    while read(descriptor.number, &events, events.count) > 0 { changed = true }
    return changed
  }
}
