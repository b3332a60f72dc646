extension Setting {
  /// Keys that say how this process serves the mesh.
  static let serverSettings: [Setting] = [
    Setting(
      "server.mode",
      \.server.mode,
      .choice("a mode that this version has"),
      "`standalone`: without an API server; `kubernetes`: part of the cluster that it runs in, or that `KUBECONFIG` names."
    ),
    Setting(
      "server.stateDirectory",
      \.server.stateDirectory,
      .path,
      "Where the process keeps what outlives it; made if missing."
    ),
    Setting(
      "server.kubernetesVersion",
      \.server.cluster,
      .kubernetesVersion,
      "The cluster's version, which decides what `auto` means, while no API server tells."
    ),
    Setting(
      "server.namespaces",
      \.server.namespaces,
      .namespaces,
      "What is known of namespaces, while no API server tells."
    ),
    Setting(
      "server.webhook.address",
      \.server.webhook.address,
      .listeningAddress,
      "Where the webhook listens; in a cluster `::` or `0.0.0.0`."
    ),
    Setting(
      "server.webhook.port",
      \.server.webhook.port,
      .listeningPort,
      "Its port; 0: any free one."
    ),
    Setting(
      "server.webhook.maximumBodyBytes",
      \.server.webhook.maximumBodyBytes,
      .integer(1024...67_108_864, "a size in bytes"),
      "Larger reviews are refused before they are read."
    ),
    Setting(
      "server.webhook.maximumConnections",
      \.server.webhook.maximumConnections,
      .integer(1...1_000_000, "a number of connections"),
      "More wait until others close."
    ),
    Setting(
      "server.webhook.idleTimeoutSeconds",
      \.server.webhook.idleTimeoutSeconds,
      .integer(1...86400, "a time in seconds"),
      "When an idle connection is closed; longer than the API server keeps its own (90)."
    ),
    Setting(
      "server.webhook.readTimeoutSeconds",
      \.server.webhook.readTimeoutSeconds,
      .integer(1...3600, "a time in seconds"),
      "How long a client may take to send a request."
    ),
    Setting(
      "server.webhook.certificateFile",
      \.server.webhook.certificateFile,
      .optional(.path),
      "Serving certificate, PEM, leaf first; null: self-made in the state directory."
    ),
    Setting(
      "server.webhook.privateKeyFile",
      \.server.webhook.privateKeyFile,
      .optional(.path),
      "Its private key, PEM."
    ),
    Setting(
      "server.webhook.names",
      \.server.webhook.names,
      SettingType.hostName.list,
      "DNS names and addresses of the self-made certificate; empty: the Service's names and loopback."
    ),
    Setting(
      "server.admin.address",
      \.server.admin.address,
      .listeningAddress,
      "Where /metrics, /healthz, /readyz and /config listen."
    ),
    Setting(
      "server.admin.port",
      \.server.admin.port,
      .listeningPort,
      "Their port; 0: any free one."
    ),
    Setting(
      "server.log.level",
      \.server.log.level,
      .choice("a log level"),
      "The least that is logged."
    ),
    Setting(
      "server.log.format",
      \.server.log.format,
      .choice("a log format"),
      "`auto`: text on a terminal, else JSON."
    ),
    Setting(
      "server.shutdown.delaySeconds",
      \.server.shutdown.delaySeconds,
      .integer(0...3600, "a time in seconds"),
      "How long requests are still accepted after SIGTERM."
    ),
    Setting(
      "server.shutdown.timeoutSeconds",
      \.server.shutdown.timeoutSeconds,
      .integer(1...3600, "a time in seconds"),
      "When open requests are cut."
    ),
  ]
}
