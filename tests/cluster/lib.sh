# shellcheck shell=bash
# shellcheck disable=SC2034  # what stands here is used by the scripts that source it
# Shared words of the scripts in this folder: versions, where things are kept, and processes that are ended by whoever started
# them. Sourced, never run.
# shellcheck source=tests/env/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../env/lib.sh"

readonly KUBERNETES=1.34.4 ETCD=3.6.5 ARGO=3.7.2 KSERVE=0.16.0 REGISTRY=3.1.2 VERSITYGW=1.8.0
CLUSTER_CACHE="$CORACLE_TEST_CACHE/cluster"
BIN="$CLUSTER_CACHE/bin"

# Two clusters may be up at once, apart by their names and ports.
NAME="${CORACLE_CLUSTER:-tests}"
PORT="${CORACLE_CLUSTER_PORT:-16443}"
STATE="${TMPDIR:-/tmp}/coracle-cluster-$(id -u)-$NAME"

# Where images are pushed to, and pulled from by the node.
REGISTRY_ADDRESS="127.0.0.1:$((PORT + 3))"

# Addresses: of the node, of pods, of Services. Those of Docker and of the workbench's own networks are others.
readonly NODE_ADDRESS=10.41.0.1 PODS=10.42.0.0/24 SERVICES=10.43.0.0/16 FIRST_SERVICE=10.43.0.1

# Below it are the processes of the node's pods.
PROCESS_GROUP="/coracle-cluster-$NAME"
process_group_folders() {
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    printf '%s\n' "/sys/fs/cgroup$PROCESS_GROUP"
  else
    for controller in /sys/fs/cgroup/*/; do printf '%s\n' "${controller%/}$PROCESS_GROUP"; done
  fi
}

# Clock ticks since boot at which a process started; fields are counted behind the closing bracket of its name.
began() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# Whether what `start` began under a name still runs.
is_up() {
  local pid ticks
  [ -r "$STATE/$1.pid" ] && read -r pid ticks <"$STATE/$1.pid" && [ -n "$ticks" ] && [ "$(began "$pid")" = "$ticks" ]
}

# start NAME COMMAND...: a daemon, with its log and its pid beside the rest of the state.
start() {
  local name="$1" pid
  shift
  is_up "$name" && return 0
  # Whoever holds a lock or waits for our output does not wait for the daemon.
  setsid nohup "$@" </dev/null >>"$STATE/$name.log" 2>&1 8>&- 9>&- &
  pid=$!
  printf '%s %s\n' "$pid" "$(began "$pid")" >"$STATE/$name.pid"
}

# end NAME: ends what `start` began, and waits for it; nothing where nothing runs.
end() {
  local pid deadline=$((SECONDS + 20))
  if is_up "$1"; then
    read -r pid _ <"$STATE/$1.pid"
    kill -TERM "$pid" 2>/dev/null || true
    while is_up "$1"; do
      [ "$SECONDS" -lt "$deadline" ] || kill -KILL "$pid" 2>/dev/null || true
      sleep 0.1
    done
    say "ended $1, pid $pid"
  fi
  rm -f "$STATE/$1.pid"
}

# What could be had here and did not work is a failure: nobody skips for that.
fail() {
  say "$*"
  exit 1
}

# await SECONDS NAME COMMAND...: waits until a command succeeds; where it does not, that is a failure, and the end of a daemon's log is
# shown.
await() {
  local deadline=$((SECONDS + $1)) name="$2"
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      [ ! -r "$STATE/$name.log" ] || tail -n 5 "$STATE/$name.log" >&2
      fail "\`$*\` did not succeed in time; the log of $name is $STATE/$name.log"
    fi
    sleep 0.2
  done
}

# The folder of a module's files, which Go downloads for that.
module_folder() {
  mkdir -p "$CLUSTER_CACHE"
  (cd "$CLUSTER_CACHE" && GOFLAGS=-mod=mod go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p')
}

kube() { kubectl --kubeconfig "$STATE/kubeconfig" "$@"; }
