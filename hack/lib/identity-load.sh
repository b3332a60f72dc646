# shellcheck shell=bash
# A running `amesh serve` and the client that loads its identity services; for hack/bench-identity and hack/soak.
# shellcheck disable=SC2119,SC2120 # start_server takes flags, or none
# shellcheck disable=SC2154,SC2034 # root comes from common.sh; over_tls is for those who source this
# Needs hack/lib/common.sh, and the products amesh and identity-load of a release build.

identity_port=${AMESH_BENCH_IDENTITY_PORT:-29012}
admin_port=${AMESH_BENCH_ADMIN_PORT:-29914} webhook_port=${AMESH_BENCH_WEBHOOK_PORT:-29443}
server='' streams='' asked='' said='' order='' report='' answer='' tokens='' state='' load_directory=''
over_tls=()

# shellcheck disable=SC2317 # called by the trap
end_all() {
  end_child
  end_streams
  end_server
}
trap end_all EXIT

load() { "$root/.build/release/identity-load" "$@"; }

# connection_limit COUNT: so many connections are to be open on each side.
connection_limit() {
  local hard
  hard=$(ulimit -Hn)
  [[ $hard == unlimited ]] || ((hard >= $1)) ||
    fail "$1 open files are needed, and $hard are allowed; raise the hard limit (ulimit -Hn) or take fewer"
  ulimit -n "$hard"
}

# prepare_load DIRECTORY: a cluster's key and 20,000 tokens, good for a day.
prepare_load() {
  load_directory=$1 tokens=$1/tokens
  mkdir -p "$load_directory"
  if [[ ! -s $tokens || -n $(find "$tokens" -mmin +600) ]]; then
    step "Making 20,000 ServiceAccount tokens" load prepare "$load_directory" || fail "no tokens could be made"
  fi
  state=$load_directory/state
  over_tls=(--port "$identity_port" --roots "$state/identity/root-cert.pem")
}

# start_server FLAG…: a server with a new root; its process is in $server.
start_server() {
  [[ -z $server ]] || fail "a server runs already"
  rm -rf "$state"
  mkdir -p "$state"
  printf '%s\n' 'apiVersion: amesh.apisix.apache.org/v1alpha1' 'kind: MeshConfig' 'mesh: {trustDomain: cluster.local}' \
    'server: {shutdown: {delaySeconds: 0}, log: {level: error}}' 'identity:' "  port: $identity_port" '  tokens:' \
    "    keysFile: $load_directory/keys.json" '    issuer: https://kubernetes.default.svc.cluster.local' \
    '    audiences: [amesh-ca]' '  limits: {connectionsPerAddress: 16384}' >"$load_directory/mesh.yaml"
  "$root/.build/release/amesh" serve --config "$load_directory/mesh.yaml" --state-directory "$state" \
    --webhook-port "$webhook_port" --admin-port "$admin_port" "$@" >"$load_directory/serve.log" 2>&1 </dev/null &
  server=$!
  "$root/.build/release/amesh" wait --url "http://127.0.0.1:$admin_port/readyz" --timeout 30 >/dev/null ||
    fail "amesh serve did not start: $(tail -n 3 "$load_directory/serve.log")"
  kill -0 "$server" 2>/dev/null || fail "amesh serve did not start: $(tail -n 3 "$load_directory/serve.log")"
  sleep 1
}

end_server() {
  [[ -n $server ]] || return 0
  kill -KILL "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  server=
}

# start_discovery FLAG…: a server of workload discovery alone; its process is in $server, as if it were all of Amesh.
start_discovery() {
  [[ -z $server ]] || fail "a server runs already"
  local socket=$load_directory/discovery.sock word=''
  rm -f "$socket" "$load_directory"/{order,report}
  mkfifo "$load_directory/order" "$load_directory/report"
  exec {order}<>"$load_directory/order" {report}<>"$load_directory/report"
  "$root/.build/release/workload-bench" --unix "$socket" "$@" <"$load_directory/order" >"$load_directory/report" \
    2>"$load_directory/serve.log" &
  server=$!
  IFS= read -r -t 60 -u "$report" word || true
  [[ $word == ready ]] || fail "workload-bench did not start: $(tail -n 3 "$load_directory/serve.log")"
}

# start_workloads OPTION…: as start_streams, with what asks for addresses.
start_workloads() { hold_streams workloads "$@"; }

# await_move FIRST COUNT SECONDS: gives those Pods another mode; when everybody who asked for them was told, $answer tells.
await_move() {
  local word=''
  echo "wait $1 $2 $3" >&"$asked"
  hear
  [[ $answer == armed ]] || fail "the streams say: $answer"
  echo "move $1 $2" >&"$order"
  hear
  IFS= read -r -t 60 -u "$report" word || true
  [[ $word == moved* ]] || fail "workload-bench says: $word"
}

# rotate STEP FLAG…
rotate() {
  "$root/.build/release/amesh" ca rotate "$@" --state-directory "$state" >"$load_directory/rotate.log" 2>&1 ||
    fail "amesh ca rotate $*: $(tail -n 3 "$load_directory/rotate.log")"
}

# Of the server: KB of memory, and seconds of CPU so far.
resident() { awk '/^VmRSS/ { print $2 }' "/proc/$server/status"; }
cpu_seconds() { sed 's/.*) //' "/proc/$server/stat" | awk -v hz="$(getconf CLK_TCK)" '{ print ($12 + $13) / hz }'; }

# start_streams OPTION…: holds streams open; what it says first is in $answer.
start_streams() { hold_streams streams --tokens "$tokens" "$@"; }

hold_streams() {
  rm -f "$load_directory"/{asked,said}
  mkfifo "$load_directory/asked" "$load_directory/said"
  exec {asked}<>"$load_directory/asked" {said}<>"$load_directory/said"
  "$root/.build/release/identity-load" "$@" <"$load_directory/asked" >"$load_directory/said" &
  streams=$!
  hear
}

# What the streams say next goes to $answer.
hear() {
  local waited
  for ((waited = 0; waited < 300; waited++)); do
    if IFS= read -r -t 1 -u "$said" answer; then return 0; fi
    kill -0 "$streams" 2>/dev/null || fail "the streams have ended: $(tail -n 3 "$load_directory/serve.log")"
  done
  fail "the streams say nothing: $(tail -n 3 "$load_directory/serve.log")"
}

# await_push NAME SECONDS COMMAND…: runs COMMAND; when every stream of that name has something new, $answer tells.
await_push() {
  echo "wait $1 $2" >&"$asked"
  hear
  [[ $answer == armed ]] || fail "the streams say: $answer"
  shift 2
  "$@"
  hear
}

end_streams() {
  [[ -n $streams ]] || return 0
  kill -TERM "$streams" 2>/dev/null || true
  wait "$streams" 2>/dev/null || true
  exec {asked}>&- {said}>&-
  streams=
}
