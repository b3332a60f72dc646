package import KubernetesObjects
import Redirect
import SPIFFE

/// What the injector does with a Pod, and where each setting comes from.
package struct Explanation: Sendable, Equatable {
  package enum Source: String, Sendable {
    case mesh
    case namespace
    case pod
    case cluster
  }

  package struct Setting: Sendable, Equatable {
    package var name: String
    package var value: String
    package var source: Source
  }

  package var outcome: InjectionOutcome
  /// Empty unless the Pod is injected.
  package var settings: [Setting]

  package init(outcome: InjectionOutcome, settings: [Setting]) {
    self.outcome = outcome
    self.settings = settings
  }
}

extension Injector {
  /// Decides as ``inject(pod:context:)`` does, and tells the settings in the order of the annotations' table.
  package func explain(pod: JSONView, context: InjectionContext) -> Explanation {
    let outcome = inject(pod: pod, context: context)
    guard outcome.verdict == .injected else { return Explanation(outcome: outcome, settings: []) }
    let view = PodView(pod)
    var ignored: [String] = []
    guard
      let resolved = try? PodSettings.resolve(
        defaults: SharedPodSettings(PodSettings(settings)),
        pod: view,
        namespace: context.namespace,
        warnings: &ignored
      )
    else { return Explanation(outcome: outcome, settings: []) }
    return Explanation(
      outcome: outcome,
      settings: PodAnnotation.allCases.map { annotation in
        setting(annotation, resolved.settings, view, context)
      }
    )
  }

  private func setting(
    _ annotation: PodAnnotation,
    _ resolved: PodSettings,
    _ pod: PodView,
    _ context: InjectionContext
  ) -> Explanation.Setting {
    var source =
      pod.annotation(annotation.name) != nil
      ? Explanation.Source.pod
      : context.namespace.annotations?[annotation.name] != nil ? .namespace : .mesh
    var value = resolved.text(annotation)
    switch annotation {
    case .nativeSidecar where resolved.nativeSidecar == .auto:
      source = .cluster
      let version = context.cluster.minorVersion.map { "Kubernetes 1.\($0)" } ?? "a version that is not known"
      let isNative = (try? SidecarPlan.isNative(.auto, context.cluster)) ?? false
      value = "\(isNative) (\(version))"
    case .includeInboundPorts where resolved.inboundPorts == nil:
      source = .pod
      let containers = pod.containers + pod.initContainers
      let apps = containers.lazy.filter { !ExistingSidecar.hasNameOfOurs($0) }
      let ports = CapturedPorts.declared(by: apps.map(DeclaredPort.all))
      value = ports.isEmpty ? "none (no port is named http or grpc)" : ports.map(\.text).joined(separator: ",")
    default: break
    }
    return Explanation.Setting(name: annotation.rawValue, value: value, source: source)
  }
}

extension PodSettings {
  /// The value as its annotation would spell it; for people.
  fileprivate func text(_ annotation: PodAnnotation) -> String {
    func list(_ values: [some CustomStringConvertible]) -> String {
      values.isEmpty ? "none" : values.map(\.description).joined(separator: ",")
    }
    func ports(_ set: PortSet) -> String {
      switch set {
      case .all: "*"
      case .ports(let ranges): list(ranges.map(\.text))
      }
    }
    func quantity(_ quantity: Quantity?) -> String { quantity?.text ?? "none" }
    return switch annotation {
    case .proxyImage: proxyImage
    case .proxyImagePullPolicy: proxyImagePullPolicy.rawValue
    case .initImage: initImage
    case .logLevel: logLevel.rawValue
    case .proxyCPURequest: quantity(resources.requests["cpu"])
    case .proxyCPULimit: quantity(resources.limits["cpu"])
    case .proxyMemoryRequest: quantity(resources.requests["memory"])
    case .proxyMemoryLimit: quantity(resources.limits["memory"])
    case .proxyEphemeralStorageRequest: quantity(resources.requests["ephemeral-storage"])
    case .proxyEphemeralStorageLimit: quantity(resources.limits["ephemeral-storage"])
    case .mtls: mtls.rawValue
    case .allowedIdentities: allowedIdentities.map(list) ?? "any"
    case .nativeSidecar: nativeSidecar == .always ? "true" : "false"
    case .holdApplication: "\(holdApplication)"
    case .rewriteProbes: "\(rewriteProbes)"
    case .prometheus: "\(prometheus.annotate)"
    case .prometheusMerge: "\(prometheus.merge)"
    case .includeInboundPorts: inboundPorts.map(ports) ?? "none"
    case .excludeInboundPorts: list(capture.excludeInboundPorts.map(\.text))
    case .includeOutboundPorts: ports(capture.outboundPorts)
    case .excludeOutboundPorts: list(capture.excludeOutboundPorts.map(\.text))
    case .includeOutboundCIDRs: capture.includeOutboundCIDRs.isEmpty ? "any" : list(capture.includeOutboundCIDRs)
    case .excludeOutboundCIDRs: list(capture.excludeOutboundCIDRs)
    case .excludeInterfaces: list(capture.excludeInterfaces)
    case .excludeUIDs: list(capture.excludeUIDs)
    case .patches: list(patches)
    }
  }
}
