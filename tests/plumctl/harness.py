# SPDX-License-Identifier: LGPL-2.1-or-later

"""Shared code of the tests that run plumctl as a program, with a fake router on loopback.

Usage: test-X.py PLUMCTL BACKEND-PATH FAKE-ROUTER [NAME]...   (NAME: run only these tests)
Prints TAP.
"""

import concurrent.futures
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback

sys.dont_write_bytecode = True

from fake_gateway import free_address

PLUMCTL, BACKEND_PATH, FAKE_ROUTER = sys.argv[1:4]
DEADLINE = 60  # s; reached only if a test fails
WORKERS = 12

TESTS = []
local = threading.local()  # .state: the folder that is XDG_STATE_HOME


class Skip(Exception):
    pass


def test(function):
    TESTS.append(function)
    return function


def environment(**extra):
    env = dict(os.environ, LC_ALL="C.UTF-8", LANGUAGE="", TERM="dumb", XDG_STATE_HOME=local.state,
               PLUM_BACKEND_PATH=BACKEND_PATH)
    env.pop("PLUM_BACKENDS", None)
    # A sanitizer report must not look like an exit status of plumctl.
    env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":exitcode=99"
    env.update(extra)
    return env


def plumctl(*arguments, **extra):
    return subprocess.run([PLUMCTL, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=DEADLINE, env=environment(**extra))


def start(*arguments, **extra):
    return subprocess.Popen([PLUMCTL, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env=environment(**extra))


def start_with_nohup(*arguments, **extra):
    """As nohup does, whatever standard input and output are."""
    return subprocess.Popen(["sh", "-c", "trap '' HUP; exec \"$@\"", "sh", PLUMCTL, *arguments],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env=environment(**extra))


def equal(got, expected):
    assert got == expected, "got %r, expected %r" % (got, expected)


def contains(text, part):
    assert part in text, "%r is not in %r" % (part, text)


def usage_error(result, *parts):
    equal(result.returncode, 2)
    equal(result.stdout, "")
    for part in parts:
        contains(result.stderr, part)


def events(text):
    return [json.loads(line) for line in text.splitlines()]


def need_backend(name):
    names = [event["name"] for event in events(plumctl("backends", "--json").stdout)
             if event["error"] is None]
    if name not in names:
        raise Skip("the backend %s is not built" % name)


def common(gateway, backend="pcp"):
    need_backend(backend)
    return ["--gateway", gateway.address, "--backend", backend]


class Router:
    """The backend of fake-backend.c, optionally with a fault."""

    def __init__(self, fault=""):
        self.fault = fault

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self._folder.name, "table")
        return self

    def __exit__(self, *unused):
        self._folder.cleanup()

    def plumctl(self, command, *arguments, fault=None):
        return plumctl(command, "--gateway", "127.0.0.9", "--backend", "fake", *arguments,
                       PLUM_FAKE_TABLE=self.path,
                       PLUM_FAKE_FAULT=self.fault if fault is None else fault)

    def table(self):
        with open(self.path) as file:
            return [line.strip()[1:-1] for line in file if line.startswith("[")]

    def add_other_host(self):
        with open(self.path, "a") as file:
            file.write("[tcp 8080]\nport=8080\naddress=192.168.1.77\ndescription=console\n")


class UpnpRouter:
    """The UPnP router of the library's tests, in a separate process."""

    def __init__(self, *switches):
        self.address = free_address()
        self._switches = switches

    def __enter__(self):
        need_backend("upnp")
        self._process = subprocess.Popen([FAKE_ROUTER, self.address, *self._switches], text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        equal(self._process.stdout.readline(), "ready\n")
        return self

    def __exit__(self, *unused):
        self._process.stdin.close()
        self._process.wait(DEADLINE)
        self._process.stdout.close()

    def table(self):
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().split()


class DescribedRouter(UpnpRouter):
    """The same, with everything that a router says of itself."""

    def __init__(self, *switches):
        super().__init__(*switches, "model-number=7.57", "uptime=7200")
        self.url = "http://%s/start" % self.address
        self._switches += ("presentation-url=" + self.url,)


UNSHARE = ["unshare", "--user", "--map-root-user", "--net"]


@functools.cache
def can_unshare():
    try:
        return subprocess.run([*UNSHARE, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def need_own_network():
    if not can_unshare():
        raise Skip("network namespaces cannot be created on this machine")


def in_own_network(script, *arguments, **extra):
    """Runs plumctl as "$@" of a shell script in a new network namespace; even lo is down."""
    need_own_network()
    return subprocess.run([*UNSHARE, "sh", "-c", script, "sh", PLUMCTL, *arguments],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=DEADLINE, env=environment(**extra))


# Runs the command lines that are on its input. Prints the exit status and the errors of each.
RUN_EACH = """
import concurrent.futures, json, subprocess, sys

def run(words):
    result = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=float(sys.argv[1]))
    return result.returncode, result.stderr

with concurrent.futures.ThreadPoolExecutor() as pool:
    json.dump(list(pool.map(run, json.load(sys.stdin))), sys.stdout)
"""


def each_in_own_network(lines, **extra):
    """Runs plumctl with each list of arguments in the same new network namespace.

    Returns a pair of exit status and errors for each.
    """
    need_own_network()
    result = subprocess.run([*UNSHARE, sys.executable, "-c", RUN_EACH, str(DEADLINE)],
                            input=json.dumps([[PLUMCTL, *line] for line in lines]),
                            stdout=subprocess.PIPE, text=True, check=True,
                            env=environment(**extra))
    return json.loads(result.stdout)


LAN_ROUTER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lan_router.py")

# Starts a router in another network namespace, and the interface lan0 towards it. Then runs "$@",
# and stops the router.
BESIDE_A_ROUTER = """
folder=$(mktemp -d)
mkfifo "$folder/in" "$folder/ready"
unshare --net python3 {router} {address} "$folder/go" <"$folder/in" >"$folder/ready" &
router=$!
exec 3>"$folder/in"
ip link set lo up
ip link add lan0 type veth peer name r0
exec 4<"$folder/ready"
read started <&4
ip link set r0 netns $router
touch "$folder/go"
read ready <&4
ip link set lan0 up
{routes}
"$@" 3>&- 4<&-
status=$?
exec 3>&-
wait $router
rm -r "$folder"
exit $status
"""


def beside_a_router(routes, *arguments):
    """Runs plumctl with an interface lan0, whose router maps ports, and other routes."""
    script = BESIDE_A_ROUTER.format(router=LAN_ROUTER, address="192.168.7.1",
                                    routes="ip address add 192.168.7.5/24 dev lan0\n" + routes)
    return in_own_network(script, *arguments)


# Maps ports of the IPv6 firewall and is killed. Then runs the command lines that are on its input,
# one after the other; monitor is interrupted when it has found a backend. Prints the exit status, the
# output and the errors of each.
AFTER_A_KILL = """
import json, signal, subprocess, sys, threading

plumctl, timeout, *specs = sys.argv[1:]

def watch(process):
    lines = []
    timer = threading.Timer(float(timeout), process.kill)
    timer.start()
    for line in process.stdout:
        lines.append(line)
        if json.loads(line)["event"] == "backend":
            break
    timer.cancel()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    return process.returncode, "".join(lines) + out, err

if specs:
    process = subprocess.Popen([plumctl, "map", "--family", "6", "--backend", "pcp", *specs],
                               stdout=subprocess.PIPE, text=True)
    for spec in specs:
        while "→" not in process.stdout.readline():
            assert process.poll() is None
    process.kill()
    process.wait()
answers = []
for words in json.load(sys.stdin):
    process = subprocess.Popen([plumctl, *words], stdin=subprocess.DEVNULL, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if words[0] == "monitor":
        answers.append(watch(process))
    else:
        out, err = process.communicate(timeout=float(timeout))
        answers.append((process.returncode, out, err))
json.dump(answers, sys.stdout)
"""


def beside_a_firewall(routes, specs, lines):
    """Runs plumctl with each list of arguments, with an interface lan0, whose router opens ports of
    its IPv6 firewall, and other routes. A killed process has opened those of specs before.

    Returns the exit status, the output and the errors for each.
    """
    need_own_network()
    need_backend("pcp")
    script = BESIDE_A_ROUTER.format(router=LAN_ROUTER, address="2a02:8070:1::1", routes="""
ip address add 2a02:8070:1::5/64 dev lan0 nodad
ip -6 route add default via 2a02:8070:1::1 dev lan0
""" + routes)
    result = subprocess.run([*UNSHARE, "sh", "-c", script, "sh", sys.executable, "-c", AFTER_A_KILL,
                             PLUMCTL, str(DEADLINE), *specs],
                            input=json.dumps(lines), capture_output=True, text=True,
                            env=environment(PLUM_BACKENDS="pcp"))
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def without_network(*arguments, **extra):
    return in_own_network('exec "$@"', *arguments, **extra)


def run(function):
    """Runs a test. Returns the TAP directive, the diagnostic lines, and whether the test failed."""
    try:
        with tempfile.TemporaryDirectory() as local.state:
            function()
        return "", [], False
    except Skip as reason:
        return " # SKIP %s" % reason, [], False
    except Exception:
        return "", traceback.format_exc().replace("\\n", "\n").splitlines(), True


def main(suite):
    names = sys.argv[4:]
    tests = [function for function in TESTS if not names or function.__name__ in names]
    failed = 0

    print("1..%d" % len(tests))
    # Programs inherit that nohup has been used, and would ignore the signal.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # Tests mostly wait, and each has its own router and state directory.
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        results = zip(tests, pool.map(run, tests))
        for number, (function, (remark, trace, is_failure)) in enumerate(results, 1):
            failed += is_failure
            print("%s %d /%s/%s%s" % ("not ok" if is_failure else "ok", number, suite,
                                      function.__name__.replace("_", "-"), remark))
            for line in trace:
                print("# " + line)
            sys.stdout.flush()
    return 1 if failed else 0
