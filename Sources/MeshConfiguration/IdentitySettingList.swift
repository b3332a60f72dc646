extension Setting {
  /// Keys that say how workloads get their certificates.
  static let identitySettings: [Setting] = [
    Setting(
      "identity.enabled",
      \.identity.isEnabled,
      .bool,
      "Whether this process is a certificate authority."
    ),
    Setting(
      "identity.address",
      \.identity.address,
      .listeningAddress,
      "Where SDS and the CSR API listen; in a cluster `::` or `0.0.0.0`."
    ),
    Setting(
      "identity.port",
      \.identity.port,
      .listeningPort,
      "Their port; 0: any free one."
    ),
    Setting(
      "identity.socket",
      \.identity.socket,
      .optional(.fileName),
      "A Unix socket in the state directory that serves the same; null: none."
    ),
    Setting(
      "identity.names",
      \.identity.names,
      SettingType.hostName.list,
      "DNS names and addresses of the serving certificate; empty: the Service's names and loopback."
    ),
    Setting(
      "identity.leaf.lifetimeSeconds",
      \.identity.leaf.lifetimeSeconds,
      .integer(10...86_400, "a time in seconds"),
      "How long a workload's certificate lives; its successor is pushed at half of it."
    ),
    Setting(
      "identity.leaf.maximumSeconds",
      \.identity.leaf.maximumSeconds,
      .integer(10...86_400, "a time in seconds"),
      "The longest life that a request may ask for."
    ),
    Setting(
      "identity.leaf.dnsNames",
      \.identity.leaf.dnsNames,
      .bool,
      "DNS names next to the SPIFFE ID, for peers that can't verify a URI: `SA.NS.sa.TRUST_DOMAIN`, `NS.sa.TRUST_DOMAIN` "
        + "and `sa.TRUST_DOMAIN`."
    ),
    Setting(
      "identity.clockSkewSeconds",
      \.identity.clockSkewSeconds,
      .integer(1...3600, "a time in seconds"),
      "How far clocks of the mesh may be apart; rotation waits so much longer before it trusts that a time has passed."
    ),
    Setting(
      "identity.intermediateLifetimeSeconds",
      \.identity.intermediateLifetimeSeconds,
      .integer(60...31_536_000, "a time in seconds"),
      "How long each process's own issuing certificate lives."
    ),
    Setting(
      "identity.root.custody",
      \.identity.root.custody,
      .choice("a custody of the root's key"),
      "`directory`: made here, kept in the state directory; `files`: plugged in; `memory`: gone with the process; "
        + "`secret`: in a Secret of the cluster, for all replicas."
    ),
    Setting(
      "identity.root.files",
      \.identity.root.files,
      .path,
      "Directory of plugged-in files: `ca-cert.pem`, `ca-key.pem`, `root-cert.pem`, `cert-chain.pem`, or "
        + "`tls.crt`, `tls.key`, `ca.crt`."
    ),
    Setting(
      "identity.root.lifetimeSeconds",
      \.identity.root.lifetimeSeconds,
      .integer(600...1_576_800_000, "a time in seconds"),
      "How long a root that is made here lives."
    ),
    Setting(
      "identity.root.prepareAheadSeconds",
      \.identity.root.prepareAheadSeconds,
      .integer(60...315_360_000, "a time in seconds"),
      "How long before its end a root's successor is made and published; at most half of its life."
    ),
    Setting(
      "identity.root.rotation",
      \.identity.root.rotation,
      .choice("a way to rotate the root"),
      "`automatic`: each step when its time has come; `manual`: by `amesh ca rotate`."
    ),
    Setting(
      "identity.tokens.keysFile",
      \.identity.tokens.keysFile,
      .optional(.path),
      "JSON Web Key Set that ServiceAccount tokens are verified with; null: the cluster's own, without a cluster none."
    ),
    Setting(
      "identity.tokens.issuer",
      \.identity.tokens.issuer,
      .optional(.tokenIssuer),
      "The tokens' issuer, exactly; null: what the API server says, without one `\(IdentitySettings.Tokens.usualIssuer)`."
    ),
    Setting(
      "identity.tokens.audiences",
      \.identity.tokens.audiences,
      SettingType.audience.list,
      "Audiences of which a token must have one."
    ),
    Setting(
      "identity.tokens.mustBeBound",
      \.identity.tokens.mustBeBound,
      .bool,
      "Whether tokens that are not bound to a Pod are refused."
    ),
    Setting(
      "identity.tokens.staticFile",
      \.identity.tokens.staticFile,
      .optional(.path),
      "File of tokens and their identities, mode 0600, for use without a cluster; null: none."
    ),
    Setting(
      "identity.serverGeneratedKeys",
      \.identity.serverGeneratedKeys,
      .choice("a way to treat who sends no certificate request"),
      "`allow`: SDS makes a key for clients such as Envoy that can't; `deny`: only requests with a key of the client's."
    ),
    Setting(
      "identity.strictRequests",
      \.identity.strictRequests,
      .bool,
      "Whether a request for names that are not the caller's is refused rather than answered with the caller's own."
    ),
    Setting(
      "identity.auditFile",
      \.identity.auditFile,
      .optional(.fileName),
      "File in the state directory with a line for each issued or refused certificate; null: the log."
    ),
    Setting(
      "identity.limits.connections",
      \.identity.limits.connections,
      .integer(1...1_000_000, "a number of connections"),
      "Open connections in all; more are closed at once."
    ),
    Setting(
      "identity.limits.connectionsPerAddress",
      \.identity.limits.connectionsPerAddress,
      .integer(1...1_000_000, "a number of connections"),
      "Open connections from one address; a whole node may come from one."
    ),
    Setting(
      "identity.limits.connectionAgeSeconds",
      \.identity.limits.connectionAgeSeconds,
      .integer(10...604_800, "a time in seconds"),
      "When a client is asked to connect again, give or take a tenth, so that load spreads over replicas."
    ),
    Setting(
      "identity.limits.streamSeconds",
      \.identity.limits.streamSeconds,
      .integer(1...86_400, "a time in seconds"),
      "How long a stream goes on after the credential that opened it has expired; at most 24 hours after the last token."
    ),
    Setting(
      "identity.limits.streams",
      \.identity.limits.streams,
      .integer(1...1_000_000, "a number of streams"),
      "Open calls of all callers together, streams among them."
    ),
    Setting(
      "identity.limits.streamsPerConnection",
      \.identity.limits.streamsPerConnection,
      .integer(1...100_000, "a number of streams"),
      "Streams that one connection may have open."
    ),
    Setting(
      "identity.limits.streamsPerIdentity",
      \.identity.limits.streamsPerIdentity,
      .integer(1...1_000_000, "a number of streams"),
      "Open calls of one identity, which may be that of many Pods."
    ),
    Setting(
      "identity.limits.streamsPerPod",
      \.identity.limits.streamsPerPod,
      .integer(1...1_000_000, "a number of streams"),
      "Open calls of one Pod, where its credential names it; a sidecar needs three or four."
    ),
  ]
}
