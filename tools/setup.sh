# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Shared by tools/try, tools/check and .ci/run: lists and installs the Debian packages that they need,
# and makes builds. Sourced, not run.

source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# To build the library and plumctl, with translations.
# shellcheck disable=SC2034
build_packages=(meson ninja-build gcc libc6-dev pkg-config libglib2.0-dev python3
  gettext)
# To run the lab, to check the units of systemd, and to test the translations. The router daemon of
# the lab is unpacked, not installed.
# shellcheck disable=SC2034
lab_packages=(iproute2 nftables procps util-linux mount systemd locales)
# To build and test the bindings and the manual.
# shellcheck disable=SC2034
binding_packages=(g++ libgirepository1.0-dev gobject-introspection valac gjs python3-gi gi-docgen)
# To compare the binary interface with that of the last release.
# shellcheck disable=SC2034
abi_packages=(abigail-tools binutils)
# To build plum-ports, and to test its window on a virtual screen.
# shellcheck disable=SC2034
window_packages=(libgtk-4-dev libadwaita-1-dev at-spi2-core dbus dbus-daemon python3-gi xvfb xdotool
  x11-utils imagemagick adwaita-icon-theme fonts-cantarell desktop-file-utils appstream)
# To test the completions, besides those of bash.
# shellcheck disable=SC2034
shell_packages=(fish zsh)
# To build with the second compiler.
# shellcheck disable=SC2034
clang_packages=(clang libclang-rt-dev)
# For static analysis.
# shellcheck disable=SC2034
analysis_packages=(clang clang-format clang-tidy cppcheck)

# A python3 that is a wrapper, such as that of pyenv, takes longer to start than most scripts to run.
real_python=$(python3 -c 'import sys; print(sys.executable)' 2>/dev/null || true)
if [ -x "$real_python" ] && [ ! "$real_python" -ef "$(type -P python3)" ]; then
  PATH=${real_python%/*}:$PATH
fi

say () {
  printf '\n== %s\n' "$*"
}

fail () {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

usage_error () {
  printf "%s: %s; see --help\n" "${0##*/}" "$*" >&2
  exit 2
}

# Runs a command as root.
as_root () {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

# install_missing PACKAGE...: installs the given Debian packages that are missing, or fails.
install_missing () {
  local package missing=()

  type -P dpkg-query apt-get >/dev/null ||
    fail "this is not Debian: install the equivalents of these packages, then use --no-install: $*"

  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
      missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  say "Installing ${missing[*]}"
  [ "$(id -u)" -eq 0 ] || type -P sudo >/dev/null ||
    fail "sudo is not installed: as root, run apt-get install ${missing[*]}"
  as_root apt-get -q update
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -q install -y --no-install-recommends "${missing[@]}"
}

# Compiles several sources at a time, which takes two thirds of the processor time. A source that lacks an
# include may compile in this way: tools/analyse reads each on its own.
# shellcheck disable=SC2034
unity_options=(--unity=on -Dunity_size=1000)

# For builds of which nothing but the tests is used. The debug information suffices for the reports of
# the sanitizers; plum-ports is tested without them.
# shellcheck disable=SC2034
test_build_options=(-Dintrospection=disabled -Dvapi=disabled -Dwindow=disabled
  "-Dc_args=${CFLAGS:-} -g1" "${unity_options[@]}")

# make_build DIR [MESON-OPTION...]: configures or reconfigures, and builds.
make_build () {
  local dir=$1 again=()

  shift
  rm -f "$dir/meson-logs/testlog.json"
  [ ! -e "$dir/meson-private/coredata.dat" ] || again=(--reconfigure)
  meson setup "${again[@]}" "$dir" "$source_root" --werror "$@" && ninja -C "$dir"
}

# in_background LOG COMMAND...: runs a command while the processors have nothing else to do, so that
# it does not delay the tests that run meanwhile. Its output goes to LOG. Sets background_pid. Ends
# with the script, and all that it has started with it.
in_background () {
  local log=$1

  shift
  mkdir -p "$(dirname "$log")"
  set -m
  (
    chrt --idle --pid 0 "$BASHPID" || renice -n 19 -p "$BASHPID" || true
    "$@"
  ) >"$log" 2>&1 </dev/null &
  set +m
  background_pid=$!
  trap 'kill -- "-$background_pid" 2>/dev/null || true' EXIT
}

# wait_for_background LOG PID: prints the output of the command. Returns its exit status.
wait_for_background () {
  local status=0

  wait "$2" || status=$?
  trap - EXIT
  cat "$1"
  return "$status"
}

# run_tests DIR TEST-OPTION...: runs tests. Always succeeds: count-tests counts the failures.
run_tests () {
  local dir=$1

  shift
  meson test -C "$dir" --no-rebuild --print-errorlogs --timeout-multiplier=4 "$@" || true
}
