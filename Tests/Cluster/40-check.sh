# shellcheck shell=bash disable=SC2154 # sourced by hack/e2e
# `amesh check`: what it says of this cluster, in which nothing runs yet, and what it says once things are put right.

amesh=${AMESH:-"$root/.build/debug/amesh"}
if [[ ! -x $amesh ]]; then
  require_swift
  step "Building amesh" swift build --product amesh || fail "amesh could not be built"
fi
diagnosis=$work/diagnosis.json

# diagnose STATUS [ARGUMENT…]: keeps what it says; passes when it ends so.
diagnose() {
  local wanted=$1 status=0
  shift
  "$amesh" check --output json "$@" >"$diagnosis" || status=$?
  [[ $status == "$wanted" ]] || { echo "it ended with $status" && cat "$diagnosis" && return 1; }
}

# says LEVEL SECTION TEXT: of what was kept.
says() {
  python3 - "$diagnosis" "$@" <<'PYTHON'
import json, sys
path, level, section, text = sys.argv[1:]
findings = json.load(open(path))["findings"]
found = [one for one in findings if one["level"] == level and one["section"] == section and text in one["text"]]
assert found, "\n".join(f'{one["level"]} {one["section"]}: {one["text"]}' for one in findings)
assert all(("cure" in one) == (level != "ok") for one in found), found
PYTHON
}

# --- nothing runs -----------------------------------------------------------------------------------------------------

check "amesh check ends with 1" diagnose 1
check "it tells the server's version" says ok "API server" "Kubernetes v1.$server_minor."
check "it finds the namespace" says ok "control plane" "namespace amesh-system is there"
check "that no replica runs" says failure "control plane" "0 of 2 replicas"
check "the webhooks, as the manifests have them" says ok webhooks "6 are there, as the manifests have them"
check "that they have no caBundle" says failure webhooks "have no caBundle"
check "that there is no authority" says failure certificates "no Secret amesh-ca"
check "that no bundle is published" says failure "trust bundle" "nothing is published yet"
check "that nobody leads" says failure leader "nobody has ever led"
check "that the control plane may do what it does" says ok permissions "may do all"
check "the revision beside it, too" diagnose 1 --revision canary
check "with its own webhooks" says ok webhooks "4 are there, as the manifests have them"
check "a revision that is not there" diagnose 1 --revision nowhere
check "by its name" says failure webhooks "labelled as revision nowhere"

for_people() { "$amesh" check >"$work/check.txt" || true; }
check "it is told to people" for_people
check "with what to do" grep -q '→ kubectl -n amesh-system describe deployment amesh' "$work/check.txt"
check "without colours where nobody looks" bash -c "! grep -q $'\e' '$work/check.txt'"

# --- labels and Pods --------------------------------------------------------------------------------------------------

label=amesh.apisix.apache.org
new_namespace check-both "$label/injection=enabled" "$label/rev=canary"
new_namespace check-lost "$label/rev=nobody"
new_namespace check-pods

# make_pod NAME [STATUS]: with a sidecar where there is a status of one.
make_pod() {
  python3 - "$@" <<'PYTHON' | "$kubectl" create --namespace "$namespace" --filename -
import json, sys
pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": sys.argv[1]},
       "spec": {"containers": [{"name": "app", "image": "app"}]}}
if len(sys.argv) > 2:
    pod["metadata"]["annotations"] = {"amesh.apisix.apache.org/status": sys.argv[2]}
    pod["spec"]["containers"].append({"name": "amesh-proxy", "image": "proxy"})
print(json.dumps(pod))
PYTHON
}
check "a Pod is made before its namespace is labelled" make_pod early
check "and one with an old sidecar" make_pod old '{"version":"0.0.1","revision":"default","configHash":"0"}'
"$kubectl" label namespace "$namespace" "$label/injection=enabled" >/dev/null
check "amesh check looks again" diagnose 1
check "it finds both labels" says warning namespaces "amesh-e2e-check-both has both labels"
check "a revision that nobody serves" says failure namespaces "revision nobody is asked for"
check "the Pod without its sidecar" says failure Pods "$namespace/early"
check "the Pod with an old one" says warning Pods "of another version: $namespace/old"

# --- put right --------------------------------------------------------------------------------------------------------

# On the revision's webhooks, so that the others stay as they are for who comes after.
configuration="amesh-sidecar-injector-canary"
read -r serving_port < <(free_ports 1)

make_certificates() {
  cd "$work" || return 1
  local name
  for name in right wrong; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$name.key" -out "$name.crt" \
      -days 400 -subj "/O=$name" -addext 'keyUsage=critical,keyCertSign'
  done
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout serving.key -out serving.csr \
    -subj /CN=webhook
  openssl x509 -req -in serving.csr -CA right.crt -CAkey right.key -CAcreateserial -days 30 -out serving.crt \
    -extfile <(printf 'basicConstraints=critical,CA:FALSE\nsubjectAltName=IP:127.0.0.1\n')
}
check "a certificate for the webhook is made" make_certificates
# With this script at the latest.
setpriv --pdeathsig TERM openssl s_server -accept "127.0.0.1:$serving_port" -cert "$work/serving.crt" -key "$work/serving.key" -quiet \
  >"$work/s_server.log" 2>&1 </dev/null &
tls_server=$!

# trust FILE: the revision's webhooks lead to the TLS server and trust that root.
trust() {
  "$kubectl" get mutatingwebhookconfiguration "$configuration" --output json |
    python3 -c '
import base64, json, sys
configuration, bundle = json.load(sys.stdin), base64.b64encode(open(sys.argv[2], "rb").read()).decode()
for webhook in configuration["webhooks"]:
    path = webhook["clientConfig"]["url"].split("/inject/")[1]
    webhook["clientConfig"] = {"url": f"https://127.0.0.1:{sys.argv[1]}/inject/{path}", "caBundle": bundle}
print(json.dumps(configuration))' "$serving_port" "$1" | "$kubectl" replace --filename -
}
publish() {
  local one
  # Those that other suites have left.
  "$kubectl" delete configmaps --all-namespaces --field-selector metadata.name=amesh-root
  for one in $("$kubectl" get namespaces --output 'jsonpath={.items[*].metadata.name}'); do
    "$kubectl" create configmap amesh-root --namespace "$one" --from-file "root-cert.pem=$work/right.crt"
  done
}
lead() {
  printf '{"apiVersion":"coordination.k8s.io/v1","kind":"Lease",
    "metadata":{"name":"amesh-leader","namespace":"amesh-system"},
    "spec":{"holderIdentity":"amesh-e2e","leaseDurationSeconds":15,"renewTime":"%s"}}' "$1" |
    "$kubectl" apply --filename -
}
check "the webhooks trust another root" trust "$work/wrong.crt"
check "the bundle is published" publish
check "someone led an hour ago" lead "$(date --utc --date '1 hour ago' +%FT%T.000000Z)"
check "amesh check reads it" diagnose 1 --revision canary
check "the API server would not trust the webhook" says failure webhooks "would not trust 127.0.0.1:$serving_port"
check "the bundle is everywhere" says ok "trust bundle" "the same 1 root in "
check "the leader is gone" says failure leader "amesh-e2e led last"

check "the webhooks trust the right root" trust "$work/right.crt"
check "someone leads" lead "$(date --utc +%FT%T.000000Z)"
check "amesh check reads that" diagnose 1 --revision canary
check "the API server would trust the webhook" says ok webhooks "shows a chain that the caBundle verifies"
check "its certificate lives for a month" says ok certificates "of 127.0.0.1:$serving_port has 29 d left"
check "the caBundle has what is published" says ok webhooks "the caBundle has all of"
check "someone leads, it says" says ok leader "amesh-e2e leads"

end_process "$tls_server" TERM
check "without the TLS server" diagnose 1 --revision canary
check "the webhook does not answer" says failure webhooks "127.0.0.1:$serving_port does not answer"

# --- who may read less ------------------------------------------------------------------------------------------------

# The namespace's ServiceAccount, which may look at most things and at no Secret.
be_a_viewer() {
  "$kubectl" create clusterrole amesh-e2e-viewer --verb=get,list \
    --resource=namespaces,pods,services,configmaps,deployments.apps
  "$kubectl" create clusterrolebinding amesh-e2e-viewer --clusterrole=amesh-e2e-viewer --serviceaccount="$namespace:default"
  local token
  token=$(printf '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}' |
    "$kubectl" create --raw "/api/v1/namespaces/$namespace/serviceaccounts/default/token" --filename - |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["status"]["token"])')
  (umask 077 && "$kubectl" config view --raw --flatten --minify >"$work/viewer")
  "$kubectl" --kubeconfig "$work/viewer" config set-credentials viewer --token "$token"
  "$kubectl" --kubeconfig "$work/viewer" config set-context --current --user viewer
}
check "a person who may only look" be_a_viewer
check "gets an answer" diagnose 1 --revision canary --kubeconfig "$work/viewer"
check "without the Secret: the published roots" says ok certificates "published root"
check "without the webhooks: that they were not seen" says warning webhooks "could not be looked at"
check "without what the control plane may do" says warning permissions "could not be looked at"

nobody_there() { sed 's,server: https://.*,server: https://127.0.0.1:9,' "$work/viewer" >"$work/nobody"; }
check "a kubeconfig that leads nowhere" nobody_there
check "ends with 69" diagnose 69 --kubeconfig "$work/nobody"
check "and says so" says failure "API server" "does not answer"
check_refused "no kubeconfig at all is told" "none/such" "$amesh" check --kubeconfig /none/such

# --- as it was --------------------------------------------------------------------------------------------------------

restore() {
  "$kubectl" delete clusterrolebinding,clusterrole amesh-e2e-viewer
  "$kubectl" delete configmaps --all-namespaces --field-selector metadata.name=amesh-root
  "$kubectl" delete lease amesh-leader --namespace amesh-system
  "$kubectl" delete mutatingwebhookconfiguration "$configuration"
  "$kubectl" delete pods --all --namespace "$namespace" --wait=false
  "$kubectl" apply --filename "$work/install-revision.yaml"
}
check "all of it is taken back" restore
