"""What the manifests have to obey that no schema can say. Each rule yields problems; none is no problem."""

import re

RESTRICTED_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def broken_rules(objects):
    return [
        problem
        for rule in (unique_names, references, webhooks, cluster_wide_permissions, secrets_by_name, restricted_pods, own_pods)
        for problem in rule(objects)
    ]


def of_kind(objects, *kinds):
    return [thing for thing in objects if thing["kind"] in kinds]


def name_of(thing):
    return f"{thing['kind']} {thing['metadata']['name']}"


def pod_of(deployment):
    return deployment["spec"]["template"]


def unique_names(objects):
    seen = set()
    for thing in objects:
        key = (thing["apiVersion"], thing["kind"], thing["metadata"].get("namespace"), thing["metadata"]["name"])
        if key in seen:
            yield f"{name_of(thing)} is there twice"
        seen.add(key)


# --- what refers to what ---------------------------------------------------------------------------------------------


def references(objects):
    """Names and selectors lead to something that is there."""
    names = {(thing["kind"], thing["metadata"]["name"]) for thing in objects}
    placed = {(thing["kind"], thing["metadata"]["name"], thing["metadata"].get("namespace")) for thing in objects}
    ports = {}
    for deployment in of_kind(objects, "Deployment"):
        template = pod_of(deployment)
        labels, spec = template["metadata"]["labels"], template["spec"]
        ports[deployment["metadata"]["name"]] = {p["name"] for c in spec["containers"] for p in c.get("ports", [])}
        wanted = [("ServiceAccount", spec["serviceAccountName"])]
        wanted += [("ConfigMap", v["configMap"]["name"]) for v in spec.get("volumes", []) if "configMap" in v and not v["configMap"].get("optional")]
        yield from (f"{name_of(deployment)} needs {kind} {name}" for kind, name in wanted if (kind, name) not in names)
        volumes = {volume["name"] for volume in spec.get("volumes", [])}
        for container in spec["containers"]:
            missing = {mount["name"] for mount in container.get("volumeMounts", [])} - volumes
            yield from (f"{name_of(deployment)} mounts {name}, which is no volume" for name in sorted(missing))
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                port = container.get(probe, {}).get("httpGet", {}).get("port")
                if port not in ports[deployment["metadata"]["name"]]:
                    yield f"{name_of(deployment)}: {probe} asks port {port}"
        for thing, selector in selectors_of_pods(objects):
            if selector and not selector.items() <= labels.items():
                yield f"{name_of(thing)} selects none of {name_of(deployment)}'s Pods"
    known = set().union(*ports.values()) if ports else set()
    for service in of_kind(objects, "Service"):
        for port in service["spec"]["ports"]:
            if port["targetPort"] not in known:
                yield f"{name_of(service)}: port {port['targetPort']} is none of the Pods'"
    for configuration in of_kind(objects, "MutatingWebhookConfiguration"):
        for webhook in configuration["webhooks"]:
            service = webhook["clientConfig"].get("service", {})
            if ("Service", service.get("name"), service.get("namespace")) not in placed:
                yield f"webhook {webhook['name']} calls Service {service.get('namespace')}/{service.get('name')}"
    for binding in of_kind(objects, "RoleBinding", "ClusterRoleBinding"):
        if (binding["roleRef"]["kind"], binding["roleRef"]["name"]) not in names:
            yield f"{name_of(binding)} needs {binding['roleRef']['kind']} {binding['roleRef']['name']}"
        for subject in binding["subjects"]:
            if (subject["kind"], subject["name"], subject.get("namespace")) not in placed:
                yield f"{name_of(binding)} needs {subject['kind']} {subject.get('namespace')}/{subject['name']}"
    for scaler in of_kind(objects, "HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        if (target["kind"], target["name"]) not in names:
            yield f"{name_of(scaler)} scales {target['kind']} {target['name']}"


def selectors_of_pods(objects):
    for thing in objects:
        spec = thing.get("spec") or {}
        if thing["kind"] == "Service":
            yield thing, spec["selector"]
        elif thing["kind"] in ("Deployment", "PodDisruptionBudget"):
            yield thing, spec["selector"]["matchLabels"]
        elif thing["kind"] == "NetworkPolicy":
            yield thing, spec["podSelector"].get("matchLabels", {})
        if thing["kind"] == "Deployment":
            for constraint in pod_of(thing)["spec"].get("topologySpreadConstraints", []):
                yield thing, constraint["labelSelector"]["matchLabels"]


# --- webhooks --------------------------------------------------------------------------------------------------------


WEBHOOK = {
    "admissionReviewVersions": ["v1"],
    "failurePolicy": "Fail",
    "matchPolicy": "Equivalent",
    "reinvocationPolicy": "IfNeeded",
    "rules": [
        {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "scope": "Namespaced"}
    ],
    "sideEffects": "None",
    "timeoutSeconds": 5,
}
PATHS = {"/inject/namespace", "/inject/pod", "/inject/rev"}


def webhooks(objects):
    for configuration in of_kind(objects, "MutatingWebhookConfiguration"):
        names = [webhook["name"] for webhook in configuration["webhooks"]]
        if len(set(names)) != len(names):
            yield f"{name_of(configuration)} has webhooks of the same name"
        for webhook in configuration["webhooks"]:
            for key, value in WEBHOOK.items():
                if webhook.get(key) != value:
                    yield f"webhook {webhook['name']}: {key} is {webhook.get(key)}, not {value}"
            if "caBundle" in webhook["clientConfig"]:
                yield f"webhook {webhook['name']} has a caBundle, which is the control plane's to set"
            if webhook["clientConfig"].get("service", {}).get("path") not in PATHS:
                yield f"webhook {webhook['name']} calls a path that means nothing"
            if "matchConditions" in webhook:
                yield f"webhook {webhook['name']} has matchConditions, which old API servers leave out"


# --- permissions -----------------------------------------------------------------------------------------------------


def cluster_wide_permissions(objects):
    for role in of_kind(objects, "ClusterRole"):
        for rule in role["rules"]:
            resources = rule.get("resources", [])
            if any("secrets" in resource for resource in resources):
                yield f"{name_of(role)} may touch Secrets in every namespace"
            if {"delete", "deletecollection", "escalate", "bind", "impersonate"} & set(rule["verbs"]):
                yield f"{name_of(role)} may {rule['verbs']} {resources}"
            writes = set(rule["verbs"]) - {"get", "list", "watch"}
            if writes and not rule.get("resourceNames") and not set(resources) <= {"events", "tokenreviews", "ameshpluginconfigs/status"}:
                yield f"{name_of(role)} may {sorted(writes)} any {resources}"
    for role in of_kind(objects, "ClusterRole", "Role"):
        for rule in role["rules"]:
            if "*" in [*rule["verbs"], *rule.get("resources", []), *rule.get("apiGroups", [])]:
                yield f"{name_of(role)} has a wildcard"


def secrets_by_name(objects):
    for role in of_kind(objects, "Role"):
        for rule in role["rules"]:
            if "secrets" in rule.get("resources", []) and not rule.get("resourceNames") and rule["verbs"] != ["create"]:
                yield f"{name_of(role)} may {rule['verbs']} Secrets of any name"


def unexplained_verbs(files):
    """Lines of RBAC verbs and resources that no comment explains."""
    for file in files:
        text = file.read_text(encoding="utf-8")
        if not re.search(r"^kind: (Cluster)?Role$", text, re.MULTILINE):
            continue
        is_verb = False
        for number, line in enumerate(text.splitlines(), start=1):
            if re.match(r"\s*verbs:", line):
                is_verb = True
                if line.strip() != "verbs:":
                    yield f"{file.name}:{number}: verbs without a line each"
            elif is_verb and line.strip().startswith("- ") and re.match(r"\s{6,}-", line):
                if " # " not in line:
                    yield f"{file.name}:{number}: {line.strip()} is not explained"
            else:
                is_verb = False


# --- Pods ------------------------------------------------------------------------------------------------------------


def restricted_pods(objects):
    """Kubernetes' Pod Security Standard `restricted`, and a root file system that can't be written."""
    for deployment in of_kind(objects, "Deployment"):
        spec = pod_of(deployment)["spec"]
        security = spec.get("securityContext", {})
        for field in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(field):
                yield f"{name_of(deployment)}: {field}"
        if security.get("runAsNonRoot") is not True or not security.get("runAsUser"):
            yield f"{name_of(deployment)}: may run as root"
        if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{name_of(deployment)}: no seccomp profile"
        for volume in spec.get("volumes", []):
            if set(volume) - {"name"} - RESTRICTED_VOLUMES:
                yield f"{name_of(deployment)}: volume {volume['name']}"
        for container in spec["containers"] + spec.get("initContainers", []):
            context = container.get("securityContext", {})
            where = f"{name_of(deployment)}: container {container['name']}"
            if context.get("capabilities") != {"drop": ["ALL"]}:
                yield f"{where} has capabilities"
            if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
                yield f"{where} may gain privileges"
            if context.get("readOnlyRootFilesystem") is not True:
                yield f"{where} may write its root"
            if {"runAsUser", "runAsNonRoot", "seccompProfile"} & set(context):
                yield f"{where} overrides the Pod's securityContext"
            if not container.get("resources", {}).get("requests") or not container["resources"].get("limits", {}).get("memory"):
                yield f"{where} has no requests or no limit of memory"
            if any(port.get("hostPort") for port in container.get("ports", [])):
                yield f"{where} has a port of the node"


def own_pods(objects):
    """The control plane never waits for itself."""
    for deployment in of_kind(objects, "Deployment"):
        if pod_of(deployment)["metadata"]["labels"].get("amesh.apisix.apache.org/inject") != "false":
            yield f"{name_of(deployment)}: its own Pods are not kept from the webhook"
    for namespace in of_kind(objects, "Namespace"):
        labels = namespace["metadata"].get("labels", {})
        if "amesh.apisix.apache.org/control-plane" not in labels:
            yield f"{name_of(namespace)} is not kept from the webhook"
        if labels.get("pod-security.kubernetes.io/enforce") != "restricted":
            yield f"{name_of(namespace)} does not enforce restricted Pods"


# --- metrics ---------------------------------------------------------------------------------------------------------


def unknown_metrics(files, root):
    help_texts = (root / "Sources" / "amesh" / "MetricHelp.swift").read_text(encoding="utf-8")
    known = set(re.findall(r'"(amesh_[a-z_]+)"', help_texts))
    for file in files:
        for name in sorted(set(re.findall(r"\bamesh_[a-z0-9_]+", file.read_text(encoding="utf-8")))):
            if name not in known and re.sub(r"_(bucket|sum|count)$", "", name) not in known:
                yield f"{file.name}: nothing measures {name}"
