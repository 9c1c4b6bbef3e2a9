# SPDX-License-Identifier: LGPL-2.1-or-later

"""All commands except the doctor, with a fake router.

Usage: see harness.py.
"""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from fake_gateway import FakeGateway, free_address
from harness import (DEADLINE, DescribedRouter, PLUMCTL, Router, UpnpRouter, common, contains,
                     environment, equal, events, main, need_backend, plumctl, start,
                     start_with_nohup, test, without_network)


# map

@test
def map_once_json():
    with FakeGateway() as gateway:
        result = plumctl("map", "--once", "--json", *common(gateway), "tcp:8080")
        equal(result.returncode, 0)
        equal(result.stderr, "")
        last = events(result.stdout)[-1]
        equal(last, {"event": "mapping", "id": 1, "protocol": "tcp", "family": "ipv4",
                     "local_address": None, "internal_port": 8080,
                     "internal_address": None, "remote_address": None, "remote_addresses": [],
                     "state": "success", "external_host": "1.2.3.4", "external_port": 8080,
                     "external_scope": "public", "backend": "pcp", "lifetime": 7200,
                     "error": None, "upstream_error": None,
                     "hops": [{"address": gateway.address, "external_host": "1.2.3.4",
                               "external_port": 8080, "backend": "pcp", "lifetime": 7200}]})
        equal(list(gateway.table), [("tcp", 8080)])


@test
def map_once_lines():
    with FakeGateway() as gateway:
        result = plumctl("map", "-1", *common(gateway), "udp:5000:6000")
        equal(result.returncode, 0)
        contains(result.stdout, "udp:5000 → 1.2.3.4:6000 by PCP, for 7200 s")
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
def map_lifetime_out_of_range():
    """0 is invalid: it is a permanent lease with one protocol, and a deletion with another."""
    for lifetime in ("0", "-1", "604801"):
        with FakeGateway() as gateway:
            result = plumctl("map", "--once", "--lifetime=" + lifetime, *common(gateway), "tcp:80")
            equal((result.returncode, result.stdout), (2, ""))
            contains(result.stderr,
                     "--lifetime: “%s” is out of range, must be 1 to 604800 seconds" % lifetime)
            equal(gateway.requests, 0)


@test
def map_warns_of_permanent_lease():
    with Router("permanent") as router:
        result = router.plumctl("map", "--once", "--json", "tcp:8080")
        equal(result.returncode, 0)
        equal(events(result.stdout)[-1]["lifetime"], "forever")
        contains(result.stderr, "plumctl unmap tcp:8080")
        equal(router.table(), ["tcp 8080"])


def unused_udp_port(address="127.0.0.1"):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


NO_IPV4 = "the STUN server “[::1]:3478” has no IPv4 address"


@test
def map_stun_unknown():
    """The server cannot be asked: the result is unknown, and the mapping is a success."""
    port = unused_udp_port()

    def run(*options):
        with FakeGateway() as gateway:
            result = plumctl("map", "--once", *common(gateway), "--stun", "[::1]:3478", *options,
                             "tcp:%u" % port, "udp:%u" % port)
        equal((result.returncode, result.stderr), (0, ""))
        return result.stdout

    found = events(run("--json"))
    equal([(event["protocol"], event["verified"]) for event in found
           if event["state"] == "success"],
          [("tcp", None), ("udp", None), ("udp", "unknown")])
    stun = dict.fromkeys(["address", "reflexive", "other_address", "open_to_strangers"])
    equal(found[-1]["stun"], dict(stun, server="[::1]:3478", reason=NO_IPV4))
    equal(run().splitlines()[-1],
          "udp:%u: it is unknown whether it can be reached from outside: %s" % (port, NO_IPV4))
    equal(run("--quiet"), "")


@test
def map_stun_leaves_a_used_port_alone():
    """Also if the program allows others to share its port."""
    with FakeGateway() as gateway, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as program:
        program.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        program.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        program.bind(("0.0.0.0", 0))
        port = program.getsockname()[1]
        result = plumctl("map", "--once", "--json", *common(gateway), "--stun", "127.0.0.1",
                         "udp:%u" % port)
        last = events(result.stdout)[-1]
        equal((result.returncode, last["verified"], last["stun"]["reason"]),
              (0, "unknown", "port %u is in use by a program, and was not tested" % port))


@test
def run_stun_unknown():
    port = unused_udp_port()
    with FakeGateway() as gateway:
        result = plumctl("run", *common(gateway), "--stun", "[::1]:3478", "udp:%u" % port, "--", "sh",
                         "-c", "echo $PLUM_UDP_%u_VERIFIED" % port)
        equal((result.returncode, result.stdout), (0, "unknown\n"))
        contains(result.stderr, "udp:%u: it is unknown whether it can be reached from outside: %s"
                 % (port, NO_IPV4))
        result = plumctl("run", *common(gateway), "udp:%u" % port, "--", "sh", "-c",
                         "echo ${PLUM_UDP_%u_VERIFIED-unset}" % port)
        equal(result.stdout, "unset\n")


@test
def map_stun_failure():
    """Without a mapping, no server is asked."""
    with FakeGateway(result=2) as gateway:
        result = plumctl("map", "--json", *common(gateway), "--stun", "[::1]:3478", "udp:9")
        equal(result.returncode, 1)
        equal({event["verified"] for event in events(result.stdout)}, {None})


@test
def map_reports_private_address():
    with FakeGateway(external="10.1.2.3") as gateway:
        result = plumctl("map", "--once", *common(gateway), "tcp:8080")
        equal(result.returncode, 0)
        contains(result.stdout, "second router")


def map_and_send_signal(number):
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


class Silent(FakeGateway):
    """Answers nothing but the question for its existence."""

    def _answer_pcp_map(self, request):
        return None


@test
def map_interrupted_before_it_was_mapped():
    """Nothing is reported as removed that was never mapped."""
    with Silent() as gateway:
        process = start("map", *common(gateway), "tcp:8080")
        try:
            contains(process.stdout.readline(), "pending")
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
        assert "removed" not in out and "no longer" not in out, out


@test
def map_failure_is_printed_once():
    with FakeGateway(result=2) as gateway:
        result = plumctl("map", *common(gateway), "tcp:8080")
        equal(result.returncode, 1)
        equal((result.stdout + result.stderr).count("REFUSED" if "REFUSED" in result.stderr
                                                    else result.stderr.split(": ")[-1].strip()), 1)
        assert "failed" not in result.stdout and "removed" not in result.stdout, result.stdout


@test
def map_release_not_confirmed():
    class Deaf(FakeGateway):
        def _answer_pcp_map(self, request):
            return None if request[4:8] == bytes(4) else super()._answer_pcp_map(request)

    with Deaf() as gateway:
        process = start("map", *common(gateway), "tcp:8080")
        try:
            while "→" not in process.stdout.readline():
                pass
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=DEADLINE + 20)
        finally:
            process.kill()
        assert "8080 removed" not in out, out
        contains(err, "may still have")


@test
def map_second_signal_ends_at_once():
    class Deaf(FakeGateway):
        def _answer_pcp_map(self, request):
            return None if request[4:8] == bytes(4) else super()._answer_pcp_map(request)

    with Deaf() as gateway:
        process = start("map", *common(gateway), "tcp:8080")
        try:
            while "→" not in process.stdout.readline():
                pass
            process.send_signal(signal.SIGINT)
            contains(process.stdout.readline(), "being removed")
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=5)
        finally:
            process.kill()
        equal(process.returncode, 128 + signal.SIGTERM)
        contains(err, "tcp:8080")


@test
def map_sigint_removes():
    map_and_send_signal(signal.SIGINT)


@test
def map_sigterm_removes():
    map_and_send_signal(signal.SIGTERM)


@test
def map_sighup_removes():
    map_and_send_signal(signal.SIGHUP)


@test
def map_with_nohup():
    with FakeGateway() as gateway:
        process = start_with_nohup("map", "--json", *common(gateway), "tcp:8080")
        try:
            while json.loads(process.stdout.readline())["state"] != "success":
                pass
            process.send_signal(signal.SIGHUP)
            time.sleep(0.3)
            equal((process.poll(), list(gateway.table)), (None, [("tcp", 8080)]))
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
        equal((process.returncode, err), (0, ""))
        equal(events(out)[-1]["state"], "destroyed")


@test
def map_reader_exits():
    class Held(FakeGateway):
        reader_exited = threading.Event()

        def _answer_pcp_map(self, request):
            self.reader_exited.wait(DEADLINE)
            return super()._answer_pcp_map(request)

    with Held() as gateway:
        process = start("map", "--json", *common(gateway), "tcp:8080")
        try:
            equal(json.loads(process.stdout.readline())["state"], "pending")
            process.stdout.close()
            gateway.reader_exited.set()
            process.wait(DEADLINE)
        finally:
            process.kill()
            process.stderr.close()
        equal(process.returncode, 0)
        equal(gateway.table, {})


@test
def map_reader_exits_while_mapped():
    """No output is pending, so no write fails."""
    with FakeGateway() as gateway:
        process = start("map", "--json", *common(gateway), "tcp:8080")
        try:
            while json.loads(process.stdout.readline())["state"] != "success":
                pass
            process.stdout.close()
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
def map_other_port_than_requested():
    with Router() as router:
        router.add_other_host()
        result = router.plumctl("map", "--once", "tcp:8080")
        equal(result.returncode, 0)
        contains(result.stdout, "1.2.3.4:8081")


@test
def map_exact_taken():
    with Router() as router:
        router.add_other_host()
        result = router.plumctl("map", "--exact", "tcp:8080")
        equal(result.returncode, 1)
        equal(result.stderr, "plumctl: tcp:8080: External port 8080 is required, but the router "
                             "granted external port 8081 to the fake backend\n")
        equal(router.table(), ["tcp 8080"])


@test
def map_exact_free():
    with Router() as router:
        router.add_other_host()
        result = router.plumctl("map", "--once", "--exact", "tcp:8080:9000")
        equal(result.returncode, 0)
        contains(result.stdout, "1.2.3.4:9000")


@test
def run_exact_taken():
    with Router() as router:
        router.add_other_host()
        result = router.plumctl("run", "--exact", "tcp:8080", "--", "echo", "started")
        equal(result.returncode, 1)
        equal(result.stdout, "")
        contains(result.stderr, "External port 8080 is required")


@test
def map_no_router():
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
        equal(result.returncode, 3)
        contains(result.stderr, "no answer within 0.3 s")
        contains(result.stderr, "plumctl doctor")


@test
def run_timeout():
    with FakeGateway(silent=True) as gateway:
        result = plumctl("run", "--timeout", "0.3", *common(gateway), "tcp:8080", "--", "true")
        equal(result.returncode, 3)
        contains(result.stderr, "no answer within 0.3 s")
        contains(result.stderr, "plumctl doctor")


@test
def map_timeout_after_the_router_has_answered():
    with Router(fault="mute") as router:
        result = router.plumctl("map", "--timeout", "0.3", "tcp:8080")
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
def map_backend_option_takes_precedence_over_the_environment():
    with FakeGateway() as gateway:
        result = plumctl("map", "--once", *common(gateway), "tcp:8080", PLUM_BACKENDS="upnp")
        equal(result.returncode, 0)


@test
def map_by_natpmp():
    with FakeGateway(protocol="natpmp") as gateway:
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
def run_environment_without_an_external_address():
    """The router maps the port, and does not report its address. Nothing is inherited."""
    with FakeGateway(external="0.0.0.0") as gateway:
        result = plumctl("run", "-q", *common(gateway), "tcp:9011", "--", "sh", "-c",
                         "echo $PLUM_TCP_9011 ${PLUM_EXTERNAL_ADDRESS-unset} "
                         "${PLUM_TCP_9011_VERIFIED-unset}",
                         PLUM_EXTERNAL_ADDRESS="stale", PLUM_TCP_9011="stale",
                         PLUM_TCP_9011_VERIFIED="stale")
    equal(result.stdout, ":9011 unset unset\n")


@test
def run_does_not_parse_command_options():
    with FakeGateway() as gateway:
        result = plumctl("run", *common(gateway), "tcp:9011", "--", "echo", "--help", "--", "x")
        equal(result.stdout, "--help -- x\n")


@test
def run_command_killed_by_signal():
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
def run_keep_trying_reports_the_failure():
    for option in "--keep-trying", "--wait=no":
        with FakeGateway(result=2) as gateway:
            process = start("run", option, *common(gateway), "tcp:9011", "--", "sleep", "30")
            try:
                contains(process.stderr.readline(), "tcp:9011 failed: The router answers to PCP, ")
            finally:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=DEADLINE)


@test
def run_forwards_signals():
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


@test
def run_with_nohup():
    """The command ignores SIGHUP as well."""
    with FakeGateway() as gateway:
        process = start_with_nohup("run", *common(gateway), "tcp:9011", "--", "sh", "-c",
                                   "kill -HUP $PPID; kill -HUP $$; sleep 0.3; exit 5")
        _, err = process.communicate(timeout=DEADLINE)
        equal((process.returncode, gateway.table, err.count("plumctl: ")), (5, {}, 1))


# Makes the terminal that is standard output the controlling terminal, and runs the arguments.
CONTROLLED = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(1, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""

# Exits with the number of the SIGINTs that arrive within half a second.
COUNT_SIGINT = """
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
print("ready", flush=True)
signal.sigwait([signal.SIGINT])
n = 1
while signal.sigtimedwait([signal.SIGINT], 0.5):
    n += 1
sys.exit(n)
"""


def count_sigint_on_terminal(send, stdin=None):
    """stdin: None for the terminal. Returns how often the command gets the SIGINT."""
    leader, follower = pty.openpty()
    with FakeGateway() as gateway:
        process = subprocess.Popen(
            [sys.executable, "-c", CONTROLLED, PLUMCTL, "run", *common(gateway), "tcp:9011", "--",
             sys.executable, "-c", COUNT_SIGINT],
            stdin=follower if stdin is None else stdin, stdout=follower,
            stderr=subprocess.DEVNULL, env=environment())
        os.close(follower)
        try:
            shown = b""
            while b"ready" not in shown:
                shown += os.read(leader, 4096)
            send(process, leader)
            return process.wait(DEADLINE)
        finally:
            process.kill()
            process.wait()
            os.close(leader)


@test
def run_forwards_no_key_of_the_terminal():
    def press(process, leader):
        os.write(leader, b"\x03")
    for stdin in None, subprocess.DEVNULL:
        equal(count_sigint_on_terminal(press, stdin), 1)


@test
def run_forwards_sigint_of_a_program():
    def send(process, leader):
        process.send_signal(signal.SIGINT)
    for stdin in None, subprocess.DEVNULL:
        equal(count_sigint_on_terminal(send, stdin), 1)


# Without a network

@test
def map_without_network():
    result = without_network("map", "tcp:8080")
    equal((result.returncode, result.stdout), (3, ""))
    assert result.stderr.startswith("plumctl: ")


@test
def map_of_both_families_without_network():
    result = without_network("map", "--family", "both", "tcp:8080")
    equal((result.returncode, result.stdout), (3, "tcp:8080 pending\ntcp:8080 (IPv6) pending\n"))
    contains(result.stderr, "plumctl: tcp:8080: ")
    contains(result.stderr, "plumctl: tcp:8080 (IPv6): ")


@test
def map_json_without_network():
    result = without_network("map", "--once", "--json", "tcp:8080", "udp:8081")
    equal(result.returncode, 3)
    found = {(event["protocol"], event["internal_port"], event["error"]["code"])
             for event in events(result.stdout) if event["error"] is not None}
    equal(found, {("tcp", 8080, "no-gateway"), ("udp", 8081, "no-gateway")})
    contains(result.stderr, "tcp:8080: ")


def no_router_events(result, *ports):
    equal(result.returncode, 3)
    found = events(result.stdout)
    equal([(event["event"], event["protocol"], event["internal_port"], event["outcome"],
            event["was_there"]) for event in found],
          [("not-removed", protocol, port, "no-router", None) for protocol, port in ports])
    for event in found:
        contains(result.stderr, event["message"])


@test
def unmap_json_without_network():
    result = without_network("unmap", "--json", "tcp:8080", "udp:8081")
    no_router_events(result, ("tcp", 8080), ("udp", 8081))


@test
def unmap_without_network():
    result = without_network("unmap", "tcp:8080")
    equal((result.returncode, result.stdout), (3, ""))


@test
def unmap_json_timeout():
    with FakeGateway(silent=True) as gateway:
        result = plumctl("unmap", "--json", "--timeout", "0.3", *common(gateway), "tcp:8080")
        no_router_events(result, ("tcp", 8080))
        contains(result.stderr, "no answer within 0.3 s")


@test
def unmap_json_no_router():
    need_backend("pcp")
    result = plumctl("unmap", "--json", "--gateway", free_address(), "--backend", "pcp", "tcp:8080")
    no_router_events(result, ("tcp", 8080))


@test
def external_without_network():
    result = without_network("external")
    equal((result.returncode, result.stdout), (3, ""))


# On a terminal

def on_terminal(wait_for, *arguments, **extra):
    """Runs plumctl on a terminal until it prints a text, then interrupts it. Returns the output."""
    leader, follower = pty.openpty()
    env = environment(TERM="xterm", **extra)
    process = subprocess.Popen([PLUMCTL, *arguments], stdin=subprocess.DEVNULL, stdout=follower,
                               stderr=subprocess.PIPE, env=env)
    os.close(follower)
    shown = b""
    try:
        while wait_for.encode() not in shown:
            shown += os.read(leader, 4096)
        process.send_signal(signal.SIGINT)
        try:
            while piece := os.read(leader, 4096):
                shown += piece
        except OSError:  # the other end of the terminal is closed
            pass
        process.communicate(timeout=DEADLINE)
    finally:
        process.kill()
        process.wait()
        os.close(leader)
    equal(process.returncode, 0)
    return shown.decode()


@test
def terminal_shows_status_line():
    with FakeGateway() as gateway:
        shown = on_terminal("1 of 1 mapped, lease 1:", "map", *common(gateway), "tcp:8080")
        contains(shown, "\r\033[K")
        contains(shown, "\033[32mtcp:8080")
        assert "Press Ctrl-C to remove" in shown
        equal(gateway.table, {})


@test
def terminal_without_colour():
    with FakeGateway() as gateway:
        shown = on_terminal("1 of 1 mapped", "map", *common(gateway), "tcp:8080", NO_COLOR="1")
        contains(shown, "tcp:8080")
        equal(re.findall(r"\033\[[0-9;]*m", shown), [])


@test
def no_escape_sequences_without_a_terminal():
    with FakeGateway() as gateway:
        result = plumctl("map", "--once", *common(gateway), "tcp:8080", TERM="xterm")
        assert "\033" not in result.stdout and "\r" not in result.stdout


# A second signal

@test
def second_signal_exits_at_once():
    """The router does not answer the removal; a second signal ends plumctl at once."""
    class Silent(FakeGateway):
        removing = threading.Event()

        def _answer_pcp_map(self, request):
            if request[4:8] == bytes(4):
                self.removing.set()
                return None
            return super()._answer_pcp_map(request)

    with Silent() as gateway:
        process = start("map", "--json", *common(gateway), "tcp:8080")
        try:
            while json.loads(process.stdout.readline())["state"] != "success":
                pass
            process.send_signal(signal.SIGINT)
            assert gateway.removing.wait(DEADLINE)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
        equal(process.returncode, 128 + signal.SIGTERM)


# Commands that map nothing

@test
def external_address_only():
    with FakeGateway(protocol="natpmp") as gateway:
        result = plumctl("external", *common(gateway, "natpmp"))
        equal((result.returncode, result.stdout, result.stderr), (0, "1.2.3.4\n", ""))


@test
def external_by_a_short_mapping():
    """PCP reports the address only with a mapping, which is deleted at once."""
    with FakeGateway() as gateway:
        result = plumctl("external", *common(gateway))
        equal((result.returncode, result.stdout, result.stderr), (0, "1.2.3.4\n", ""))
        # ANNOUNCE, MAP, and its delete.
        equal((gateway.requests, gateway.table), (3, {}))


@test
def external_not_reported():
    with FakeGateway(result=2) as gateway:
        result = plumctl("external", *common(gateway))
        equal((result.returncode, result.stdout), (1, ""))
        contains(result.stderr, "did not report its external address: PCP: ")
        contains(result.stderr, "NOT_AUTHORIZED (2)")


@test
def external_timeout():
    with FakeGateway(ignores_maps=True) as gateway:
        result = plumctl("external", "--timeout", "1", *common(gateway))
        equal((result.returncode, result.stdout), (1, ""))
        contains(result.stderr, "did not report its external address: no answer within 1 s")


@test
def external_without_an_answer_to_the_delete():
    with FakeGateway(keeps_all=True) as gateway:
        result = plumctl("external", *common(gateway))
        equal((result.returncode, result.stdout), (0, "1.2.3.4\n"))
        # The mapping expires by itself, within 120 s.
        ((protocol, _),) = gateway.table
        equal(protocol, "udp")


@test
def external_interrupted():
    with FakeGateway(silent=True) as gateway:
        process = start("external", *common(gateway))
        try:
            assert gateway.wait_for(lambda table: gateway.requests > 0)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
        equal((process.returncode, out), (1, ""))


@test
def external_no_router():
    need_backend("pcp")
    result = plumctl("external", "--gateway", free_address(), "--backend", "pcp")
    equal((result.returncode, result.stdout), (3, ""))


@test
def status_lines():
    with FakeGateway(protocol="natpmp") as gateway:
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
        equal((event["event"], event["address"], event["backend"], event["external_address"]),
              ("gateway", gateway.address, "pcp", "1.2.3.4"))
        equal([event[name] for name in ("manufacturer", "model", "model_version",
                                        "presentation_url", "connection_status", "uptime")],
              [None, None, None, None, "unknown", None])
        equal(gateway.table, {})


@test
def status_without_an_address():
    """The router refuses the short mapping."""
    with FakeGateway(result=2) as gateway:
        result = plumctl("status", *common(gateway))
        equal(result.returncode, 0)
        contains(result.stdout, "external  unknown")


@test
def status_of_a_described_router():
    with DescribedRouter() as router:
        result = plumctl("status", *common(router, "upnp"))
        equal(result.returncode, 0)
        lines = result.stdout.splitlines()
        equal([line.split()[0] for line in lines],
              ["gateway", "router", "internet", "local", "external", "backend"])
        equal(lines[1], "router    Fake & Sons F1 (version 7.57), settings at " + router.url)
        equal(lines[2], "internet  connected for 2 h")


@test
def status_json_of_a_described_router():
    with DescribedRouter() as router:
        (event,) = events(plumctl("status", "--json", *common(router, "upnp")).stdout)
        equal([event[name] for name in ("manufacturer", "model", "model_version",
                                        "presentation_url", "connection_status", "uptime")],
              ["Fake & Sons", "F1", "7.57", router.url, "connected", 7200])


@test
def status_of_a_disconnected_router():
    with UpnpRouter("status=Disconnected") as router:
        contains(plumctl("status", *common(router, "upnp")).stdout, "internet  disconnected\n")


@test
def monitor_of_a_described_router():
    with DescribedRouter() as router:
        lines = monitor_until("external: 1.2.3.4 (public)", *common(router, "upnp"))
        contains(lines, "router: Fake & Sons F1 (version 7.57), settings at " + router.url)


@test
def status_no_router():
    need_backend("pcp")
    result = plumctl("status", "--gateway", free_address(), "--backend", "pcp")
    equal(result.returncode, 3)
    contains(result.stdout, "backend   none")


@test
def list_not_supported():
    with FakeGateway() as gateway:
        result = plumctl("list", *common(gateway))
        equal(result.returncode, 1)
        contains(result.stderr, "PCP cannot list the mappings of the router: only UPnP can")


@test
def option_location_that_cannot_be_used():
    """The option reaches the backend, which does not search."""
    result = plumctl("map", "-o", "upnp.location=http://192.0.2.1/a.xml", "--gateway", "127.94.1.1",
                     "--backend", "upnp", "tcp:8080")
    equal(result.returncode, 3)
    contains(result.stderr, "the option location: 192.0.2.1 is not contacted")


@test
def unmap_by_natpmp():
    with FakeGateway(protocol="natpmp") as gateway:
        equal(plumctl("map", "--once", *common(gateway, "natpmp"), "tcp:8080").returncode, 0)
        equal(len(gateway.table), 1)
        result = plumctl("unmap", *common(gateway, "natpmp"), "tcp:8080")
        equal(result.returncode, 0)
        equal(result.stdout, "tcp:8080 removed, if it was there\n")
        equal(gateway.table, {})


@test
def unmap_by_pcp_without_the_key():
    with FakeGateway() as gateway:
        equal(plumctl("map", "--once", *common(gateway), "tcp:8080").returncode, 0)
        result = plumctl("unmap", *common(gateway), "tcp:8080")
        equal((result.returncode, result.stdout), (1, ""))
        contains(result.stderr, "plumctl: tcp:8080: not removed: ")
        equal(list(gateway.table), [("tcp", 8080)])


@test
def unmap_all_mine_not_supported():
    with FakeGateway() as gateway:
        result = plumctl("unmap", "--all-mine", *common(gateway))
        equal(result.returncode, 1)
        contains(result.stderr, "cannot be listed: only UPnP")


@test
def list_marks_own_mappings():
    with Router() as router:
        router.add_other_host()
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
        router.add_other_host()
        (event,) = events(router.plumctl("list", "--json").stdout)
        equal(event, {"event": "entry", "family": "ipv4", "protocol": "tcp", "external_port": 8080,
                      "internal_address": "192.168.1.77", "internal_port": 8080,
                      "description": "console", "lifetime": 120, "enabled": True,
                      "ours": False, "made_here": False, "remote_host": None,
                      "readable": True, "internal_port_text": None,
                      "internal_address_text": None, "problem": None,
                      "gateway": "127.0.0.9", "recorded": False})


@test
def list_unknown_values():
    """An entry that the router did not report completely."""
    with Router() as router:
        with open(router.path, "a") as file:
            file.write("[tcp 8080]\nport=0\nlifetime=0\ndescription=torn\n[udp 0]\nport=53\n")
        lines = router.plumctl("list").stdout.splitlines()
        equal(lines, ["  tcp  8080 → ?:? torn", "  udp     ? → ?:53 for 120 s"])
        found = events(router.plumctl("list", "--json").stdout)
        equal([(entry["external_port"], entry["internal_port"], entry["lifetime"])
               for entry in found], [(8080, None, None), (None, 53, 120)])


@test
def unmap_removes_only_the_given_ports():
    with Router() as router:
        router.plumctl("map", "--once", "tcp:81", "tcp:82", "udp:81")
        result = router.plumctl("unmap", "tcp:81")
        equal((result.returncode, result.stdout), (0, "tcp:81 removed\n"))
        equal(sorted(router.table()), ["tcp 82", "udp 81"])


@test
def unmap_reports_the_worst_of_several_entries():
    with Router() as router:
        for port in "tcp:8080:9000", "tcp:8080:9001":
            router.plumctl("map", "--once", port)
        equal(sorted(router.table()), ["tcp 9000", "tcp 9001"])
        result = router.plumctl("unmap", "tcp:8080", fault="keeps-9000")
        equal((result.returncode, result.stdout), (1, ""))
        contains(result.stderr, "tcp:8080: not removed: ")
        contains(result.stderr, "the router keeps port 9000")
        equal(router.table(), ["tcp 9000"])


@test
def list_timeout():
    """The limit is that of the table as well."""
    with Router("slow-table") as router:
        result = router.plumctl("list", "--timeout", "1")
        equal((result.returncode, result.stdout), (1, "listing\n"))
        contains(result.stderr, "the router did not list its mappings: no answer within 1 s")


@test
def list_of_a_late_router():
    with Router("late-table") as router:
        router.add_other_host()
        result = router.plumctl("list", "--timeout", "40")
        equal((result.returncode, result.stderr), (0, ""))
        contains(result.stdout, "tcp  8080 → 192.168.1.77:8080")


@test
def list_interrupted():
    with Router() as router:
        with start("list", "--gateway", "127.0.0.9", "--backend", "fake",
                   PLUM_FAKE_TABLE=router.path, PLUM_FAKE_FAULT="slow-table") as process:
            equal(process.stdout.readline(), "listing\n")
            process.send_signal(signal.SIGINT)
            equal((process.wait(DEADLINE), process.stdout.read(), process.stderr.read()),
                  (1, "", ""))


@test
def unmap_json():
    with Router() as router:
        router.plumctl("map", "--once", "tcp:81")
        removed = [{"event": "removed", "protocol": "tcp", "internal_port": 81, "family": "ipv4",
                    "internal_address": None, "outcome": "removed", "was_there": True,
                    "asked_beyond": False, "message": None}]
        equal(events(router.plumctl("unmap", "--json", "tcp:81").stdout), removed)
        result = router.plumctl("unmap", "--json", "tcp:81")
        equal(result.returncode, 4)
        (event,) = events(result.stdout)
        equal((event["event"], event["outcome"]), ("not-removed", "not-found"))
    with FakeGateway(protocol="natpmp") as gateway:
        plumctl("map", "--once", *common(gateway, "natpmp"), "tcp:81")
        result = plumctl("unmap", "--json", *common(gateway, "natpmp"), "tcp:81")
        equal(events(result.stdout), [dict(removed[0], was_there=None)])


@test
def unmap_keeps_mappings_of_other_hosts():
    with Router() as router:
        router.add_other_host()
        result = router.plumctl("unmap", "tcp:8080")
        equal((result.returncode, result.stdout), (6, ""))
        contains(result.stderr, "tcp:8080: not removed: ")
        contains(result.stderr, "192.168.1.77")
        equal(router.table(), ["tcp 8080"])


@test
def unmap_nothing_there():
    with Router() as router:
        result = router.plumctl("unmap", "tcp:8081")
        equal((result.returncode, result.stdout, result.stderr),
              (4, "tcp:8081: the router has no mapping of this port\n", ""))


@test
def unmap_another_external_port():
    """The table of the router tells which external port leads to the port of this computer."""
    with Router() as router:
        equal(router.plumctl("map", "--once", "tcp:81:6000").returncode, 0)
        result = router.plumctl("unmap", "tcp:81")
        equal((result.returncode, result.stdout), (0, "tcp:81 removed\n"))
        equal(router.table(), [])


@test
def unmap_several_reports_the_worst():
    with Router() as router:
        router.add_other_host()
        equal(router.plumctl("map", "--once", "tcp:81").returncode, 0)
        result = router.plumctl("unmap", "tcp:81", "tcp:82", "tcp:8080")
        equal(result.returncode, 6)
        equal(sorted(result.stdout.splitlines()),
              ["tcp:81 removed", "tcp:82: the router has no mapping of this port"])
        equal(len(result.stderr.splitlines()), 1)


@test
def unmap_not_confirmed():
    """A router that does not answer deletes: the mapping is not reported as removed."""
    class Deaf(FakeGateway):
        def _answer_pcp_map(self, request):
            if request[4:8] == bytes(4):
                return None
            return super()._answer_pcp_map(request)

    with Deaf() as gateway:
        process = start("map", *common(gateway), "tcp:8080")
        try:
            while "→" not in process.stdout.readline():
                pass
        finally:
            process.kill()
            process.communicate()
        result = plumctl("unmap", *common(gateway), "tcp:8080")
        equal((result.returncode, result.stdout), (5, ""))
        contains(result.stderr, "did not confirm the removal and may keep the mapping")
        contains(result.stderr, "until 20")


@test
def unmap_of_a_killed_process_by_pcp():
    """The key of the killed process is in the state directory."""
    with FakeGateway() as gateway:
        process = start("map", *common(gateway), "tcp:8080")
        try:
            while "→" not in process.stdout.readline():
                pass
        finally:
            process.kill()
            process.communicate()
        equal(list(gateway.table), [("tcp", 8080)])
        result = plumctl("unmap", *common(gateway), "tcp:8080")
        equal((result.returncode, result.stdout), (0, "tcp:8080 removed\n"))
        equal(gateway.table, {})


@test
def unmap_all_mine():
    with Router() as router:
        router.add_other_host()
        router.plumctl("map", "--once", "tcp:81", "udp:82")
        result = router.plumctl("unmap", "--all-mine")
        equal(result.returncode, 0)
        equal(router.table(), ["tcp 8080"])


@test
def monitor_prints_events():
    with FakeGateway(protocol="natpmp") as gateway:
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


def monitor_until(last, *arguments, **extra):
    """The lines that monitor prints, up to one that ends with last."""
    lines = []
    process = start("monitor", *arguments, **extra)
    try:
        while not (lines and lines[-1].endswith(last)):
            line = process.stdout.readline()
            assert line, "monitor exited after %r" % lines
            lines.append(line.rstrip("\n"))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=DEADLINE)
    finally:
        process.kill()
    equal((process.returncode, err), (0, ""))
    return [line.partition(" ")[2] for line in lines]


@test
def monitor_ends_without_a_removal():
    """The gateway is still there when monitor ends."""
    with FakeGateway() as gateway:
        process = start("monitor", *common(gateway))
        try:
            contains(process.stdout.readline(), "gateway: ")
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
        assert "removed" not in out and "no longer" not in out, out


@test
def monitor_as_text():
    with Router() as router:
        lines = monitor_until("external: 1.2.3.4 (public)", "--gateway", "127.0.0.9",
                              "--backend", "fake", PLUM_FAKE_TABLE=router.path)
    equal(lines[0], "gateway: 127.0.0.9 on lo, local address 127.0.0.1")
    contains(lines, "note: fake: taken: ?[31mfake?[0m router")
    contains(lines, "backend: fake")
    assert any(line.startswith("probe: fake: success after ") for line in lines), lines


@test
def monitor_reports_refusal():
    address = free_address()
    (line,) = [line for line in
               monitor_until("%s refused port 5351" % address, "--gateway", address,
                             "--backend", "pcp") if line.startswith("probe")]
    assert line.startswith("probe: PCP: refused after "), line


@test
def monitor_takes_no_arguments():
    result = plumctl("monitor", "tcp:80")
    equal((result.returncode, result.stdout), (2, ""))
    contains(result.stderr, "unexpected argument “tcp:80”")


sys.exit(main("plumctl"))
