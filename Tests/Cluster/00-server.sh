# shellcheck shell=bash disable=SC2154 # sourced by hack/e2e
# What the API server is, and what it can't show.

server_version() { "$kubectl" version --output json 2>/dev/null; }

server_minor=$(server_version | python3 -c '
import json, re, sys
print(re.match(r"\d+", json.load(sys.stdin)["serverVersion"]["minor"]).group())')
note "Kubernetes 1.$server_minor, kubectl 1.$(kubectl_minor "$kubectl")"

check "the API server tells its version" test "$server_minor" -ge 20
check "it issues tokens" "$kubectl" get --raw /openid/v1/jwks
check "it tells who issues them" "$kubectl" get --raw /.well-known/openid-configuration
has_resource() { [[ $("$kubectl" api-resources --api-group "$1" --output name) == *"$2"* ]]; }
check "it asks mutating webhooks" has_resource admissionregistration.k8s.io mutatingwebhookconfigurations

# since MINOR WHAT: said once for what an old server lacks.
since() {
  if ((server_minor < $1)); then check_skipped "$2" "needs Kubernetes 1.$1, this is 1.$server_minor"; fi
}
since 21 "namespaces are labelled with their names"
since 23 "Pods of the control plane's namespace are held to the restricted standard"
since 29 "native sidecars keep their restartPolicy"
