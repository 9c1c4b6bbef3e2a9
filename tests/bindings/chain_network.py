# SPDX-License-Identifier: LGPL-2.1-or-later

"""Two fake routers in a row, and two more of which the second one refuses.

They are in a network namespace of their own, because the host must not have their addresses.
"""

import contextlib
import ctypes
import os
import subprocess

from fake_gateway import PCP_NOT_AUTHORIZED, FakeGateway

CLONE_NEWNET = 0x40000000

HOST = "192.0.2.2"
FIRST = "192.0.2.1"
SECOND = "192.168.0.1"
FIRST_OF_REFUSING = "192.0.2.3"
REFUSING = "192.168.1.1"

FAR = ["link set lo up", "link set lan0 up", f"addr add {FIRST}/24 dev lan0",
       f"addr add {FIRST_OF_REFUSING}/24 dev lan0", f"addr add {SECOND}/32 dev lo",
       f"addr add {REFUSING}/32 dev lo"]
NEAR = ["link set wan0 up", f"addr add {HOST}/24 dev wan0",
        f"route add 192.168.0.0/24 via {FIRST}",
        f"route add 192.168.1.0/24 via {FIRST_OF_REFUSING}"]

_libc = ctypes.CDLL(None, use_errno=True)


def _ip(line):
    subprocess.run(["ip", *line.split()], check=True, stderr=subprocess.DEVNULL)


def _own_namespace():
    return os.open("/proc/self/ns/net", os.O_RDONLY)


@contextlib.contextmanager
def _inside(namespace, outside):
    if _libc.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    try:
        yield
    finally:
        _libc.setns(outside, CLONE_NEWNET)


@contextlib.contextmanager
def routers():
    """The fake routers, of a process in a network namespace of its own."""
    near = _own_namespace()
    if _libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    far = _own_namespace()
    with _inside(far, near), contextlib.ExitStack() as stack:
        _ip("link add lan0 type veth peer name wan0")
        _ip(f"link set wan0 netns /proc/{os.getpid()}/fd/{near}")
        for line in FAR:
            _ip(line)
        made = [stack.enter_context(FakeGateway(address=address, external=external, result=result))
                for address, external, result in
                ((FIRST, "192.168.0.50", 0), (SECOND, "1.2.3.4", 0),
                 (FIRST_OF_REFUSING, "192.168.1.50", 0),
                 (REFUSING, "1.2.3.4", PCP_NOT_AUTHORIZED))]
        stack = stack.pop_all()
    with stack:
        for line in NEAR:
            _ip(line)
        yield made
