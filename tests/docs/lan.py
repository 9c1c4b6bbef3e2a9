# SPDX-License-Identifier: LGPL-2.1-or-later

"""Two hosts on a cable: this process on a router, and commands on the host behind it.

The host has a default route, so that a program finds its router without being told. Needs user and
network namespaces, and ip (iproute2).
"""

import ctypes
import os
import shutil
import signal
import subprocess

import own_network

ROUTER = "192.168.77.1"
HOST = "192.168.77.2"
PR_SET_PDEATHSIG = 1


class Unavailable(Exception):
    pass


def _ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


def enter_router():
    """Moves this process to the router. Call it before the first thread is started."""
    if shutil.which("ip") is None:
        raise Unavailable("no ip here (iproute2)")
    if not own_network.enter():
        raise Unavailable("no network namespaces for ordinary users here")


class Host:
    """The other end of the cable, as a with statement keeps it."""

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
        """In the child: keeps the second network in being until it is killed."""
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
            raise Unavailable("no veth here: %s" % error)

    def start(self, command, **options):
        return subprocess.Popen([*self._command, *command], **options)
