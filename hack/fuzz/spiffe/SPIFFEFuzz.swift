import CertificateAuthority
import SPIFFE

/// libFuzzer's entry: any bytes are refused, or read as an ID or as a bundle and written as the same.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzSPIFFE(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  let text = String(decoding: bytes, as: UTF8.self)
  if let trustDomain = try? TrustDomain(text), trustDomain.name != text || trustDomain.id.trustDomain != trustDomain {
    fatalError("trust domain \(text)")
  }
  if let id = try? SPIFFEID(text) { check(id, text) }
  if let trustDomain = try? TrustDomain("td") {
    if let document = try? BundleDocument(trustDomain: trustDomain, json: bytes),
      (try? BundleDocument(trustDomain: trustDomain, json: document.json())) != document
    {
      fatalError("bundle document \(text)")
    }
    if let bundle = try? TrustBundle(trustDomain: trustDomain, pem: bytes),
      (try? TrustBundle(trustDomain: trustDomain, pem: Array(bundle.pem.utf8))) != bundle
    {
      fatalError("bundle \(text)")
    }
  }
  return 0
}

private func check(_ id: SPIFFEID, _ text: String) {
  if id.description != text || text.utf8.count > SPIFFEID.maximumLength { fatalError("ID \(text)") }
  if id.segments.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) { fatalError("segments of \(text)") }
  if let workload = try? WorkloadIdentity(id), workload.id != id { fatalError("workload \(text)") }
}
