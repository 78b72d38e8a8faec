# shellcheck shell=bash
#
# Set-up shared by the scripts: makes sure that the system packages and the Swift toolchain that Jamboree builds with
# are there. To be sourced; then call `jamboree_setup`.
#
# Why it probes files: asking the package manager takes seconds and may need its lock; looking at a header takes
# microseconds. The package manager is called only when something is missing.
#
# JAMBOREE_NO_INSTALL=1 forbids installing: what is missing is then only named.

# One line per system package: package, then how to see that it is there:
#   header:NAME    a header below one of the include folders
#   pc:NAME        a NAME.pc file where pkg-config looks
#   command:NAME   a program on PATH
#   file:PATTERN   a file whose path the pattern matches
#
# To install other packages, call `jamboree_setup_packages` where a local `jamboree_packages` lists them. If a local
# `jamboree_around_install` is there too, apt-get is run through that command, as root: to prepare what an install needs.
jamboree_packages=(
  "libsqlite3-dev  header:sqlite3.h"
  "libjemalloc-dev header:jemalloc/jemalloc.h"
  "zlib1g-dev      header:zlib.h"
  "libpq-dev       header:postgresql/libpq-fe.h"
  "git             command:git"
)

jamboree_say() { printf 'jamboree: %s\n' "$*" >&2; }

# jamboree_any_file FILE...: is one of them there? (Patterns that match nothing arrive as themselves.)
jamboree_any_file() {
  local file
  for file in "$@"; do [[ -e $file ]] && return 0; done
  return 1
}

# jamboree_probe KIND:NAME: is it there? Builtins only, so that it costs next to nothing.
jamboree_probe() {
  local name=${1#*:}
  case $1 in
    header:*) jamboree_any_file {/usr,/usr/local}/include/"$name" /usr/include/*-linux-*/"$name" ;;
    pc:*)
      local folders=() folder
      IFS=: read -r -a folders <<<"${PKG_CONFIG_PATH:-}"
      for folder in ${folders[@]+"${folders[@]}"}; do [[ -e $folder/$name.pc ]] && return 0; done
      jamboree_any_file {/usr,/usr/local}/{lib,share}/pkgconfig/"$name".pc {/usr,/usr/local}/lib/*/pkgconfig/"$name".pc
      ;;
    command:*) command -v "$name" >/dev/null 2>&1 ;;
    file:*) compgen -G "$name" >/dev/null ;;
    *) jamboree_say "unknown probe '$1' in Scripts/lib/setup.sh"; return 1 ;;
  esac
}

# Fills `jamboree_missing` with the packages that are not there.
jamboree_find_missing() {
  local line package probe
  jamboree_missing=()
  for line in "${jamboree_packages[@]}"; do
    read -r package probe <<<"$line"
    jamboree_probe "$probe" || jamboree_missing+=("$package")
  done
}

# Installs the missing system packages, or says how to and returns 69.
jamboree_setup_packages() {
  local -a jamboree_missing as_root=()
  jamboree_find_missing
  ((${#jamboree_missing[@]})) || return 0

  local names="${jamboree_missing[*]}"
  local by_hand="sudo apt-get update && sudo apt-get install -y $names"
  if [[ -n ${JAMBOREE_NO_INSTALL:-} ]]; then
    jamboree_say "missing system packages: $names (not installed: JAMBOREE_NO_INSTALL is set). Install them with: $by_hand"
    return 69
  fi
  if ! command -v apt-get >/dev/null 2>&1; then
    jamboree_say "missing system packages, and no apt-get here to install them: $names"
    jamboree_say "those are their Debian names; install your system's counterparts, headers included. On Debian: $by_hand"
    return 69
  fi
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null 2>&1; then
      jamboree_say "missing system packages: $names. Neither root nor sudo here; as root: apt-get update && apt-get install -y $names"
      return 69
    fi
    as_root=(sudo)
    # Where nobody can type a password, fail rather than wait for one.
    [[ -t 0 && -t 2 ]] || as_root+=(-n)
    if ! "${as_root[@]}" true; then
      jamboree_say "missing system packages: $names. sudo did not let us install them; by hand: $by_hand"
      return 69
    fi
  fi

  local -a apt=(${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive)
  # shellcheck disable=SC2154 # the caller's, if there is one
  apt+=(${jamboree_around_install[@]+"${jamboree_around_install[@]}"} apt-get -o DPkg::Lock::Timeout=120)
  local log
  log=$(mktemp) || return 69
  jamboree_say "installing system packages: $names"
  # A failing update is not the end: the lists at hand may do. What counts is the install, and the probe after it.
  "${apt[@]}" update </dev/null >"$log" 2>&1
  if ! "${apt[@]}" install -y --no-install-recommends "${jamboree_missing[@]}" </dev/null >>"$log" 2>&1; then
    cat -- "$log" >&2
    rm -f -- "$log"
    jamboree_say "could not install $names (log above). By hand: $by_hand"
    return 69
  fi
  rm -f -- "$log"
  jamboree_find_missing
  if ((${#jamboree_missing[@]})); then
    jamboree_say "installed, but still not found: ${jamboree_missing[*]} (see the list at the top of Scripts/lib/setup.sh)"
    return 69
  fi
}

# Puts a Swift toolchain on PATH, or says how to get one and returns 69.
jamboree_setup_swift() {
  command -v swift >/dev/null 2>&1 && return 0
  local folder
  for folder in /opt/swift/usr/bin /usr/share/swift/usr/bin "${SWIFTLY_BIN_DIR:-${HOME:-/root}/.local/share/swiftly/bin}"; do
    if [[ -x $folder/swift ]]; then
      export PATH="$folder:$PATH"
      return 0
    fi
  done
  jamboree_say "no Swift found. Jamboree needs Swift 6.2 or later: https://www.swift.org/install/linux/ (swiftly installs it"
  jamboree_say "in one step; or unpack a toolchain in /opt/swift), then see that 'swift --version' answers, and try again."
  return 69
}

jamboree_setup() {
  jamboree_setup_packages || return
  jamboree_setup_swift
}
