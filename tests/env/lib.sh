# shellcheck shell=bash
# Shared words of the scripts in this folder: where things are kept, how to become root, how to
# talk to the container engine. Sourced, never run. It must not install or start anything.

CORACLE_TEST_CACHE="${CORACLE_TEST_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/coracle-tests}"

# Exit status of every script here when the machine cannot provide the thing asked for.
readonly UNAVAILABLE=3

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

refuse() {
  say "$*"
  exit "$UNAVAILABLE"
}

# Where the Python environment for a list of requirements as it is now is, made or not.
venv_dir() {
  printf '%s/venv-%s' "$CORACLE_TEST_CACHE" \
    "$(sha256sum <"$(dirname "${BASH_SOURCE[0]}")/$1" | cut -c1-12)"
}

# Becomes the Python of a list of requirements; what it is for is said where there is none yet.
exec_python() {
  local venv purpose="$2"
  venv=$(venv_dir "$1")
  [ -e "$venv/ready" ] || refuse "no python environment${purpose:+ $purpose} yet; run tests/env/setup"
  shift 2
  exec "$venv/bin/python" "$@"
}

# Runs a command as root: directly, or through a sudo that asks no password.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo -n -- "$@"
  fi
}

can_be_root() {
  [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null
}

# Installs the named Debian packages that are missing. Quiet when there is nothing to do.
need_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed' ||
      missing+=("$package")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  command -v apt-get >/dev/null ||
    refuse "needs ${missing[*]}, and there is no apt-get here; install them by hand"
  can_be_root ||
    refuse "needs ${missing[*]}, and is neither root nor allowed to sudo; run \`apt-get install ${missing[*]}\`"
  say "installing ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null 2>&1 && return 0
  # The package lists may be absent or old: fetch them and let the second try show its errors.
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
}

# True when an engine answers within five seconds. Sets DOCKER_API_VERSION for the rest of the
# script when a client is too new to speak with an old engine unless told the version.
engine_answers() {
  command -v docker >/dev/null || return 1
  timeout 5 docker version --format '{{.Server.APIVersion}}' >/dev/null 2>&1 && return 0
  [ -z "${DOCKER_API_VERSION:-}" ] || return 1
  DOCKER_API_VERSION=1.41 timeout 5 docker version --format '{{.Server.APIVersion}}' \
    >/dev/null 2>&1 || return 1
  export DOCKER_API_VERSION=1.41
}
