/// libFuzzer's entry: any body is refused with a text, or answered as an API server accepts it.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzReview(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do {
    try ReviewInvariants.check(Array(UnsafeBufferPointer(start: start, count: count)))
  } catch {
    fatalError("\(error)")
  }
  return 0
}
