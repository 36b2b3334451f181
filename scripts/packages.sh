# Sourced by test.sh, bench.sh: names the Debian packages that are missing, asks, and installs them without starting a service.
# shellcheck shell=bash

# What each package is needed for is found out by looking for the thing itself: it may have come another way.
package_present() {
  case $1 in
    build-essential) have "${CC:-cc}" ;;
    postgresql) [ -n "$(postgres_bin)" ] ;;
    libxml2-utils) have xmllint ;;
    python3-venv) have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null ;;
    nodejs) have node ;;
    *) have "$1" ;;
  esac
}

# The folder with initdb and postgres: Debian keeps them out of PATH, one folder for each major version.
postgres_bin() {
  local folder
  for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
    [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && echo "$folder" && return
  done
  folder=$(command -v initdb) && dirname "$(readlink -f "$folder")"
}

# Arguments: Debian package names. Returns 0 whatever happened: callers look again for what they need.
ensure_packages() {
  local missing=() package
  for package in "$@"; do
    package_present "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  say "Missing Debian packages: ${missing[*]}"
  if ! have apt-get; then
    say "There is no apt on this machine: please install what corresponds to them by hand. Going on without."
    return 0
  fi
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    have sudo || { say "Neither root nor sudo: please run 'apt install ${missing[*]}' as root. Going on without."; return 0; }
    sudo=(sudo)
  fi
  if [ "${CI:-}" != true ] && [ "${YES:-}" != 1 ]; then
    if [ ! -t 0 ]; then
      say "Nobody to ask (YES=1 installs them without asking). Going on without."
      return 0
    fi
    local answer
    read -r -p "Install them with apt? [y/N] " answer
    [[ $answer == [yYoO]* ]] || { say "Not installed. Going on without."; return 0; }
  fi
  install_quietly "${missing[@]}" || say "apt could not install all of them (its last lines are above). Going on without what is missing."
}

# apt, with Debian's two ways of starting things by itself shut for the duration: services (policy-rc.d) and PostgreSQL's
# first cluster (createcluster.conf). Both files are put back as they were, also after an interruption.
# In a subshell, so that its traps are its own.
install_quietly() (
  policy=/usr/sbin/policy-rc.d
  clusters=/etc/postgresql-common/createcluster.conf
  mark="# written by aplomb's make test for the time of an installation"

  put_back() {
    for file in "$policy" "$clusters"; do
      if [ -e "$file.before-aplomb" ]; then
        "${sudo[@]}" mv "$file.before-aplomb" "$file"
      elif grep -qsF "$mark" "$file"; then
        "${sudo[@]}" rm "$file"
      fi
    done
  }
  # $1 file, $2 mode, standard input: what it says for now
  replace() {
    if [ -e "$1" ]; then "${sudo[@]}" cp -a "$1" "$1.before-aplomb"; fi
    "${sudo[@]}" tee "$1" >/dev/null
    "${sudo[@]}" chmod "$2" "$1"
  }
  trap put_back EXIT
  trap 'exit 130' INT TERM
  put_back # what a killed run may have left

  printf '#!/bin/sh\n%s\nexit 101\n' "$mark" | replace "$policy" 755

  apt_install() {
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "${bounded[@]}" install --yes --quiet --no-install-recommends "$@" 2>&1 |
      tail -n 5 >&2
  }
  # Without a network this gives up in a minute, not in ten.
  bounded=(-o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 -o Acquire::Retries=1 -o DPkg::Lock::Timeout=120)
  # Stale lists name versions that the mirror no longer has; a fresh container has none at all.
  apt_install_with_update() {
    apt_install "$@" 2>/dev/null && return
    "${sudo[@]}" apt-get "${bounded[@]}" update --quiet 2>&1 | tail -n 2 >&2
    apt_install "$@"
  }
  set -o pipefail
  if [[ " $* " == *" postgresql "* ]]; then
    # The common part first: it brings the file that says whether a cluster is made.
    apt_install_with_update postgresql-common || return 1
    { cat "$clusters" 2>/dev/null; printf '\n%s\ncreate_main_cluster = false\n' "$mark"; } >"${TMPDIR:-/tmp}/aplomb-cluster.$$"
    replace "$clusters" 644 <"${TMPDIR:-/tmp}/aplomb-cluster.$$"
    rm "${TMPDIR:-/tmp}/aplomb-cluster.$$"
  fi
  apt_install_with_update "$@"
)
