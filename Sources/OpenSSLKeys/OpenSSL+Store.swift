import COpenSSL
package import CertificateAuthority

extension OpenSSL {
  /// The key of a root, wherever it lies.
  package func openKey(_ key: RootKey) throws(KeyError) -> any SigningKey {
    switch key {
    case .pem(let pem): try importKey(pem: pem)
    case .uri(let uri): try openKey(at: uri)
    }
  }

  /// Opens the one private key at a URI of OpenSSL's STORE: `file:/path`, or whatever a loaded provider serves, such as
  /// `pkcs11:token=mesh;object=root`. The key stays where it is.
  ///
  /// - Throws: `notFound` when there is no key or more than one; nobody is ever asked for a password.
  package func openKey(at uri: String) throws(KeyError) -> any SigningKey {
    guard uri.contains(":"), !uri.utf8.contains(0) else {
      throw .notFound(uri: Self.shown(uri), reason: "this is no URI, which starts with file:, pkcs11: or the like")
    }
    ERR_clear_error()
    guard let store = OSSL_STORE_open_ex(uri, nil, nil, UI_null(), nil, nil, nil, nil) else {
      throw .notFound(uri: Self.shown(uri), reason: OpenSSLError.drain())
    }
    defer { OSSL_STORE_close(store) }
    _ = OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY)
    var found: KeyHandle?
    while OSSL_STORE_eof(store) == 0 {
      guard let info = OSSL_STORE_load(store) else {
        if OSSL_STORE_error(store) != 0 { break }
        continue
      }
      defer { OSSL_STORE_INFO_free(info) }
      guard let key = OSSL_STORE_INFO_get1_PKEY(info) else { continue }
      let handle = KeyHandle(owning: key)
      guard found == nil else {
        throw .notFound(uri: Self.shown(uri), reason: "there is more than one; name a single key")
      }
      found = handle
    }
    guard let found else { throw .notFound(uri: Self.shown(uri), reason: OpenSSLError.drain()) }
    let key = try OpenSSLKey(found)
    try prove(key)
    return key
  }

  /// A URI without what may be a PIN (RFC 7512: query attributes, and pin-value wherever older tools put it).
  private static func shown(_ uri: String) -> String {
    let path = uri.prefix { $0 != "?" }
    return String(path.firstRange(of: "pin-value=").map { path[..<$0.lowerBound] } ?? path)
  }
}
