# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Shared by tests/newcomer/newcomer, tools/check-foreign and tools/package: minimal installations of
# Debian in directories, made with debootstrap. Sourced, not run. Needs root privileges.

# make_debian_root SUITE DIR: creates a minimal Debian in DIR, unless it exists.
make_debian_root () {
  [ ! -e "$2/plum-complete" ] || return 0
  type -P debootstrap >/dev/null || fail 'debootstrap is not installed'
  rm -rf "$2"
  mkdir -p "$2"
  debootstrap --variant=minbase "$1" "$2" >"$2.log" 2>&1 || fail "debootstrap failed; see $2.log"
  touch "$2/plum-complete"
}

# enter_debian_root DIR NETWORK COMMAND...: runs a command in the Debian in DIR, with its own
# processes and mounts. NETWORK is keep, or none for a network that has only a loopback interface.
# chroot would not do: the kernel permits no user namespaces in it.
enter_debian_root () {
  local dir=$1 spaces=(--mount --pid --ipc)

  [ "$2" = keep ] || spaces+=(--net)
  shift 2
  # shellcheck disable=SC2016  # for the inner shell
  unshare "${spaces[@]}" --fork --kill-child=SIGKILL bash -euc '
    dir=$0
    cp /etc/resolv.conf "$dir/etc/resolv.conf"
    mount --bind "$dir" "$dir"
    cd "$dir"
    mount -t proc proc proc
    mount --rbind /dev dev
    mount -t sysfs sysfs sys
    mount -t tmpfs tmpfs run
    mount -t tmpfs tmpfs tmp
    mkdir -p mnt
    PATH=$PATH:/usr/sbin:/sbin
    ip link set lo up 2>/dev/null || true
    pivot_root . mnt
    umount -l /mnt
    cd /
    exec env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
      LC_ALL=C.UTF-8 "$@"' "$dir" "$@"
}
