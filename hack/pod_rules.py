"""Rules of the API server for Pods that no schema can say, as far as an injector can break them.

Sources: pkg/apis/core/validation of Kubernetes; limits of Linux for one environment variable or argument.
"""

import re

LABEL = re.compile(r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")
NAME = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
PROBES = ["livenessProbe", "readinessProbe", "startupProbe"]
UNITS = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
UNITS |= {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def amount(quantity):
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(quantity)).groups()
    return float(number) * UNITS[unit]


def broken_rules(pod):
    try:
        return list(_metadata(pod.get("metadata") or {})) + list(_spec(pod["spec"]))
    except (AttributeError, KeyError, TypeError) as error:
        return [f"not a Pod: {error!r}"]


def _metadata(metadata):
    for key, value in (metadata.get("labels") or {}).items():
        if not LABEL.match(value) or len(value) > 63:
            yield f"label {key}: {value!r} is not valid"
    annotations = metadata.get("annotations") or {}
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > 256 * 1024:
        yield "annotations take more than 256 KiB"


def _spec(spec):
    containers = spec["containers"]
    init_containers = spec.get("initContainers") or []
    names = [container["name"] for container in containers + init_containers]
    volumes = [volume["name"] for volume in spec.get("volumes") or []]
    if not containers:
        yield "no container"
    for what, values in [("container", names), ("volume", volumes)]:
        for value in values:
            if values.count(value) > 1:
                yield f"two {what}s are named {value}"
            if not NAME.match(value) or len(value) > 63:
                yield f"{what} name {value!r} is not valid"
    for container in containers:
        if "restartPolicy" in container:
            yield f"{container['name']}: only init containers have a restartPolicy"
        yield from _container(container, volumes, True)
    for container in init_containers:
        yield from _container(container, volumes, container.get("restartPolicy") == "Always")


def _container(container, volumes, may_be_probed):
    name = container["name"]
    mounts = container.get("volumeMounts") or []
    paths = [mount["mountPath"] for mount in mounts]
    if len(set(paths)) != len(paths):
        yield f"{name}: two volumes at one path"
    for mount in mounts:
        if mount["name"] not in volumes:
            yield f"{name}: mounts volume {mount['name']}, which is not there"
    for variable in container.get("env") or []:
        if len(variable["name"]) + len(str(variable.get("value", "")).encode()) + 2 > 131072:
            yield f"{name}: environment variable {variable['name']} is too long"
    for word in (container.get("args") or []) + (container.get("command") or []):
        if len(word.encode()) >= 131072:
            yield f"{name}: an argument is too long"
    ports = [port["name"] for port in container.get("ports") or [] if port.get("name")]
    if len(set(ports)) != len(ports) or any(len(port) > 15 for port in ports):
        yield f"{name}: port names are not valid"
    resources = container.get("resources") or {}
    for resource, request in (resources.get("requests") or {}).items():
        limit = (resources.get("limits") or {}).get(resource)
        if limit is not None and amount(limit) < amount(request):
            yield f"{name}: the limit of {resource} is below its request"
    for probe in PROBES:
        if not container.get(probe):
            continue
        if not may_be_probed:
            yield f"{name}: an init container without restartPolicy has no {probe}"
        if probe != "readinessProbe" and container[probe].get("successThreshold", 1) != 1:
            yield f"{name}: {probe} has a successThreshold other than 1"
        if sum(bool(container[probe].get(kind)) for kind in ("exec", "httpGet", "tcpSocket", "grpc")) != 1:
            yield f"{name}: {probe} has not one handler"
    if container.get("lifecycle") and not may_be_probed:
        yield f"{name}: an init container without restartPolicy has no lifecycle"
    context = container.get("securityContext") or {}
    if context.get("runAsNonRoot") and context.get("runAsUser") == 0:
        yield f"{name}: runs as root although it may not"
