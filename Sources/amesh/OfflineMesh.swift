import ArgumentParser
import Foundation
import Injection
import KubernetesObjects
import ManifestInjection
import MeshConfiguration

/// What the webhook knows from its cluster, and an offline command from its flags.
struct OfflineMesh: ParsableArguments {
  @OptionGroup var options: ConfigurationOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Version of the cluster that the Pods go to; decides between native and classic sidecars. Default: the configuration's server.kubernetesVersion.",
      valueName: "1.x"
    )
  )
  var kubernetesVersion: String?

  @Option(
    name: [.customShort("n"), .long],
    help: ArgumentHelp("Namespace of objects that name none.", valueName: "name")
  )
  var namespace = "default"

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Label of the namespaces that the manifest does not describe. May be repeated. Default: \(MeshNames.injectionLabel)=enabled.",
      valueName: "key=value"
    )
  )
  var namespaceLabel: [String] = []

  func configuration() throws(Failure) -> Configuration {
    let flags = kubernetesVersion.map {
      [ConfigurationInput.Flag(name: "--kubernetes-version", key: "server.kubernetesVersion", value: $0)]
    }
    return try options.source(flags: flags ?? []).load().loaded.configuration
  }

  func manifestInjector() throws(Failure) -> ManifestInjector {
    let configuration = try configuration()
    return ManifestInjector(
      injector: configuration.injector,
      cluster: configuration.server.cluster,
      defaultNamespace: namespace,
      namespaceLabels: namespaceLabel.isEmpty ? nil : try labels()
    )
  }

  private func labels() throws(Failure) -> [String: String] {
    var labels: [String: String] = [:]
    for text in namespaceLabel {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, KubernetesName.isLabelKey(parts[0]), KubernetesName.isLabelValue(parts[1]) else {
        throw Failure(.usage, "--namespace-label \(text): not a label; write key=value")
      }
      labels[parts[0]] = parts[1]
    }
    return labels
  }
}

extension Configuration {
  /// The engine for the mesh of this configuration.
  var injector: Injector {
    Injector(settings: mesh, version: Version.current, configurationHash: meshHash)
  }
}
