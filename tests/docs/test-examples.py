# SPDX-License-Identifier: LGPL-2.1-or-later

"""Runs the examples of the manual behind a router, as a reader would.

With --unreachable, each example is also run behind a router that has no address, and where no port
can be mapped: without a network, and behind a router that does not answer. There it prints the reason
in one line and does not crash.

The prefix of the name of an example says how it ends:
  once-   maps a port, prints the result, unmaps the port and exits; fails if there is no mapping
  list-   lists the table of the router, and fails where that is not possible, as behind this router
  own-    as once-, by a backend of its own, which does not ask the router; run behind a router only
  first-  exits with a failure if the first attempt fails; unmaps the port and exits on SIGINT
  kept-   as first-, but SIGINT kills it, and the mapping remains until its lease expires
Without a prefix, the example tries again after a failure, unmaps the port and exits on SIGINT.

Usage: test-examples.py [--unreachable] NAME COMMAND [ARGUMENT]... [-- NAME COMMAND [ARGUMENT]...]...
COMMAND may be SKIP, with the reason as its argument. Writes TAP.
"""

import contextlib
import re
import select
import signal
import subprocess
import sys

from fake_gateway import FakeGateway

import lan

DEADLINE = 20  # s; reached only if a test fails
NOT_MAPPED = 60  # s; the same, for a router that does not answer

# What a router is like, and what an example prints behind it.
PLACES = {
    "router": ({}, "Mapped at 1.2.3.4, port 8080\n"),
    "router-without-address": ({"external": "0.0.0.0"},
                               "Mapped at an unknown address, port 8080\n"),
    "own-backend": ({}, "Mapped at 203.0.113.7, port 8080\n"),
}


def equal(got, expected):
    assert got == expected, "got %r, expected %r" % (got, expected)


def start(host, command):
    return host.start(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                      stderr=subprocess.PIPE, text=True)


def router(**options):
    gateway = FakeGateway(**options)
    gateway.address = lan.ROUTER
    return gateway


def check(host, command, place, killed):
    options, line = PLACES[place]
    with router(**options) as gateway, start(host, command) as program:
        try:
            ready, _, _ = select.select([program.stdout], [], [], DEADLINE)
            assert ready, "the program printed nothing"
            equal(program.stdout.readline(), line)
            equal(list(gateway.table), [("tcp", 8080)])
            program.send_signal(signal.SIGINT)
            output, errors = program.communicate(timeout=DEADLINE)
        except BaseException:
            program.kill()
            raise
        equal((program.returncode, output, errors), (-signal.SIGINT if killed else 0, "", ""))
        assert killed or gateway.wait_for(lambda table: not table), "the mapping still exists"


def check_once(host, command, place):
    options, line = PLACES[place]
    with router(**options) as gateway, start(host, command) as program:
        try:
            output, errors = program.communicate(timeout=DEADLINE)
        except BaseException:
            program.kill()
            raise
        equal((program.returncode, output, errors), (0, line, ""))
        assert gateway.wait_for(lambda table: not table), "the mapping still exists"


def check_list(host, command):
    """The router supports PCP only."""
    with router(), start(host, command) as program:
        check_reason("list-", program)


def check_behind_router(host, name, command, place):
    if name.startswith("list-"):
        check_list(host, command)
    elif name.startswith("own-"):
        check_once(host, command, "own-backend")
    elif name.startswith("once-"):
        check_once(host, command, place)
    else:
        check(host, command, place, killed=name.startswith("kept-"))


def read_reason(program, fails):
    """Returns what the program prints, and its exit status."""
    if not fails:
        ready, _, _ = select.select([program.stdout], [], [], NOT_MAPPED)
        assert ready, "the program printed nothing"
        reason = program.stdout.readline()
        equal(program.poll(), None)
        program.send_signal(signal.SIGINT)
    output, errors = program.communicate(timeout=NOT_MAPPED)
    return output + errors if fails else reason + output + errors, program.returncode


def check_reason(name, program):
    fails = name.startswith(("once-", "first-", "kept-", "list-"))
    try:
        text, status = read_reason(program, fails)
    finally:
        program.kill()
    assert re.fullmatch(r"Not (mapped|listed): [^\n]*[a-z][^\n]*\n", text), "it prints %r" % text
    equal(status, 1 if fails else 0)


def split(words):
    group = []
    for word in [*words, "--"]:
        if word != "--":
            group.append(word)
        elif group:
            yield group[0], group[1:]
            group = []


class Results:
    def __init__(self):
        self.number = self.failed = 0

    def add(self, path, function, *arguments, skip=None):
        self.number += 1
        line = "ok %d /examples/%s" % (self.number, path)
        try:
            if skip is not None:
                line += " # SKIP %s" % skip
            else:
                function(*arguments)
        except (AssertionError, subprocess.TimeoutExpired) as error:
            self.failed += 1
            line = "not " + line
            print("# %s" % error)
        print(line, flush=True)


def run(examples, places, results):
    with lan.Host() as host:
        runnable = [(name, command) for name, command in examples
                    if command[0] != "SKIP" and not name.startswith("own-")]
        print("1..%d" % (len(examples) + len(places) * len(runnable)))
        for name, command in examples:
            skip = command[1] if command[0] == "SKIP" else None
            results.add(name, check_behind_router, host, name, command, "router", skip=skip)

        for place in places:
            if place in PLACES:
                for name, command in runnable:
                    results.add("%s/%s" % (place, name), check_behind_router, host, name, command,
                                place)
                continue
            with contextlib.ExitStack() as stack:
                if place == "silent-router":
                    stack.enter_context(router(silent=True))
                else:
                    host.remove_routes()
                # All at once: each waits for the time that a slow router may take.
                programs = [(name, stack.enter_context(start(host, command)))
                            for name, command in runnable]
                for name, program in programs:
                    results.add("%s/%s" % (place, name), check_reason, name, program)


def main():
    words = sys.argv[1:]
    unreachable = words[:1] == ["--unreachable"]
    examples = list(split(words[1:] if unreachable else words))
    results = Results()

    try:
        lan.enter_router()
        run(examples, ("router-without-address", "silent-router", "no-network") if unreachable else (), results)
    except lan.Unavailable as reason:
        print("1..0 # SKIP %s" % reason)
    return 1 if results.failed else 0


sys.exit(main())
