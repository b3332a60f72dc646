import KubernetesObjects

extension SidecarPlan {
  /// `amesh-init`: the only container with capabilities, and with nothing else.
  func initContainer() -> [UInt8] {
    var writer = JSONWriter(reservingCapacity: 1024)
    writer.object { writer in
      writer.member("name", MeshNames.initContainer)
      writer.member("image", pod.initImage)
      writer.member("imagePullPolicy", pod.proxyImagePullPolicy.rawValue)
      writer.array("args") { writer in
        writer.raw(fragments.redirectArguments)
        writer.string(RedirectArguments.inbound(inboundPorts))
        writer.raw(fragments.captureArguments(pod.capture))
      }
      if !hasPodResources, let resources = fragments.initResources(proxy: pod.resources) {
        writer.member("resources", raw: resources)
      }
      writer.member("securityContext", raw: ProxyConstants.initSecurityContext)
      writer.member("volumeMounts", raw: ProxyConstants.initVolumeMounts)
      writer.member("terminationMessagePolicy", "FallbackToLogsOnError")
    }
    return writer.bytes
  }
}
