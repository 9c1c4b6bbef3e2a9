# SPDX-License-Identifier: LGPL-2.1-or-later

"""plumctl from the outside: words in, lines and exit status out, a fake router on loopback.

Usage: test-plumctl.py PLUMCTL BACKEND-PATH [NAME]...   (NAME: run these tests only)
Writes TAP.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback

from fake_gateway import FOREVER, FakeGateway, free_address

PLUMCTL, BACKEND_PATH = sys.argv[1:3]
DEADLINE = 30  # s; only a fault ever takes as long

TESTS = []


class Skip(Exception):
    pass


def test(function):
    TESTS.append(function)
    return function


def environment(**extra):
    env = dict(os.environ, LC_ALL="C.UTF-8", TERM="dumb", XDG_STATE_HOME=STATE,
               PLUM_BACKEND_PATH=BACKEND_PATH)
    env.pop("PLUM_BACKENDS", None)
    # What a sanitizer finds must not pass for an exit status of plumctl's.
    env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":exitcode=99"
    env.update(extra)
    return env


def plumctl(*words, **extra):
    return subprocess.run([PLUMCTL, *words], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=DEADLINE, env=environment(**extra))


def start(*words):
    return subprocess.Popen([PLUMCTL, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env=environment())


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
    """The backend of fake-backend.c, with one fault or none."""

    def __init__(self, fault=""):
        self.fault = fault

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self._folder.name, "table")
        return self

    def __exit__(self, *unused):
        self._folder.cleanup()

    def plumctl(self, command, *words, fault=None):
        return plumctl(command, "--gateway", "127.0.0.9", "--backend", "fake", *words,
                       PLUM_FAKE_TABLE=self.path,
                       PLUM_FAKE_FAULT=self.fault if fault is None else fault)

    def table(self):
        with open(self.path) as file:
            return [line.strip()[1:-1] for line in file if line.startswith("[")]

    def add_foreign(self):
        with open(self.path, "a") as file:
            file.write("[tcp 8080]\nport=8080\naddress=192.168.1.77\ndescription=console\n")


# Usage

@test
def usage_no_command():
    result = plumctl()
    usage_error(result, "Usage: plumctl COMMAND")


@test
def usage_unknown_command():
    usage_error(plumctl("mpa"), "“mpa” is not a command", "did you mean “map”?")


@test
def usage_unknown_command_far_from_all():
    result = plumctl("frobnicate")
    usage_error(result, "“frobnicate” is not a command")
    assert "did you mean" not in result.stderr


@test
def usage_map_without_spec():
    usage_error(plumctl("map"), "no SPEC")


@test
def usage_wrong_specs():
    for word, part in (("tcp:0", "0 is not a port: 1 to 65535"),
                       ("tcp:65536", "65536 is not a port: 1 to 65535"),
                       ("8080", "expected tcp:PORT"),
                       ("icmp:80", "“icmp” is not a protocol"),
                       ("tcp:90-80", "backwards")):
        usage_error(plumctl("map", "udp:1", word), "“%s”" % word, part)


@test
def usage_ascii_quotes_in_the_c_locale():
    usage_error(plumctl("map", "tcp:0", LC_ALL="C"), 'plumctl: "tcp:0": 0 is not a port')


@test
def usage_gateway_is_no_address():
    usage_error(plumctl("map", "--gateway", "my.router", "tcp:80"),
                "--gateway: “my.router” is not an IP address")


@test
def usage_unknown_interface():
    usage_error(plumctl("status", "--interface", "nosuch0"), "no network interface “nosuch0”")


@test
def usage_unknown_backend():
    usage_error(plumctl("map", "--backend", "pcp2", "tcp:80"), "no backend “pcp2”", "there are:")


@test
def usage_unknown_backend_among_several():
    need_backend("pcp")
    usage_error(plumctl("map", "--backend", "pcp,bogus", "tcp:80"), "no backend “bogus”")


@test
def usage_timeout():
    for word in ("0", "-1", "nan", "1e9"):
        usage_error(plumctl("map", "--timeout=" + word, "tcp:80"), "--timeout")
    usage_error(plumctl("map", "--timeout", "soon", "tcp:80"), "soon")


@test
def usage_lifetime():
    for word in ("-5", "4294967295"):
        usage_error(plumctl("map", "--lifetime=" + word, "tcp:80"), "--lifetime", word)


@test
def usage_unknown_option():
    usage_error(plumctl("map", "--forever", "tcp:80"), "--forever")


@test
def usage_word_too_many():
    for command in ("status", "external", "list", "backends", "monitor", "doctor"):
        usage_error(plumctl(command, "surplus"), "“surplus”")


@test
def usage_run_without_command():
    usage_error(plumctl("run", "tcp:80"), "no command")
    usage_error(plumctl("run", "tcp:80", "--"), "no command")


@test
def usage_run_wait():
    usage_error(plumctl("run", "--wait=perhaps", "tcp:80", "--", "true"), "“perhaps”")


@test
def usage_all_mine_with_spec():
    usage_error(plumctl("unmap", "--all-mine", "tcp:80"), "“tcp:80”")


@test
def usage_record_into_a_recording():
    with tempfile.TemporaryDirectory() as folder:
        open(os.path.join(folder, "index.tsv"), "w").close()
        usage_error(plumctl("doctor", "--record", folder), "holds a recording already")


# Help

@test
def help_of_all():
    result = plumctl("--help")
    equal(result.returncode, 0)
    for command in ("map", "run", "unmap", "list", "status", "external", "monitor", "doctor",
                    "backends"):
        contains(result.stdout, "  %s " % command)
        own = plumctl(command, "--help")
        equal(own.returncode, 0)
        contains(own.stdout, "plumctl %s" % command)
        contains(own.stdout, "Exit status:")
        equal(own.stderr, "")


@test
def help_as_a_command():
    equal(plumctl("help", "map").stdout, plumctl("map", "--help").stdout)
    usage_error(plumctl("help", "nothing"), "“nothing” is not a command")


@test
def version():
    result = plumctl("--version")
    equal(result.returncode, 0)
    equal(result.stdout.split()[0], "plumctl")
    assert result.stdout.split()[1][0].isdigit()


def complete(*words):
    return [line.split("\t")[0] for line in plumctl("__complete", *words).stdout.splitlines()]


@test
def completion_of_commands():
    equal(complete("ma"), ["map"])


@test
def completion_of_options():
    equal(complete("map", "--ke"), ["--keep-trying"])


@test
def completion_of_interfaces():
    contains(plumctl("__complete", "map", "--interface", "").stdout, "lo\t")


@test
def completion_of_specs():
    equal(complete("map", "t"), ["tcp:"])


@test
def manual_has_every_command_and_option():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data", "plumctl.1")
    with open(path) as file:
        manual = file.read().replace("\\-", "-")
    for command in complete(""):
        contains(manual, command)
        for option in complete(command, "--"):
            contains(manual, option)


# Backends

@test
def backends_lines():
    result = plumctl("backends")
    equal(result.returncode, 0)
    assert result.stdout


@test
def backends_json():
    for event in events(plumctl("backends", "--json").stdout):
        equal(sorted(event), ["description", "error", "event", "name", "path", "priority"])


@test
def backends_broken_module():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "libplum-backend-broken.so")
        with open(path, "w") as file:
            file.write("not a module")
        result = plumctl("backends", "--json",
                         PLUM_BACKEND_PATH=folder + ":" + BACKEND_PATH)
        equal(result.returncode, 0)
        broken = [event for event in events(result.stdout) if event["error"] is not None]
        equal(len(broken), 1)
        equal(broken[0]["error"]["code"], "module")
        contains(broken[0]["error"]["message"], path)


# map

@test
def map_once_json():
    with FakeGateway() as gateway:
        result = plumctl("map", "--once", "--json", *common(gateway), "tcp:8080")
        equal(result.returncode, 0)
        equal(result.stderr, "")
        last = events(result.stdout)[-1]
        equal(last, {"event": "mapping", "id": 1, "protocol": "tcp", "internal_port": 8080,
                     "state": "success", "external_host": "1.2.3.4", "external_port": 8080,
                     "external_scope": "public", "backend": "pcp", "lifetime": 7200,
                     "error": None})
        equal(list(gateway.table), [("tcp", 8080)])


@test
def map_once_lines():
    with FakeGateway() as gateway:
        result = plumctl("map", "-1", *common(gateway), "udp:5000:6000")
        equal(result.returncode, 0)
        contains(result.stdout, "udp:5000 → 1.2.3.4:6000 by pcp, for 7200 s")
        equal(gateway.table[("udp", 5000)][0], 6000)


@test
def map_once_quiet():
    with FakeGateway() as gateway:
        result = plumctl("map", "-1q", *common(gateway), "tcp:8080")
        equal((result.returncode, result.stdout, result.stderr), (0, "", ""))


@test
def map_range():
    with FakeGateway() as gateway:
        result = plumctl("map", "-1", *common(gateway), "tcp:8000-8010:9000", "udp:53")
        equal(result.returncode, 0)
        equal(len(gateway.table), 12)
        equal(gateway.table[("tcp", 8010)][0], 9010)


@test
def map_lifetime():
    with FakeGateway() as gateway:
        result = plumctl("map", "--once", "--json", "--lifetime", "600", *common(gateway), "tcp:80")
        equal(events(result.stdout)[-1]["lifetime"], 600)


@test
def map_permanent_lease_is_told():
    with Router("permanent") as router:
        result = router.plumctl("map", "--once", "--json", "tcp:8080")
        equal(result.returncode, 0)
        equal(events(result.stdout)[-1]["lifetime"], "forever")
        contains(result.stderr, "plumctl unmap tcp:8080")
        equal(router.table(), ["tcp 8080"])


@test
def map_private_address_is_told():
    with FakeGateway(external="10.1.2.3") as gateway:
        result = plumctl("map", "--once", *common(gateway), "tcp:8080")
        equal(result.returncode, 0)
        contains(result.stdout, "another router")


def hold_and_end_by(number):
    with FakeGateway() as gateway:
        process = start("map", "--json", *common(gateway), "tcp:8080", "udp:8080")
        try:
            up = 0
            while up < 2:
                up += json.loads(process.stdout.readline())["state"] == "success"
            assert gateway.wait_for(lambda table: len(table) == 2)
            process.send_signal(number)
            out, err = process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
        equal(process.returncode, 0)
        equal(err, "")
        equal(events(out)[-1]["state"], "destroyed")
        equal(gateway.table, {})


@test
def map_sigint_removes():
    hold_and_end_by(signal.SIGINT)


@test
def map_sigterm_removes():
    hold_and_end_by(signal.SIGTERM)


@test
def map_sighup_removes():
    hold_and_end_by(signal.SIGHUP)


@test
def map_reader_leaves():
    class Held(FakeGateway):
        reader_left = threading.Event()

        def _answer_pcp_map(self, request):
            self.reader_left.wait(DEADLINE)
            return super()._answer_pcp_map(request)

    with Held() as gateway:
        process = start("map", "--json", *common(gateway), "tcp:8080")
        try:
            equal(json.loads(process.stdout.readline())["state"], "pending")
            process.stdout.close()
            gateway.reader_left.set()
            process.wait(DEADLINE)
        finally:
            process.kill()
            process.stderr.close()
        equal(process.returncode, 0)
        equal(gateway.table, {})


@test
def map_refused():
    with FakeGateway(result=2) as gateway:
        result = plumctl("map", *common(gateway), "tcp:8080")
        equal(result.returncode, 1)
        contains(result.stderr, "plumctl: tcp:8080: ")


@test
def map_one_of_two_refused_leaves_nothing():
    class Half(FakeGateway):
        def _answer_pcp_map(self, request):
            self.result = 2 if request[36] == 17 else 0
            return super()._answer_pcp_map(request)

    with Half() as gateway:
        result = plumctl("map", *common(gateway), "tcp:8080", "udp:8080")
        equal(result.returncode, 1)
        contains(result.stderr, "plumctl: udp:8080: ")
        equal(gateway.table, {})


@test
def map_nobody_there():
    need_backend("pcp")
    result = plumctl("map", "--gateway", free_address(), "--backend", "pcp", "tcp:8080")
    equal(result.returncode, 3)
    contains(result.stderr, "plumctl doctor")


@test
def map_silent():
    with FakeGateway(silent=True) as gateway:
        result = plumctl("map", *common(gateway), "tcp:8080")
        equal(result.returncode, 3)
        assert gateway.requests > 1


@test
def map_timeout():
    with FakeGateway(silent=True) as gateway:
        result = plumctl("map", "--timeout", "0.3", *common(gateway), "tcp:8080")
        equal(result.returncode, 1)
        contains(result.stderr, "no answer within 0.3 s")


@test
def map_keep_trying():
    with FakeGateway(result=2) as gateway:
        process = start("map", "--json", "--keep-trying", *common(gateway), "tcp:8080")
        try:
            state = "pending"
            while state == "pending":
                event = json.loads(process.stdout.readline())
                state = event["state"]
            equal(state, "failure")
            equal(event["error"]["code"], "refused")
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
        equal(process.returncode, 0)


@test
def map_backend_option_goes_before_the_environment():
    with FakeGateway() as gateway:
        result = plumctl("map", "--once", *common(gateway), "tcp:8080", PLUM_BACKENDS="upnp")
        equal(result.returncode, 0)


@test
def map_by_natpmp():
    with FakeGateway(speaks="natpmp") as gateway:
        result = plumctl("map", "--once", "--json", *common(gateway, "natpmp"), "udp:8080")
        equal(result.returncode, 0)
        last = events(result.stdout)[-1]
        equal((last["backend"], last["external_host"]), ("natpmp", "1.2.3.4"))


# run

@test
def run_status_and_environment():
    with FakeGateway() as gateway:
        result = plumctl("run", "-q", *common(gateway), "tcp:9011:9012", "--",
                         "sh", "-c", "echo $PLUM_TCP_9011 $PLUM_EXTERNAL_ADDRESS; exit 7")
        equal(result.returncode, 7)
        equal(result.stdout, "1.2.3.4:9012 1.2.3.4\n")
        equal(result.stderr, "")
        equal(gateway.table, {})


@test
def run_command_options_are_not_ours():
    with FakeGateway() as gateway:
        result = plumctl("run", *common(gateway), "tcp:9011", "--", "echo", "--help", "--", "x")
        equal(result.stdout, "--help -- x\n")


@test
def run_command_dies_by_signal():
    with FakeGateway() as gateway:
        result = plumctl("run", *common(gateway), "tcp:9011", "--", "sh", "-c", "kill -9 $$")
        equal(result.returncode, 128 + 9)
        equal(gateway.table, {})


@test
def run_command_not_found():
    with FakeGateway() as gateway:
        result = plumctl("run", *common(gateway), "tcp:9011", "--", "/nonexistent/command")
        equal(result.returncode, 127)
        equal(gateway.table, {})


@test
def run_not_started_when_mapping_fails():
    with FakeGateway(result=2) as gateway:
        result = plumctl("run", *common(gateway), "tcp:9011", "--", "echo", "started")
        equal(result.returncode, 1)
        equal(result.stdout, "")


@test
def run_without_waiting():
    with FakeGateway(result=2) as gateway:
        result = plumctl("run", "--wait=no", *common(gateway), "tcp:9011", "--", "sh", "-c",
                         "echo started $PLUM_TCP_9011")
        equal(result.returncode, 0)
        equal(result.stdout, "started\n")


@test
def run_passes_signals_on():
    with FakeGateway() as gateway:
        process = start("run", *common(gateway), "tcp:9011", "--", "sh", "-c",
                        "trap 'kill $!; exit 5' TERM; sleep 30 & echo ready; wait")
        try:
            equal(process.stdout.readline(), "ready\n")
            process.send_signal(signal.SIGTERM)
            process.wait(DEADLINE)
        finally:
            process.kill()
            process.stdout.close()
            process.stderr.close()
        equal(process.returncode, 5)
        equal(gateway.table, {})


# Without a network

def without_network(*words):
    """plumctl in a network namespace of its own, where not even lo is up."""
    unshare = ["unshare", "--user", "--map-root-user", "--net"]
    try:
        able = subprocess.run([*unshare, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        able = False
    if not able:
        raise Skip("this machine lets nobody make a network namespace")
    return subprocess.run([*unshare, PLUMCTL, *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=DEADLINE, env=environment())


@test
def map_without_network():
    result = without_network("map", "tcp:8080")
    equal((result.returncode, result.stdout), (3, ""))
    assert result.stderr.startswith("plumctl: ")


@test
def external_without_network():
    result = without_network("external")
    equal((result.returncode, result.stdout), (3, ""))


@test
def doctor_without_network():
    result = without_network("doctor")
    equal(result.returncode, 3)
    contains(result.stdout, "verdict: This computer has no route to the internet")


# The commands that look

@test
def external_address_only():
    with FakeGateway(speaks="natpmp") as gateway:
        result = plumctl("external", *common(gateway, "natpmp"))
        equal((result.returncode, result.stdout, result.stderr), (0, "1.2.3.4\n", ""))


@test
def external_nobody_there():
    need_backend("pcp")
    result = plumctl("external", "--gateway", free_address(), "--backend", "pcp")
    equal((result.returncode, result.stdout), (3, ""))


@test
def status_lines():
    with FakeGateway(speaks="natpmp") as gateway:
        result = plumctl("status", *common(gateway, "natpmp"))
        equal(result.returncode, 0)
        lines = result.stdout.splitlines()
        equal(len(lines), 4)
        contains(lines[0], gateway.address)
        contains(lines[2], "1.2.3.4 (public)")
        contains(lines[3], "natpmp")


@test
def status_json():
    with FakeGateway() as gateway:
        result = plumctl("status", "--json", *common(gateway))
        equal(result.returncode, 0)
        (event,) = events(result.stdout)
        equal((event["event"], event["address"], event["backend"]),
              ("gateway", gateway.address, "pcp"))


@test
def status_nobody_there():
    need_backend("pcp")
    result = plumctl("status", "--gateway", free_address(), "--backend", "pcp")
    equal(result.returncode, 3)
    contains(result.stdout, "none answered")


@test
def list_says_where_it_cannot():
    with FakeGateway() as gateway:
        result = plumctl("list", *common(gateway))
        equal(result.returncode, 1)
        contains(result.stderr, "pcp cannot tell")


@test
def unmap_by_natpmp():
    with FakeGateway(speaks="natpmp") as gateway:
        equal(plumctl("map", "--once", *common(gateway, "natpmp"), "tcp:8080").returncode, 0)
        equal(len(gateway.table), 1)
        result = plumctl("unmap", *common(gateway, "natpmp"), "tcp:8080")
        equal(result.returncode, 0)
        contains(result.stdout, "tcp:8080 removed")
        equal(gateway.table, {})


@test
def unmap_by_pcp_without_the_key():
    with FakeGateway() as gateway:
        equal(plumctl("map", "--once", *common(gateway), "tcp:8080").returncode, 0)
        result = plumctl("unmap", *common(gateway), "tcp:8080")
        equal(result.returncode, 1)
        contains(result.stderr, "plumctl: tcp:8080: ")


@test
def unmap_all_mine_says_where_it_cannot():
    with FakeGateway() as gateway:
        result = plumctl("unmap", "--all-mine", *common(gateway))
        equal(result.returncode, 1)
        contains(result.stderr, "cannot tell which")


@test
def list_marks_ours():
    with Router() as router:
        router.add_foreign()
        equal(router.plumctl("map", "--once", "--description", "my server",
                             "udp:5000:6000").returncode, 0)
        lines = router.plumctl("list").stdout.splitlines()
        equal(len(lines), 2)
        contains(lines[0], "  tcp  8080 → 192.168.1.77:8080 for 120 s console")
        assert lines[1].startswith("* udp  6000 → 127.0.0."), lines[1]
        assert lines[1].endswith(":5000 for 120 s my server"), lines[1]


@test
def list_json():
    with Router() as router:
        router.add_foreign()
        (event,) = events(router.plumctl("list", "--json").stdout)
        equal(event, {"event": "entry", "protocol": "tcp", "external_port": 8080,
                      "internal_address": "192.168.1.77", "internal_port": 8080,
                      "description": "console", "lifetime": 120, "enabled": True,
                      "ours": False})


@test
def unmap_removes_the_named():
    with Router() as router:
        router.plumctl("map", "--once", "tcp:81", "tcp:82", "udp:81")
        result = router.plumctl("unmap", "tcp:81")
        equal((result.returncode, result.stdout), (0, "tcp:81 removed\n"))
        equal(sorted(router.table()), ["tcp 82", "udp 81"])


@test
def unmap_never_removes_another_computers():
    with Router() as router:
        router.add_foreign()
        result = router.plumctl("unmap", "tcp:8080")
        equal((result.returncode, result.stdout), (0, "nothing to remove\n"))
        equal(router.table(), ["tcp 8080"])


@test
def unmap_all_mine():
    with Router() as router:
        router.add_foreign()
        router.plumctl("map", "--once", "tcp:81", "udp:82")
        result = router.plumctl("unmap", "--all-mine")
        equal(result.returncode, 0)
        equal(router.table(), ["tcp 8080"])


@test
def monitor_tells_and_ends():
    with FakeGateway(speaks="natpmp") as gateway:
        process = start("monitor", "--json", *common(gateway, "natpmp"))
        try:
            seen = set()
            while "external" not in seen:
                seen.add(json.loads(process.stdout.readline())["event"])
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
        equal(process.returncode, 0)
        assert "gateway" in seen and "probe" in seen


# doctor

def doctor(gateway, *words, backend="natpmp"):
    result = plumctl("doctor", "--json", *common(gateway, backend), *words)
    equal(len(result.stdout.splitlines()), 1)
    report = json.loads(result.stdout)
    equal(report["exit_code"], result.returncode)
    return report


@test
def doctor_works():
    with FakeGateway(speaks="natpmp") as gateway:
        report = doctor(gateway)
        equal((report["verdict"], report["exit_code"]), ("works", 0))
        equal(report["sentence"], "Port mapping works.")
        equal([trial["mapped"] for trial in report["trial"]], [True, True])
        equal([trial["left_behind"] for trial in report["trial"]], [False, False])
        equal(gateway.table, {})
        (seen,) = report["gateways"]
        equal(seen["chosen_by"], "option-gateway")
        (probe,) = seen["probes"]
        equal((probe["name"], probe["outcome"]), ("natpmp", "success"))
        peers = {event.get("peer") for event in seen["exchange"]} - {None}
        contains(peers, gateway.address + ":5351")


@test
def doctor_by_pcp():
    with FakeGateway() as gateway:
        report = doctor(gateway, backend="pcp")
        equal(report["verdict"], "works")
        equal(gateway.table, {})


@test
def doctor_no_map():
    with FakeGateway(speaks="natpmp") as gateway:
        report = doctor(gateway, "--no-map")
        equal((report["verdict"], report["trial"]), ("ready", []))


@test
def doctor_double_nat():
    with FakeGateway(speaks="natpmp", external="192.168.1.20") as gateway:
        report = doctor(gateway)
        equal((report["verdict"], report["exit_code"]), ("double-nat", 30))
        contains(report["sentence"], "a second router stands before it")


@test
def doctor_cgnat():
    with FakeGateway(speaks="natpmp", external="100.64.3.4") as gateway:
        equal(doctor(gateway)["verdict"], "cgnat")


@test
def doctor_permanent_only():
    with Router("permanent") as router:
        report = json.loads(router.plumctl("doctor", "--json").stdout)
        equal((report["verdict"], report["exit_code"]), ("permanent-only", 0))
        equal(router.table(), [])


@test
def doctor_reads_the_table_back():
    with Router() as router:
        report = json.loads(router.plumctl("doctor", "--json").stdout)
        equal(report["verdict"], "works")
        equal([(trial["table_after_map"], trial["table_after_remove"])
               for trial in report["trial"]], [("there", "gone")] * 2)


@test
def doctor_left_behind():
    with Router("sticky") as router:
        result = router.plumctl("doctor", "--json")
        report = json.loads(result.stdout)
        equal((report["verdict"], result.returncode), ("left-behind", 25))
        equal(len(router.table()), 2)


@test
def doctor_port_taken():
    with Router("taken") as router:
        result = router.plumctl("doctor")
        equal(result.returncode, 22)
        contains(result.stdout, "verdict: The router says that the port belongs to somebody else.")


@test
def doctor_one_transport():
    with Router("tcp-only") as router:
        result = router.plumctl("doctor")
        equal(result.returncode, 24)
        contains(result.stdout, "verdict: Only one of TCP and UDP could be mapped.")
        equal(router.table(), [])


@test
def doctor_note_cannot_drive_the_terminal():
    with Router() as router:
        result = router.plumctl("doctor", "--no-map")
        contains(result.stdout, "taken: ?[31mfake?[0m router")


@test
def doctor_refused():
    with FakeGateway(speaks="natpmp", result=2) as gateway:
        report = doctor(gateway)
        equal((report["verdict"], report["exit_code"]), ("refused", 20))


@test
def doctor_table_full():
    with FakeGateway(speaks="natpmp", result=4) as gateway:
        equal(doctor(gateway)["verdict"], "table-full")


@test
def doctor_switched_off():
    class Closed:
        address = free_address()

    report = doctor(Closed)
    equal((report["verdict"], report["exit_code"]), ("switched-off", 11))


@test
def doctor_silent():
    with FakeGateway(speaks="natpmp", silent=True) as gateway:
        report = doctor(gateway)
        equal((report["verdict"], report["exit_code"]), ("silent", 10))


@test
def doctor_answer_from_another_address():
    other = free_address()
    with FakeGateway(speaks="natpmp", answer_from=other) as gateway:
        report = doctor(gateway)
        equal((report["verdict"], report["stray_answer_from"]), ("wrong-address", other))


@test
def doctor_lines_end_with_verdict_and_next_step():
    with FakeGateway(speaks="natpmp") as gateway:
        result = plumctl("doctor", *common(gateway, "natpmp"))
        lines = result.stdout.splitlines()
        equal(lines[-2], "verdict: Port mapping works.")
        assert lines[-1].startswith("next: ")


@test
def doctor_record():
    with FakeGateway(speaks="natpmp", external="81.169.1.22") as gateway, \
         tempfile.TemporaryDirectory() as folder:
        doctor(gateway, "--record", folder)
        with open(os.path.join(folder, "index.tsv")) as file:
            head, *rows = [line.rstrip("\n").split("\t") for line in file]
        equal(head, ["file", "ms", "backend", "direction", "peer", "port", "note"])
        files = [row[0] for row in rows if row[0]]
        equal(sorted(files + ["index.tsv"]), sorted(os.listdir(folder)))
        data = b""
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                data += file.read()
        assert bytes([81, 169, 1, 22]) not in data, "the address is not masked"
        contains(data, bytes([1, 2, 130, 140]))


def main():
    global STATE
    wanted = sys.argv[3:]
    tests = [function for function in TESTS if not wanted or function.__name__ in wanted]
    failed = 0

    print("1..%d" % len(tests))
    with tempfile.TemporaryDirectory() as STATE:
        for number, function in enumerate(tests, 1):
            name = "/plumctl/" + function.__name__.replace("_", "-")
            try:
                function()
                print("ok %d %s" % (number, name))
            except Skip as reason:
                print("ok %d %s # SKIP %s" % (number, name, reason))
            except Exception:
                failed += 1
                print("not ok %d %s" % (number, name))
                for line in traceback.format_exc().replace("\\n", "\n").splitlines():
                    print("# " + line)
            sys.stdout.flush()
    return 1 if failed else 0


sys.exit(main())
