import CallerAuthentication
import FoundationEssentials
import SPIFFE

/// libFuzzer's entry: the first byte chooses what the others are taken for.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzJWT(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  guard let choice = bytes.first else { return 0 }
  let rest = Array(bytes.dropFirst())
  switch choice % 6 {
  case 0: fuzzToken(rest)
  case 1: fuzzClaims(rest)
  case 2: fuzzHeader(rest)
  case 3: fuzzKeys(rest)
  case 4: fuzzStaticTokens(rest)
  default: fuzzEncodings(rest)
  }
  return 0
}

/// A point of P-256 (RFC 7515, appendix A.3) whose private half signs nothing here.
private let key = #"""
  {"kty":"EC","crv":"P-256","kid":"k","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
  """#
private let keys = try? TokenSigningKeys(parsing: Array(#"{"keys":[\#(key)]}"#.utf8))
private let trustDomain = try? TrustDomain("td")
private let now = Date(timeIntervalSince1970: 1_800_000_000)

private let policy = trustDomain.flatMap {
  try? ServiceAccountTokenPolicy(trustDomain: $0, issuer: "i", audiences: ["a"], requireBoundPod: false)
}

/// Nothing that was not signed is ever accepted.
private func fuzzToken(_ bytes: [UInt8]) {
  guard let keys, let policy else { fatalError("the key of the fuzz target can't be read") }
  guard let token = try? BearerToken(bytes) else { return }
  do throws(ServiceAccountTokenError) {
    let accepted = try ServiceAccountToken.verify(token, keys: keys, policy: policy, now: now)
    fatalError("accepted without a signature: \(accepted)")
  } catch {
    check(.serviceAccountToken(error))
  }
}

/// A header of ours in front of anything: the same, past the look-up of the key.
private func fuzzHeader(_ bytes: [UInt8]) {
  let rest = Base64URL.encode(bytes.prefix(4096))
  let header = Base64URL.encode(#"{"alg":"ES256","kid":"k"}"#.utf8)
  fuzzToken(Array("\(rest).e30.\(String(repeating: "A", count: 86))".utf8))
  fuzzToken(Array("\(header).\(rest).\(String(repeating: "A", count: 86))".utf8))
  fuzzToken(Array("\(header).e30.\(rest)".utf8))
}

/// Signed claims are refused, or give an identity that its own ID gives again, within their time.
private func fuzzClaims(_ bytes: [UInt8]) {
  guard let policy else { return }
  do throws(ServiceAccountTokenError) {
    let token = try ServiceAccountToken(TokenClaims(parsing: bytes), policy: policy, now: now)
    guard let id = try? SPIFFEID(token.identity.description), (try? WorkloadIdentity(id)) == token.identity else {
      fatalError("an identity that is none: \(token)")
    }
    if token.expiresAt + 60 <= now { fatalError("expired: \(token)") }
  } catch {
    check(.serviceAccountToken(error))
  }
}

private func fuzzKeys(_ bytes: [UInt8]) {
  do throws(TokenSigningKeysError) {
    let keys = try TokenSigningKeys(parsing: bytes)
    if keys.count == 0 || keys.count + keys.warnings.count > TokenSigningKeys.maximumCount { fatalError("\(keys)") }
  } catch {
    if error.description.isEmpty { fatalError("an error without words") }
  }
}

private func fuzzStaticTokens(_ bytes: [UInt8]) {
  guard let trustDomain else { return }
  let file = FileContents(path: "f", bytes: bytes, permissions: 0o600, owner: 0)
  do throws(StaticTokensError) {
    let tokens = try StaticTokens(file: file, user: 0, trustDomain: trustDomain)
    if tokens.count == 0 { fatalError("an empty list") }
  } catch {
    if error.description.isEmpty { fatalError("an error without words") }
  }
}

/// Each text is the one spelling of what it stands for.
private func fuzzEncodings(_ bytes: [UInt8]) {
  if let decoded = Base64URL.decode(bytes[...]), !Base64URL.encode(decoded).utf8.elementsEqual(bytes) {
    fatalError("a second spelling in base64url")
  }
  if let last = LastAuthentication(extensionValue: bytes[...]), last.extensionValue != bytes {
    fatalError("a second spelling in DER")
  }
  if let value = String(validating: bytes, as: UTF8.self) { _ = try? BearerToken(authorization: value) }
}

/// What goes to the log is one short line of ASCII, or the replacement for what is not.
private func check(_ failure: AuthenticationFailure) {
  let text = failure.description
  let isPlain = text.unicodeScalars.allSatisfy { (0x20...0x7E).contains($0.value) || $0 == "…" || $0 == "\u{FFFD}" }
  if text.isEmpty || text.utf8.count > 1024 || !isPlain { fatalError("not fit for a log: \(text)") }
}
