/// libFuzzer's entry: a stream of discovery requests, state of the world or delta, see ``DiscoveryInvariants``.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzDiscovery(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  do {
    try DiscoveryInvariants.check(bytes)
  } catch {
    fatalError("\(error)")
  }
  return 0
}
