import AmeshTesting
import KubernetesObjects

/// libFuzzer's entry: any bytes are refused, or read, written and read again as the same.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  do throws(JSONInvariants.Violation) {
    try JSONInvariants.check(bytes)
  } catch {
    fatalError(error.description)
  }
  if let value = try? JSONValue(parsing: bytes) {
    if let patch = try? JSONPatch(value) { _ = try? patch.apply(to: value) }
    if let selector = try? LabelSelector(value) { _ = selector.matches { value[$0]?.string } }
    if let text = value.string { fuzzText(text) }
  }
  return 0
}

/// What is canonical reads as the same again.
private func fuzzText(_ text: String) {
  if let quantity = Quantity(text), Quantity(quantity.canonical) != quantity { fatalError("quantity \(text)") }
  if let cidr = CIDR(text), CIDR(cidr.description) != cidr { fatalError("CIDR \(text)") }
  if let pointer = try? JSONPointer(text), pointer.description.utf8.elementsEqual(text.utf8) == false {
    fatalError("pointer \(text)")
  }
}
