# shellcheck shell=bash disable=SC2034,SC2154 # sourced by hack/e2e
# `kubectl apply -k manifests`, on this server.

# A dry run makes no namespace, so what is to go into it needs it to be there.
check "the namespace is made" "$kubectl" apply --kustomize manifests/namespace
check "the base passes a dry run of the server" "$kubectl" apply --dry-run=server --kustomize manifests/base
check "so does server-side apply" "$kubectl" apply --server-side --dry-run=server --kustomize manifests/base
check "and the revision beside it" "$kubectl" apply --dry-run=server --kustomize manifests/overlays/revision
if ((server_minor >= 23)); then
  check "and high availability" "$kubectl" apply --dry-run=server --kustomize manifests/overlays/high-availability
else
  check_skipped "high availability passes a dry run" "autoscaling/v2 needs Kubernetes 1.23"
fi

# As the README tells a person to; the namespace gets a name that is ours.
readme_installs() {
  local line
  local -a words
  sed -n '/<!-- install -->/,/<!-- \/install -->/s/^kubectl //p' README.md | sed 's/\<shop\>/amesh-e2e-shop/' >"$work/readme"
  (($(wc -l <"$work/readme") == 3)) || return 1
  while read -r line; do
    read -r -a words <<<"$line"
    "$kubectl" "${words[@]}" || return 1
  done <"$work/readme"
}

# Installed with addresses for the webhooks, since Services may lead nowhere here. Until `amesh serve` runs, nothing listens
# there, and the API server is refused at once.

# with_address FOLDER FILE PORT: what the folder renders to, its webhooks at that port of loopback.
with_address() {
  local overlay index count webhook_address="https://127.0.0.1:$3"
  overlay="$work/overlay-$(basename "$1")"
  mkdir -p "$overlay"
  count=$("$kubectl" kustomize "$1" | grep -c '^- admissionReviewVersions')
  {
    printf 'resources:\n  - %s\npatches:\n  - target: { kind: MutatingWebhookConfiguration }\n    patch: |-\n' \
      "$(realpath --relative-to "$overlay" "$1")"
    for ((index = 0; index < count; index++)); do
      printf '      - { op: move, from: /webhooks/%d/clientConfig/service/path, path: /webhooks/%d/clientConfig/url }\n' \
        "$index" "$index"
      printf '      - { op: remove, path: /webhooks/%d/clientConfig/service }\n' "$index"
    done
  } >"$overlay/kustomization.yaml"
  # Kustomize can move the path, but not put an address before it.
  "$kubectl" kustomize "$overlay" | sed "s,url: /inject/,url: $webhook_address/inject/," >"$2"
  [[ $(grep -c "url: $webhook_address/inject/" "$2") == "$count" ]]
}
check "the installation is rendered" with_address manifests "$work/install.yaml" "$WEBHOOK_PORT"
check "and the revision's" with_address manifests/overlays/revision "$work/install-revision.yaml" "$CANARY_WEBHOOK_PORT"
is_installed=yes
check "the README's commands install it" readme_installs
check "it is applied, with those addresses" "$kubectl" apply --filename "$work/install.yaml"
check "and the revision" "$kubectl" apply --filename "$work/install-revision.yaml"

nothing_changes() {
  local lines
  lines=$("$kubectl" apply --filename "$work/install.yaml" --filename "$work/install-revision.yaml")
  ! grep -v unchanged <<<"$lines"
}
check "applied again it changes nothing" nothing_changes

field() { "$kubectl" get "$1" --output "jsonpath=$2"; }
webhooks_are() {
  [[ $(field mutatingwebhookconfiguration/amesh-sidecar-injector '{.webhooks[*].clientConfig.caBundle}') == '' ]]
  [[ $(field mutatingwebhookconfiguration/amesh-sidecar-injector '{range .webhooks[*]}{.failurePolicy}/{.sideEffects}/{.timeoutSeconds}{"\n"}{end}' | sort -u) == Fail/None/5 ]]
}
check "the webhooks fail closed, and have no caBundle yet" webhooks_are

# What the Deployment would make, since there may be no controller that does.
control_plane_pod() {
  "$kubectl" --namespace amesh-system get deployment amesh --output json | python3 -c '
import json, sys
template = json.load(sys.stdin)["spec"]["template"]
template["metadata"] |= {"name": "amesh-by-hand", "namespace": "amesh-system"}
print(json.dumps({"apiVersion": "v1", "kind": "Pod"} | template))' >"$work/pod.json"
  "$kubectl" create --dry-run=server --output json --filename "$work/pod.json" >"$work/created.json" 2>"$work/warnings"
  cat "$work/warnings"
  [[ ! -s $work/warnings ]]
  python3 - "$work/created.json" <<'PYTHON'
import json, sys
pod = json.load(open(sys.argv[1]))
assert pod["spec"]["priority"] == 1000000000, pod["spec"].get("priority")
mounts = [mount["mountPath"] for mount in pod["spec"]["containers"][0]["volumeMounts"]]
assert len(mounts) == len(set(mounts)) == 4, mounts
assert len(pod["spec"]["containers"]) == 1 and not pod["spec"].get("initContainers")
PYTHON
}
check "the control plane's Pod is admitted, without a sidecar and without a warning" control_plane_pod
