"""Ways to break the manifests, each of which hack/check-manifests has to find."""


def first(objects, kind):
    return next(thing for thing in objects if thing["kind"] == kind)


def container(objects):
    return first(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]


def pod_spec(objects):
    return first(objects, "Deployment")["spec"]["template"]["spec"]


def webhook(objects):
    return first(objects, "MutatingWebhookConfiguration")["webhooks"][0]


OF_OBJECTS = {
    "a field that Kubernetes does not know": lambda o: pod_spec(o).update(priority_class="x"),
    "a field of another type": lambda o: first(o, "Deployment")["spec"].update(replicas="2"),
    "an object that is there twice": lambda o: o.append(first(o, "Service")),
    "a ServiceAccount that is missing": lambda o: o.remove(first(o, "ServiceAccount")),
    "a binding to nobody": lambda o: first(o, "RoleBinding")["subjects"][0].pop("namespace"),
    "a Service that selects nothing": lambda o: first(o, "Service")["spec"]["selector"].update(a="b"),
    "a probe of a port that is not there": lambda o: container(o)["livenessProbe"]["httpGet"].update(port="x"),
    "Secrets in every namespace": lambda o: first(o, "ClusterRole")["rules"][0]["resources"].append("secrets"),
    "ConfigMaps of any name": lambda o: [r.pop("resourceNames", None) for r in first(o, "ClusterRole")["rules"]],
    "Secrets of any name": lambda o: [r.pop("resourceNames", None) for r in first(o, "Role")["rules"]],
    "a wildcard": lambda o: first(o, "Role")["rules"][0].update(verbs=["*"]),
    "a container that may be root": lambda o: pod_spec(o)["securityContext"].pop("runAsNonRoot"),
    "a container with capabilities": lambda o: container(o)["securityContext"].pop("capabilities"),
    "a root that can be written": lambda o: container(o)["securityContext"].update(readOnlyRootFilesystem=False),
    "the node's network": lambda o: pod_spec(o).update(hostNetwork=True),
    "a folder of the node": lambda o: pod_spec(o)["volumes"].append({"name": "x", "hostPath": {"path": "/"}}),
    "a caBundle": lambda o: webhook(o)["clientConfig"].update(caBundle="Cg=="),
    "a webhook that fails open": lambda o: webhook(o).update(failurePolicy="Ignore"),
    "a webhook that hears of updates": lambda o: webhook(o)["rules"][0].update(operations=["CREATE", "UPDATE"]),
    "a namespace that is not kept from the webhook": lambda o: first(o, "Namespace")["metadata"].pop("labels"),
}


def drop(selector, key):
    def damage(webhooks):
        for one in webhooks:
            requirements = one[selector]["matchExpressions"]
            requirements[:] = [each for each in requirements if not each["key"].endswith(key)]

    return damage


OF_SELECTORS = {
    "a webhook that is missing": lambda webhooks: webhooks.pop(0),
    "a webhook that is there twice": lambda webhooks: webhooks.append(webhooks[0]),
    "selectors that forget the Pod's inject": drop("objectSelector", "/inject"),
    "selectors that forget the Pod's revision": drop("objectSelector", "/rev"),
    "selectors that forget the namespace's revision": drop("namespaceSelector", "/rev"),
    "selectors that forget that a namespace is disabled": drop("namespaceSelector", "/injection"),
    "selectors that match system namespaces": drop("namespaceSelector", "metadata.name"),
    "selectors that match the control plane's namespace": drop("namespaceSelector", "/control-plane"),
}
