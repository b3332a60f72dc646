/// Where a certificate chain and its key lie.
package struct ServingCertificateFiles: Sendable, Equatable {
  package let chainPath: String
  package let keyPath: String

  package init(chainPath: String, keyPath: String) {
    self.chainPath = chainPath
    self.keyPath = keyPath
  }

  /// The files of a `kubernetes.io/tls` Secret that is mounted at `directory`.
  package init(directory: String) {
    self.init(chainPath: directory + "/tls.crt", keyPath: directory + "/tls.key")
  }

  /// The contents of both files, from the same moment.
  ///
  /// A mounted Secret is swapped by one symbolic link; a swap between the two reads would pair the old chain with the
  /// new key, so the chain is read again until it stays the same.
  package func read() throws(ServingCertificateError) -> Contents {
    var chain = try SmallFile.read(chainPath)
    for _ in 0..<3 {
      let key = try SmallFile.read(keyPath)
      let again = try SmallFile.read(chainPath)
      if again == chain { return Contents(chainPEM: chain, keyPEM: key) }
      chain = again
    }
    throw .unreadableFile(path: chainPath, problem: "it keeps changing while it is read")
  }

  package func load() throws(ServingCertificateError) -> ServingCertificate {
    try read().certificate()
  }

  /// What the two files hold, not looked at yet.
  package struct Contents: Sendable, Equatable {
    let chainPEM: String
    let keyPEM: String

    package func certificate() throws(ServingCertificateError) -> ServingCertificate {
      try ServingCertificate(chainPEM: chainPEM, keyPEM: keyPEM)
    }
  }
}

extension ServingCertificateFiles.Contents: CustomStringConvertible, CustomDebugStringConvertible {
  package var description: String { "a certificate and its key" }
  package var debugDescription: String { description }
}
