import FoundationEssentials

extension Duration {
  /// Whole seconds as a time interval; what is below a second is cut off.
  var wholeSeconds: TimeInterval { TimeInterval(components.seconds) }
}
