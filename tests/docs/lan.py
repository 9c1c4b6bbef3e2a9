# SPDX-License-Identifier: LGPL-2.1-or-later

"""Two connected hosts: this process runs on a router, and commands run on the host behind it.

The default route of the host leads to the router. Needs user and network namespaces, and ip
(iproute2).
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys

import own_network

ROUTER = "192.168.77.1"
HOST = "192.168.77.2"
PR_SET_PDEATHSIG = 1


class Unavailable(Exception):
    pass


def _ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


def enter_router():
    """Moves this process to the router. Call it before any thread is started."""
    if shutil.which("ip") is None:
        sys.exit("ip (iproute2) is not installed")
    if not own_network.enter(as_root=True):
        raise Unavailable("network namespaces are not available to ordinary users")


class Host:
    """The host behind the router, for the duration of a with statement."""

    def __enter__(self):
        ready, done = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            self._hold(done)
        os.close(done)
        os.read(ready, 1)
        os.close(ready)
        self._command = ["nsenter", "--target=%d" % self._child, "--net"]
        self._plug()
        return self

    def __exit__(self, *unused):
        os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)

    @staticmethod
    def _hold(done):
        """Runs in the child: holds the second network until the child is killed."""
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if libc.unshare(own_network.CLONE_NEWNET) == 0:
            os.write(done, b"x")
            while True:
                signal.pause()
        os._exit(1)

    def _plug(self):
        try:
            _ip("link", "add", "lan0", "type", "veth", "peer", "name", "eth0",
                "netns", str(self._child))
            _ip("address", "add", ROUTER + "/24", "dev", "lan0")
            _ip("link", "set", "lan0", "up")
            for words in (["link", "set", "lo", "up"],
                          ["address", "add", HOST + "/24", "dev", "eth0"],
                          ["link", "set", "eth0", "up"],
                          ["route", "add", "default", "via", ROUTER]):
                subprocess.run([*self._command, "ip", *words], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            self.__exit__()
            raise Unavailable("veth is not available: %s" % error)

    def remove_routes(self):
        """Leaves the host with an address and without a router."""
        subprocess.run([*self._command, "ip", "route", "flush", "default"], check=True)

    def start(self, command, **options):
        return subprocess.Popen([*self._command, *command], **options)
