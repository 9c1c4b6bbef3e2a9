# SPDX-License-Identifier: LGPL-2.1-or-later

"""Runs the examples of the manual behind a router, as a reader would.

An example whose name begins with "once-" maps a port, prints the result, unmaps the port and exits.
One whose name begins with "kept-" keeps the port mapped, and SIGINT kills it. The others unmap the
port and exit on SIGINT.

Usage: test-examples.py NAME COMMAND [ARGUMENT]... [-- NAME COMMAND [ARGUMENT]...]...
Writes TAP.
"""

import select
import signal
import subprocess
import sys

from fake_gateway import FakeGateway

import lan

DEADLINE = 20  # s; reached only if a test fails


def equal(got, expected):
    assert got == expected, "got %r, expected %r" % (got, expected)


def check(host, command, keeps=False):
    gateway = FakeGateway()
    gateway.address = lan.ROUTER

    with gateway, host.start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True) as program:
        try:
            ready, _, _ = select.select([program.stdout], [], [], DEADLINE)
            assert ready, "the program printed nothing"
            equal(program.stdout.readline().capitalize(), "Reachable at 1.2.3.4:8080\n")
            equal(list(gateway.table), [("tcp", 8080)])
            program.send_signal(signal.SIGINT)
            output, errors = program.communicate(timeout=DEADLINE)
        except BaseException:
            program.kill()
            raise
        equal((program.returncode, output, errors), (-signal.SIGINT if keeps else 0, "", ""))
        if not keeps:
            assert gateway.wait_for(lambda table: not table), "the mapping still exists"


def check_once(host, command):
    gateway = FakeGateway()
    gateway.address = lan.ROUTER

    with gateway, host.start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True) as program:
        try:
            output, errors = program.communicate(timeout=DEADLINE)
        except BaseException:
            program.kill()
            raise
        equal((program.returncode, output, errors), (0, "Reachable at 1.2.3.4:8080\n", ""))
        assert gateway.wait_for(lambda table: not table), "the mapping still exists"


def split(words):
    group = []
    for word in [*words, "--"]:
        if word != "--":
            group.append(word)
        elif group:
            yield group[0], group[1:]
            group = []


def main():
    examples = list(split(sys.argv[1:]))
    failed = 0

    try:
        lan.enter_router()
        with lan.Host() as host:
            print("1..%d" % len(examples))
            for number, (name, command) in enumerate(examples, 1):
                line = "ok %d /examples/%s" % (number, name)
                try:
                    if name.startswith("once-"):
                        check_once(host, command)
                    else:
                        check(host, command, keeps=name.startswith("kept-"))
                except (AssertionError, subprocess.TimeoutExpired) as error:
                    failed += 1
                    line = "not " + line
                    print("# %s" % error)
                print(line, flush=True)
    except lan.Unavailable as reason:
        print("1..0 # SKIP %s" % reason)
    return 1 if failed else 0


sys.exit(main())
