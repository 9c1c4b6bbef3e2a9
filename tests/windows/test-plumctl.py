# SPDX-License-Identifier: LGPL-2.1-or-later

"""plumctl.exe with a router on loopback, for each protocol.

Usage: test-plumctl.py WINE PLUMCTL FAKE-ROUTER [NAME]...

PLUMCTL is installed, with the modules beside the library. Prints TAP.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "plumctl"))

from fake_gateway import FakeGateway, free_address

WINE, PLUMCTL, FAKE_ROUTER = sys.argv[1:4]
DEADLINE = 60  # s; reached only if a test fails

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def equal(got, expected):
    assert got == expected, "got %r, expected %r" % (got, expected)


def environment(**extra):
    env = dict(os.environ, **extra)
    for name in ("PLUM_BACKENDS", "PLUM_BACKEND_PATH"):
        if name not in extra:
            env.pop(name, None)
    return env


def start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **extra):
    return subprocess.Popen([WINE, PLUMCTL, *arguments], stdin=subprocess.DEVNULL, stdout=stdout,
                            stderr=stderr, text=True, env=environment(**extra))


def plumctl(*arguments, **extra):
    """Not with pipes: services that Wine starts inherit them, and keep them open."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        code = start(*arguments, stdout=out, stderr=err, **extra).wait(DEADLINE)
        out.seek(0)
        err.seek(0)
        return code, out.read(), err.read()


def events(text):
    return [json.loads(line) for line in text.splitlines()]


class UpnpRouter:
    """The UPnP router of the library's tests, in a separate process."""

    def __init__(self):
        self.address = free_address()

    def __enter__(self):
        self._process = subprocess.Popen([WINE, FAKE_ROUTER, self.address], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        equal(self._process.stdout.readline().strip(), "ready")
        return self

    def __exit__(self, *unused):
        self._process.stdin.close()
        self._process.wait(DEADLINE)
        self._process.stdout.close()

    def ports(self):
        self._process.stdin.write("table\n")
        self._process.stdin.flush()
        return [tuple(entry.split(":")[:2]) for entry in self._process.stdout.readline().split()]


class UdpRouter:
    def __init__(self, protocol):
        self._gateway = FakeGateway(protocol)
        self.address = self._gateway.address

    def __enter__(self):
        self._gateway.__enter__()
        return self

    def __exit__(self, *arguments):
        self._gateway.__exit__(*arguments)

    def ports(self):
        return [(protocol, str(entry[0]))
                for (protocol, _), entry in self._gateway.table.items()]


def each_router():
    yield "pcp", UdpRouter("pcp")
    yield "natpmp", UdpRouter("natpmp")
    yield "upnp", UpnpRouter()


def options(router, backend):
    return ["--gateway", router.address, "--backend", backend]


@test
def modules_beside_the_library():
    code, out, err = plumctl("backends", "--json")
    equal((code, err), (0, ""))
    found = events(out)
    equal([event["name"] for event in found], ["direct", "pcp", "natpmp", "upnp"])
    for event in found:
        equal(event["error"], None)
        assert "plum-glib-1.0\\backends" in event["path"], event["path"]


@test
def administrators_ignore_the_environment():
    """Wine gives every program the rights of an administrator."""
    with tempfile.TemporaryDirectory() as folder:
        code, out, _ = plumctl("backends", "--json", PLUM_BACKEND_PATH=folder,
                               PLUM_BACKENDS="upnp")
    equal(code, 0)
    equal(len(events(out)), 4)


@test
def map_and_unmap():
    for backend, router in each_router():
        with router:
            code, out, err = plumctl("map", "--once", "--json", *options(router, backend),
                                     "tcp:8080")
            equal((code, err), (0, ""))
            last = events(out)[-1]
            equal((last["state"], last["external_host"], last["external_port"], last["backend"]),
                  ("success", "1.2.3.4", 8080, backend))
            equal(router.ports(), [("tcp", "8080")])
            code, _, err = plumctl("unmap", *options(router, backend), "tcp:8080")
            if backend == "pcp":  # without the key of the mapping
                assert "not removed" in err, err
                equal((code, router.ports()), (1, [("tcp", "8080")]))
            else:
                equal((code, err, router.ports()), (0, "", []))


@test
def ctrl_c_removes_the_mapping():
    for backend, router in each_router():
        with router:
            process = start("map", "--json", *options(router, backend), "udp:5000:6000")
            while json.loads(process.stdout.readline())["state"] != "success":
                pass
            equal(router.ports(), [("udp", "6000")])
            process.send_signal(signal.SIGINT)
            process.wait(DEADLINE)
            process.stdout.close()
            equal(router.ports(), [])


@test
def run_passes_the_address():
    with UdpRouter("pcp") as router:
        code, out, _ = plumctl("run", *options(router, "pcp"), "tcp:8080", "--", "cmd.exe", "/c",
                               "echo %PLUM_TCP_8080%")
        equal((code, out.strip(), router.ports()), (0, "1.2.3.4:8080", []))


@test
def run_passes_the_status():
    with UdpRouter("pcp") as router:
        code, _, _ = plumctl("run", *options(router, "pcp"), "tcp:8080", "--", "cmd.exe", "/c",
                             "exit 7")
        equal(code, 7)
        code, _, _ = plumctl("run", *options(router, "pcp"), "tcp:8080", "--", "no-such-program")
        equal(code, 127)


@test
def help_names_no_signals():
    for command in ("map", "run", "monitor", "serve"):
        code, out, _ = plumctl(command, "--help")
        equal(code, 0)
        assert "SIG" not in out, out
    assert "Ctrl-C" in plumctl("monitor", "--help")[1]


GERMAN = {"LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"}


@test
def translations_beside_the_library():
    code, out, _ = plumctl("--help", **GERMAN)
    equal(code, 0)
    assert "Ports freigeben" in out, out
    code, _, err = plumctl("map", "--once", "tcp:8080", **GERMAN)  # a message of the library
    equal(code, 3)
    assert "Dieser Rechner ist mit keinem" in err, err


@test
def administrators_ignore_other_translations():
    with tempfile.TemporaryDirectory() as folder:
        _, out, _ = plumctl("--help", PLUM_LOCALE_DIR=folder, **GERMAN)
    assert "Ports freigeben" in out, out


def main():
    names = sys.argv[4:]
    tests = [function for function in TESTS if not names or function.__name__ in names]
    failed = False

    print("1..%d" % len(tests), flush=True)
    for number, function in enumerate(tests, 1):
        try:
            function()
        except Exception:
            failed = True
            print("not ok %d %s" % (number, function.__name__))
            print("# " + traceback.format_exc().strip().replace("\n", "\n# "), flush=True)
        else:
            print("ok %d %s" % (number, function.__name__), flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
