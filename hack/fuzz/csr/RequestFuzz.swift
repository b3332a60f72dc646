import CertificateAuthority
import OpenSSLKeys
import SPIFFE

private let library = OpenSSL()
private let identity = try? WorkloadIdentity(SPIFFEID("spiffe://td/ns/shop/sa/web"))

/// libFuzzer's entry: any bytes are refused, or read as a request, as a certificate or as blocks of PEM. What proves its
/// key has a key that libcrypto can load.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzRequest(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  if let blocks = try? PEM.blocks(in: bytes, maximumBytes: 1 << 16, maximumBlocks: 4) { check(blocks) }
  for request in [try? CertificateRequest(pem: bytes), try? CertificateRequest(derBytes: bytes)] {
    guard let request else { continue }
    if let identity { try? request.checkNames(are: identity) }
    if let key = try? ProvenKey(request, verifier: library), key.publicKey != request.publicKey {
      fatalError("another key was proven")
    }
  }
  if let certificate = try? MeshCertificate(derBytes: bytes), certificate.derBytes != bytes {
    fatalError("a certificate is not what was read")
  }
  return 0
}

/// What was read is spelled and read again as the same.
private func check(_ blocks: [PEM.Block]) {
  let text = blocks.map { PEM.text(label: $0.label, derBytes: $0.derBytes) }.joined()
  let again = try? PEM.blocks(in: Array(text.utf8), maximumBytes: 1 << 18, maximumBlocks: 4)
  guard again == blocks else {
    fatalError("PEM is not read as it was written: \(text)")
  }
}
