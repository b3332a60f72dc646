# shellcheck shell=bash
# A Kubernetes API server of one's own: etcd and kube-apiserver on loopback, with no kubelet and no controllers. Source it
# after lib/common.sh.
#
#   cluster_up DIRECTORY    brings it up; DIRECTORY/kubeconfig is an administrator's
#   cluster_stop_apiserver  cluster_start_apiserver  an outage, and its end; etcd stays
#   cluster_down            ends both and deletes DIRECTORY; also done when the script that sourced this ends
#
# kube-apiserver is built once from Debian's source package `kubernetes` and kept in a cache outside the tree:
#   AMESH_KUBERNETES_CACHE  where (~/.cache/amesh/kubernetes); delete a version's folder there to have it built anew
#   AMESH_KUBE_APISERVER    another kube-apiserver, which is taken as it is

cluster_cache=${AMESH_KUBERNETES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/amesh/kubernetes}
cluster_issuer=https://kubernetes.default.svc.cluster.local
cluster_directory='' cluster_etcd='' cluster_apiserver=''

# The servers end with this script, however it ends: setpriv has the kernel see to it when it is killed.
trap 'cluster_down; end_child' EXIT

# --- what it takes ---------------------------------------------------------------------------------------------------

# Sets `kube_apiserver`, building it if need be; a build takes about 7 minutes of one core.
require_kube_apiserver() {
  kube_apiserver=${AMESH_KUBE_APISERVER:-$(newest_kube_apiserver)}
  if [[ -n $kube_apiserver ]]; then
    [[ -x $kube_apiserver ]] || fail "AMESH_KUBE_APISERVER is $kube_apiserver, which can't be executed"
    return 0
  fi
  require_packages build-essential dpkg-dev golang-1.19-go golang-github-modern-go-reflect2-dev rsync util-linux
  mkdir -p "$cluster_cache"
  step "Building kube-apiserver (once, about 7 minutes of one core)" build_kube_apiserver ||
    fail "kube-apiserver could not be built; AMESH_KUBE_APISERVER can name one that is there already"
  kube_apiserver=$(newest_kube_apiserver)
}

newest_kube_apiserver() {
  local found
  found=$(printf '%s\n' "$cluster_cache"/*/kube-apiserver | sort -V | tail -n 1)
  if [[ -x $found ]]; then printf '%s\n' "$found"; fi
}

# One at a time; who waited finds it built.
build_kube_apiserver() (
  set -euo pipefail
  exec 9>"$cluster_cache/lock"
  flock 9
  if [[ -n $(newest_kube_apiserver) ]]; then exit 0; fi
  work=$cluster_cache/build
  rm -rf "$work"
  mkdir -p "$work"/{lists,archives}/partial "$work/home"
  download_kubernetes_source "$work"

  description=$(printf '%s\n' "$work"/kubernetes_*.dsc | head -n 1)
  dpkg-source --no-check -x "$description" "$work/source"
  version=$(sed -n 's/^Version: //p' "$description" | head -n 1)
  upstream=${version%-*} upstream=${upstream##*really}
  mkdir -p "$work/source/.go/src/k8s.io"
  ln -s ../../.. "$work/source/.go/src/k8s.io/kubernetes"
  cd "$work/source"
  # The vendored one reads maps in a way that Go has not allowed since 1.18: every JSON object would end in a panic.
  rm -rf vendor/github.com/modern-go/reflect2
  cp -rL /usr/share/gocode/src/github.com/modern-go/reflect2 vendor/github.com/modern-go/reflect2
  export PATH="/usr/lib/go-1.19/bin:$PATH" HOME="$work/home" GOPATH="$work/source/.go" GOCACHE="$work/go-cache"
  export CGO_ENABLED=0 GOFLAGS=-p=2 GOPROXY=off
  # The source package has no git history to take these from.
  KUBE_GIT_MAJOR=$(cut -d . -f 1 <<<"$upstream") KUBE_GIT_MINOR=$(cut -d . -f 2 <<<"$upstream")
  export KUBE_GIT_MAJOR KUBE_GIT_MINOR KUBE_GIT_VERSION="v$upstream" KUBE_GIT_COMMIT=debian KUBE_GIT_TREE_STATE=archive
  nice -n 10 make WHAT=cmd/kube-apiserver

  mkdir -p "$cluster_cache/$version"
  install -m 0755 _output/bin/kube-apiserver "$cluster_cache/$version/kube-apiserver.new"
  mv "$cluster_cache/$version/kube-apiserver.new" "$cluster_cache/$version/kube-apiserver"
  cd "$cluster_cache"
  chmod -R u+w "$work"
  rm -rf "$work"
)

# download_kubernetes_source DIRECTORY: by a deb-src entry, lists and cache of its own, so that the machine's own apt stays
# as it is. The mirror is the one that the machine has its packages from.
download_kubernetes_source() {
  local directory=$1 uri release keyring
  # shellcheck disable=SC2016 # apt replaces these itself
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(SIGNED_BY)' \
    'Created-By: Packages' 'Origin: Debian' 'Component: main' | sort -u |
    while read -r uri release keyring; do
      [[ $keyring == /* ]] || keyring=/usr/share/keyrings/debian-archive-keyring.gpg
      printf 'deb-src [signed-by=%s] %s %s main\n' "$keyring" "$uri" "$release"
    done >"$directory/sources.list"
  [[ -s $directory/sources.list ]] || {
    echo "error: apt knows no archive of Debian's; run apt-get update, or name a kube-apiserver by AMESH_KUBE_APISERVER"
    return 1
  }
  local options=(
    -o "Dir::Etc::SourceList=$directory/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$directory/lists"
    -o "Dir::Cache=$directory" -o "Dir::Cache::archives=$directory/archives" -o "APT::Sandbox::User=$(id -un)"
  )
  apt-get "${options[@]}" update
  (cd "$directory" && apt-get "${options[@]}" source --download-only kubernetes)
}

# --- up and down -----------------------------------------------------------------------------------------------------

cluster_up() {
  cluster_directory=$1
  require_packages curl etcd-server openssl python3 util-linux
  require_kube_apiserver
  # Without controllers no ServiceAccount gets a token Secret, so Pods get theirs as every newer server gives them; a
  # server that can't do otherwise refuses the flag.
  if [[ $("$kube_apiserver" --help 2>&1) == *BoundServiceAccountTokenVolume=* ]]; then
    cluster_apiserver_flags+=(--feature-gates BoundServiceAccountTokenVolume=true)
  fi
  mkdir -p "$cluster_directory"
  cluster_directory=$(cd "$cluster_directory" && pwd)
  chmod 0700 "$cluster_directory"
  read -r cluster_etcd_port cluster_peer_port cluster_port < <(free_ports 3)
  step "Making the cluster's certificates" make_cluster_certificates || fail "openssl did not make the certificates"
  write_kubeconfig

  heading "Starting etcd and kube-apiserver on 127.0.0.1:$cluster_port"
  setpriv --pdeathsig TERM etcd --name amesh --data-dir "$cluster_directory/etcd" \
    --listen-client-urls "https://127.0.0.1:$cluster_etcd_port" \
    --advertise-client-urls "https://127.0.0.1:$cluster_etcd_port" \
    --listen-peer-urls "http://127.0.0.1:$cluster_peer_port" \
    --initial-advertise-peer-urls "http://127.0.0.1:$cluster_peer_port" \
    --initial-cluster "amesh=http://127.0.0.1:$cluster_peer_port" \
    --cert-file "$cluster_directory/server.crt" --key-file "$cluster_directory/server.key" \
    --client-cert-auth --trusted-ca-file "$cluster_directory/ca.crt" --logger zap --log-level warn \
    >"$cluster_directory/etcd.log" 2>&1 </dev/null &
  cluster_etcd=$!
  wait_until 30 "$cluster_etcd" etcd cluster_curl "https://127.0.0.1:$cluster_etcd_port/health"
  cluster_start_apiserver
  # Namespaces of the system appear when the server is ready already.
  wait_until 30 "$cluster_apiserver" kube-apiserver cluster_curl \
    "https://127.0.0.1:$cluster_port/api/v1/namespaces/kube-system"
  note "Kubernetes $(cluster_curl "https://127.0.0.1:$cluster_port/version" | sed -n 's/.*"gitVersion": "\(.*\)".*/\1/p')"
}

cluster_start_apiserver() {
  setpriv --pdeathsig TERM "$kube_apiserver" --bind-address 127.0.0.1 --advertise-address 127.0.0.1 \
    --secure-port "$cluster_port" --endpoint-reconciler-type none \
    --etcd-servers "https://127.0.0.1:$cluster_etcd_port" --etcd-cafile "$cluster_directory/ca.crt" \
    --etcd-certfile "$cluster_directory/admin.crt" --etcd-keyfile "$cluster_directory/admin.key" \
    --client-ca-file "$cluster_directory/ca.crt" --cert-dir "$cluster_directory" \
    --tls-cert-file "$cluster_directory/server.crt" --tls-private-key-file "$cluster_directory/server.key" \
    --service-account-key-file "$cluster_directory/service-account.pub" \
    --service-account-signing-key-file "$cluster_directory/service-account.key" \
    --service-account-issuer "$cluster_issuer" --api-audiences "$cluster_issuer" \
    --service-account-jwks-uri "https://127.0.0.1:$cluster_port/openid/v1/jwks" \
    --service-cluster-ip-range 10.96.0.0/16 --authorization-mode Node,RBAC --allow-privileged \
    "${cluster_apiserver_flags[@]}" >>"$cluster_directory/kube-apiserver.log" 2>&1 </dev/null &
  cluster_apiserver=$!
  wait_until 90 "$cluster_apiserver" kube-apiserver cluster_curl "https://127.0.0.1:$cluster_port/readyz"
}

# For whoever wants others.
cluster_apiserver_flags=()

# cluster_stop_apiserver [SIGNAL]
cluster_stop_apiserver() {
  end_process "$cluster_apiserver" "${1:-TERM}"
  cluster_apiserver=
}

cluster_down() {
  if [[ -n $cluster_apiserver ]]; then end_process "$cluster_apiserver" TERM; fi
  if [[ -n $cluster_etcd ]]; then end_process "$cluster_etcd" TERM; fi
  cluster_apiserver='' cluster_etcd=''
  if [[ -n $cluster_directory && -f $cluster_directory/kubeconfig ]]; then
    rm -rf "$cluster_directory"
  fi
  cluster_directory=
}

# --- details ---------------------------------------------------------------------------------------------------------

# Ends a child, by force after 10 seconds.
end_process() {
  local process=$1 signal=$2 tries=100
  # Bash says on standard error whom it finds killed.
  {
    kill "-$signal" "$process" || true
    while ((tries-- > 0)) && kill -0 "$process"; do sleep 0.1; done
    kill -KILL "$process" || true
    wait "$process" || true
  } 2>/dev/null
}

# wait_until SECONDS PROCESS NAME COMMAND…: until the command succeeds; fails with the log's end when the process ends.
wait_until() {
  local until=$((SECONDS + $1)) process=$2 name=$3
  shift 3
  until "$@" >/dev/null 2>&1; do
    if ! kill -0 "$process" 2>/dev/null || ((SECONDS > until)); then
      tail -n 20 "$cluster_directory/$name.log" >&2
      fail "$name did not come up; this is the end of what it says"
    fi
    sleep 0.2
  done
}

cluster_curl() {
  curl --silent --fail --max-time 5 --cacert "$cluster_directory/ca.crt" --cert "$cluster_directory/admin.crt" \
    --key "$cluster_directory/admin.key" "$@"
}

# Below the range that the kernel takes ports for clients from, so that they are still free when they are used.
free_ports() {
  python3 - "$1" <<'PYTHON'
import random
import socket
import sys

held = []
while len(held) < int(sys.argv[1]):
    candidate = socket.socket()
    try:
        candidate.bind(("127.0.0.1", random.randint(20000, 31999)))
        held.append(candidate)
    except OSError:
        candidate.close()
print(*(one.getsockname()[1] for one in held))
PYTHON
}

make_cluster_certificates() (
  set -euo pipefail
  cd "$cluster_directory"
  umask 077
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 30 \
    -subj /CN=amesh-test-cluster -addext 'keyUsage=critical,keyCertSign,cRLSign'
  sign_certificate server /CN=kube-apiserver serverAuth,clientAuth \
    'IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local'
  sign_certificate admin /O=system:masters/CN=admin clientAuth ''
  openssl genrsa -out service-account.key 2048
  openssl rsa -in service-account.key -pubout -out service-account.pub
)

# sign_certificate NAME SUBJECT EXTENDED-KEY-USAGE SUBJECT-ALTERNATIVE-NAMES
sign_certificate() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2"
  {
    printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=%s\n' "$3"
    if [[ -n $4 ]]; then printf 'subjectAltName=%s\n' "$4"; fi
  } >"$1.extensions"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" -extfile "$1.extensions"
}

# With everything in it, so that it can be handed on as one file.
write_kubeconfig() {
  (
    umask 077
    cat >"$cluster_directory/kubeconfig" <<YAML
apiVersion: v1
kind: Config
current-context: amesh-test
clusters:
  - name: amesh-test
    cluster:
      server: https://127.0.0.1:$cluster_port
      certificate-authority-data: $(base64 -w 0 "$cluster_directory/ca.crt")
users:
  - name: admin
    user:
      client-certificate-data: $(base64 -w 0 "$cluster_directory/admin.crt")
      client-key-data: $(base64 -w 0 "$cluster_directory/admin.key")
contexts:
  - name: amesh-test
    context: { cluster: amesh-test, user: admin }
YAML
  )
}
