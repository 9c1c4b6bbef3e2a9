# SPDX-License-Identifier: LGPL-2.1-or-later

"""Moves the process to a network namespace that contains only a loopback interface.

In this namespace, no packet reaches another host, and there is no default route.
"""

import ctypes
import fcntl
import os
import socket
import struct

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


def _write(path, text):
    with open(path, "w") as file:
        file.write(text)


def _set_loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        name = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(control, SIOCGIFFLAGS, name))[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


def _enter(as_root):
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)

    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")

    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", "%d %d 1" % (0 if as_root else user, user))
    _write("/proc/self/gid_map", "%d %d 1" % (0 if as_root else group, group))
    _set_loopback_up()


def _can_enter():
    """Tries it in a child process, because a failure half-way cannot be undone."""
    child = os.fork()
    if child == 0:
        try:
            _enter(False)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def enter(as_root=False):
    """Moves this process to a new network namespace. Returns False if the kernel does not permit it.

    Programs that this process starts, such as ip, can change the namespace only as root: an ordinary
    user loses the capabilities on exec. Call this before another thread is started.
    """
    if not _can_enter():
        return False
    _enter(as_root)
    return True
