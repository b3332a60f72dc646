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
        for word in RedirectArguments.make(proxy: mesh.proxy, capture: pod.capture, inboundPorts: inboundPorts) {
          writer.string(word)
        }
      }
      let resources = mesh.initContainer.resources.capped(by: pod.resources)
      if !hasPodResources, !resources.isEmpty {
        writer.key("resources")
        resources.write(to: &writer)
      }
      writer.object("securityContext") { writer in
        writer.member("allowPrivilegeEscalation", false)
        writer.member("capabilities", raw: ProxyConstants.redirectCapabilities)
        writer.member("privileged", false)
        writer.member("readOnlyRootFilesystem", true)
        writer.member("runAsGroup", 0)
        writer.member("runAsNonRoot", false)
        writer.member("runAsUser", 0)
        writer.member("seccompProfile", raw: ProxyConstants.runtimeDefault)
      }
      writer.member("volumeMounts", raw: ProxyConstants.initVolumeMounts)
      writer.member("terminationMessagePolicy", "FallbackToLogsOnError")
    }
    return writer.bytes
  }
}
