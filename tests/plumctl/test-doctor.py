# SPDX-License-Identifier: LGPL-2.1-or-later

"""plumctl doctor: what it says of every kind of router, and recordings of real ones.

Usage: see harness.py.
"""

import json
import os
import subprocess
import sys
import tempfile

from fake_gateway import FakeGateway, free_address
from harness import (DEADLINE, Router, UpnpRouter, contains, equal, in_own_network, main,
                     need_backend, plumctl, start, test, without_network)
from recorded_gateway import RecordedGateway

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs")
RECORDINGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recordings")


SENTENCES = {
    "works": (0, "Port mapping works."),
    "ready": (0, "The router answers and would map ports; no trial was made."),
    "public-host": (0, "This computer has a public address itself: nothing needs mapping."),
    "permanent-only": (0, "Port mapping works, but the router knows no leases: a mapping stays "
                          "until it is removed."),
    "no-gateway": (3, "This computer has no route to the internet, so there is no router to ask."),
    "silent": (10, "The router answers none of the protocols."),
    "switched-off": (11, "The router is there, but refuses to be asked: port mapping is switched "
                         "off, or not known to it."),
    "not-a-gateway": (12, "Other devices answered, but none of them is a router that maps ports."),
    "wrong-address": (13, "The gateway's answer came from another address, and such answers are "
                          "not trusted."),
    "not-connected": (14, "The router answers, but it has no connection to the internet, or only "
                          "a private address there."),
    "cannot-map": (15, "The router answers, but offers no port mapping that can be used."),
    "refused": (20, "The router refuses by policy."),
    "table-full": (21, "The router has no room for another mapping, or no connection at present."),
    "port-taken": (22, "The router says that the port belongs to somebody else."),
    "trial-failed": (23, "The router answers, but a trial mapping did not work."),
    "one-transport": (24, "Only one of TCP and UDP could be mapped."),
    "left-behind": (25, "The trial mapping could not be removed again."),
    "double-nat": (30, "The router's own outer address is private: a second router stands before "
                       "it."),
    "cgnat": (31, "The router's provider shares one address among many customers (CGNAT)."),
    "no-address": (32, "The router maps ports, but it told no address that the internet could "
                       "reach."),
}


def ends_with(result, verdict):
    """What a person reads and what a script sees say the same."""
    exit_code, sentence = SENTENCES[verdict]
    lines = result.stdout.splitlines()
    equal(lines[-2], "verdict: " + sentence)
    assert lines[-1].startswith("next: "), lines[-1]
    equal(result.returncode, exit_code)


def report_of(result, verdict):
    (line,) = result.stdout.splitlines()
    report = json.loads(line)
    exit_code, sentence = SENTENCES[verdict]
    equal((report["verdict"], report["sentence"]), (verdict, sentence))
    equal((report["exit_code"], result.returncode), (exit_code, exit_code))
    assert report["next_step"].endswith(".")
    return report


def words_of(gateway, *words, backend=None):
    backends = [backend] if backend is not None else ["pcp", "natpmp", "upnp"]
    for name in backends:
        need_backend(name)
    return ["doctor", "--gateway", gateway.address, "--backend", ",".join(backends), *words]


def doctor(gateway, *words, backend=None):
    return plumctl(*words_of(gateway, *words, backend=backend))


def both(gateway, verdict, *words, backend=None):
    """In words for people, then for scripts."""
    ends_with(doctor(gateway, *words, backend=backend), verdict)
    return report_of(doctor(gateway, "--json", *words, backend=backend), verdict)


def both_at_once(gateway, verdict, *, backend=None):
    """The same of a router that lets one wait, and maps nothing."""
    with start(*words_of(gateway, backend=backend)) as process:
        report = report_of(doctor(gateway, "--json", backend=backend), verdict)
        out, err = process.communicate(timeout=DEADLINE)
    ends_with(subprocess.CompletedProcess(process.args, process.returncode, out, err), verdict)
    return report


# The verdicts, with every backend there is

@test
def verdict_works():
    with FakeGateway(speaks="natpmp") as gateway:
        report = both(gateway, "works", backend="natpmp")
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
def verdict_works_by_upnp():
    with UpnpRouter() as router:
        report = both(router, "works")
        equal([(trial["table_after_map"], trial["table_after_remove"])
               for trial in report["trial"]], [("there", "gone")] * 2)
        equal(router.table(), [])


@test
def verdict_ready():
    with UpnpRouter() as router:
        equal(both(router, "ready", "--no-map")["trial"], [])


@test
def verdict_ready_by_pcp():
    with FakeGateway() as gateway:
        both(gateway, "ready", "--no-map", backend="pcp")


@test
def verdict_public_host():
    result = in_own_network("ip link add eth0 type veth peer name eth1 && ip link set eth0 up && "
                            "ip link set eth1 up && ip address add 1.2.3.4/24 dev eth0 && "
                            "ip route add default via 1.2.3.1 && exec \"$@\"",
                            "doctor", "--json", "--backend", "direct")
    report_of(result, "public-host")


@test
def verdict_permanent_only():
    with UpnpRouter("timed-fault=725") as router:
        both(router, "permanent-only")
        equal(router.table(), [])


@test
def verdict_no_gateway():
    ends_with(without_network("doctor"), "no-gateway")
    report_of(without_network("doctor", "--json"), "no-gateway")


@test
def verdict_silent():
    with FakeGateway(speaks="natpmp", silent=True) as gateway:
        both_at_once(gateway, "silent", backend="natpmp")


@test
def verdict_switched_off():
    class Closed:
        address = free_address()

    report = both_at_once(Closed, "switched-off")
    equal({probe["name"]: probe["outcome"] for probe in report["gateways"][0]["probes"]
           if probe["name"] in ("pcp", "natpmp")}, {"pcp": "refused", "natpmp": "refused"})


@test
def verdict_wrong_address():
    other = free_address()
    with FakeGateway(speaks="natpmp", answer_from=other) as gateway:
        report = both_at_once(gateway, "wrong-address", backend="natpmp")
        equal(report["stray_answer_from"], other)


@test
def verdict_not_connected_by_upnp():
    """As miniupnpd is behind another router: connected, no address, and 501 to every wish."""
    with UpnpRouter("address-fault=501", "add-fault=501") as router:
        both(router, "not-connected")


@test
def verdict_not_connected_by_natpmp():
    with FakeGateway(speaks="natpmp", address_result=3) as gateway:
        both_at_once(gateway, "not-connected", backend="natpmp")


@test
def verdict_cannot_map():
    """The router answers the search, and has nothing that maps ports."""
    with UpnpRouter("no-service=1") as router:
        both_at_once(router, "cannot-map")


@test
def verdict_refused_by_natpmp():
    with FakeGateway(speaks="natpmp", result=2) as gateway:
        both(gateway, "refused", backend="natpmp")


@test
def verdict_refused_by_pcp():
    with FakeGateway(result=2) as gateway:
        both(gateway, "refused", backend="pcp")


@test
def verdict_refused_by_upnp():
    with UpnpRouter("add-fault=606") as router:
        both(router, "refused")


@test
def verdict_table_full_by_natpmp():
    with FakeGateway(speaks="natpmp", result=4) as gateway:
        both(gateway, "table-full", backend="natpmp")


@test
def verdict_table_full_by_upnp():
    with UpnpRouter("add-fault=728") as router:
        both(router, "table-full")


@test
def verdict_port_taken_by_upnp():
    """Every port belongs to somebody else."""
    with UpnpRouter("add-fault=718") as router:
        both(router, "port-taken")


@test
def verdict_trial_failed():
    with Router("odd") as router:
        ends_with(router.plumctl("doctor"), "trial-failed")


@test
def verdict_trial_without_an_answer():
    with Router("mute") as router:
        report = report_of(router.plumctl("doctor", "--json", "--timeout", "0.5"), "trial-failed")
        for trial in report["trial"]:
            equal((trial["mapped"], trial["error"]["code"]), (False, "timed-out"))
            equal(trial["error"]["message"], "No answer to the trial mapping in 0.5 s")


@test
def verdict_one_transport():
    with Router("tcp-only") as router:
        ends_with(router.plumctl("doctor"), "one-transport")
        equal(router.table(), [])


@test
def verdict_left_behind():
    with Router("sticky") as router:
        ends_with(router.plumctl("doctor"), "left-behind")
        equal(len(router.table()), 2)


@test
def verdict_double_nat():
    with FakeGateway(speaks="natpmp", external="192.168.1.20") as gateway:
        report = both(gateway, "double-nat", backend="natpmp")
        equal(report["gateways"][0]["external_scope"], "private")
        equal([trial["mapped"] for trial in report["trial"]], [True, True])


@test
def verdict_double_nat_by_upnp():
    with UpnpRouter("external-address=10.0.0.5") as router:
        both(router, "double-nat")
        equal(router.table(), [])


@test
def verdict_double_nat_refused_by_upnp():
    """It tells its private address, and gives no reason but that for refusing."""
    with UpnpRouter("external-address=10.0.0.5", "add-fault=501") as router:
        report = both(router, "double-nat")
        equal([trial["mapped"] for trial in report["trial"]], [False, False])
        equal({trial["error"]["code"] for trial in report["trial"]}, {"no-resources"})


@test
def verdict_double_nat_between():
    """The router sees that packets have been translated on their way to it; nobody knows where."""
    with FakeGateway(result=12) as gateway:
        report = json.loads(doctor(gateway, "--json", backend="pcp").stdout)
        equal((report["verdict"], report["exit_code"]), ("double-nat", 30))
        contains(report["sentence"], "Another router stands between this computer and "
                 + gateway.address)
        equal([(router["role"], router["address"]) for router in report["routers"]],
              [("between", None), ("asked", gateway.address)])
        contains(doctor(gateway, backend="pcp").stdout,
                 "\nrouter         one whose address is unknown\n"
                 "second router  %s, its outer address is unknown\n" % gateway.address)


@test
def nobody_looks_beyond_this_host():
    """A router on loopback stands nowhere: no datagram leaves to find out."""
    with FakeGateway(speaks="natpmp", external="10.0.0.5") as gateway:
        report = both(gateway, "double-nat", backend="natpmp")
        equal(report["routers"], [])
        equal([event for event in report["gateways"][0]["exchange"]
               if event["backend"] == "path"], [])


@test
def verdict_cgnat():
    with FakeGateway(speaks="natpmp", external="100.64.3.4") as gateway:
        report = both(gateway, "cgnat", backend="natpmp")
        equal(report["gateways"][0]["external_scope"], "cgnat")


@test
def verdict_no_address():
    with UpnpRouter("external-address=0.0.0.0") as router:
        both(router, "no-address")


# How it is told


@test
def doctor_by_pcp():
    with FakeGateway() as gateway:
        report_of(doctor(gateway, "--json", backend="pcp"), "works")
        equal(gateway.table, {})


@test
def doctor_reads_the_table_back():
    with Router() as router:
        report = json.loads(router.plumctl("doctor", "--json").stdout)
        equal(report["verdict"], "works")
        equal([(trial["table_after_map"], trial["table_after_remove"])
               for trial in report["trial"]], [("there", "gone")] * 2)


@test
def doctor_note_cannot_drive_the_terminal():
    with Router() as router:
        result = router.plumctl("doctor", "--no-map")
        contains(result.stdout, "taken: ?[31mfake?[0m router")


@test
def doctor_record():
    with FakeGateway(speaks="natpmp", external="81.169.1.22") as gateway, \
         tempfile.TemporaryDirectory() as folder:
        report_of(doctor(gateway, "--json", "--record", folder, backend="natpmp"), "works")
        with open(os.path.join(folder, "index.tsv")) as file:
            head, *rows = [line.rstrip("\n").split("\t") for line in file]
        equal(head, ["file", "ms", "backend", "direction", "peer", "port", "note"])
        files = {row[0] for row in rows if row[0]}
        equal(files | {"index.tsv", "report.json"}, set(os.listdir(folder)))
        data = b""
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                data += file.read()
        assert bytes([81, 169, 1, 22]) not in data, "the address is not masked in a packet"
        assert b"81.169.1.22" not in data, "the address is not masked in a text"
        contains(data, bytes([1, 2, 130, 140]))
        contains(data, b"1.2.130.140")


@test
def doctor_record_where_nothing_can_be_written():
    """Said before anything is sent, and no run is wasted."""
    with FakeGateway(speaks="natpmp") as gateway, tempfile.NamedTemporaryFile() as file:
        for folder, reason in ((file.name + "/below", "cannot be made: Not a directory"),
                               ("/proc/self", "No such file or directory")):
            result = doctor(gateway, "--record", folder, backend="natpmp")
            equal((result.returncode, result.stdout), (2, ""))
            assert result.stderr.startswith("plumctl: --record: "), result.stderr
            contains(result.stderr, folder)
            contains(result.stderr, reason)


@test
def doctor_record_masks_what_upnp_says():
    with UpnpRouter("external-address=81.169.1.22") as router, \
         tempfile.TemporaryDirectory() as folder:
        doctor(router, "--record", folder)
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                assert b"81.169.1.22" not in file.read(), name


def members(value):
    """The name of every member in an object, however deep."""
    if isinstance(value, dict):
        return set(value).union(*map(members, value.values()))
    return set().union(*map(members, value)) if isinstance(value, list) else set()


@test
def json_is_documented():
    """Each member of every command's JSON is on its page."""
    with open(os.path.join(DOCS, "plumctl-json.md")) as file:
        page = file.read()
    with UpnpRouter() as router, FakeGateway() as gateway, FakeGateway(result=12) as beyond:
        where = ["--gateway", router.address, "--backend", "upnp", "--json"]
        by_pcp = ["--gateway", gateway.address, "--backend", "pcp", "--json"]
        answers = [plumctl("map", "--once", *where, "tcp:80"), plumctl("list", *where),
                   plumctl("unmap", *where, "tcp:80"), plumctl("status", *where), plumctl("external", *where),
                   plumctl("doctor", *where), plumctl("doctor", *by_pcp),
                   plumctl("doctor", "--gateway", beyond.address, "--backend", "pcp", "--json"),
                   plumctl("map", "--once", *by_pcp, "tcp:80"), plumctl("backends", "--json")]
    for answer in answers:
        seen = members([json.loads(line) for line in answer.stdout.splitlines()])
        assert seen, answer.args
        equal({name for name in seen
               if '"%s":' % name not in page and "`%s`" % name not in page}, set())


# Recordings: what `plumctl doctor --record` wrote at a router is a folder in recordings/, and thus a
# test. The router that is made of it must be told the same.

def play(folder):
    with RecordedGateway(folder) as gateway:
        then = gateway.report
        now = report_of(doctor(gateway, "--json"), verdict_alone(then))
        for member in ("sentence", "next_step", "exit_code"):
            if not then.get("routers"):
                equal(now[member], then[member])
        equal(outcomes(now), outcomes(then))
        equal([trial["mapped"] for trial in now["trial"]],
              [trial["mapped"] for trial in then["trial"]])
        equal([trial["left_behind"] for trial in now["trial"]],
              [trial["left_behind"] for trial in then["trial"]])


def verdict_alone(report):
    """That of the router without the second one, which is not played: who refuses because of it, and
    does not tell its own address, seems to have no connection."""
    untold = [router["role"] == "asked" and router["external_address"] is None
              for router in report.get("routers", [])]
    return "not-connected" if untold[:1] == [True] else report["verdict"]


def outcomes(report):
    """Without "direct": on loopback the gateway has to be named, and that switches it off."""
    return {probe["name"]: probe["outcome"] for probe in report["gateways"][0]["probes"]
            if probe["name"] != "direct"}


for recording in sorted(os.listdir(RECORDINGS)):
    def play_recording(folder=os.path.join(RECORDINGS, recording)):
        play(folder)

    play_recording.__name__ = "recording_" + recording.replace("-", "_")
    test(play_recording)


@test
def recording_is_played_as_it_is_written():
    """From a router to a folder to a router to a folder: nothing is lost on the way."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = os.path.join(folder, "1"), os.path.join(folder, "2")
        with UpnpRouter() as router:
            report_of(doctor(router, "--json", "--record", first), "works")
        with RecordedGateway(first) as gateway:
            report_of(doctor(gateway, "--json", "--record", second), "works")
        said = [[(event.backend, event.direction) for event in RecordedGateway(place).events()
                 if not event.is_ssdp()] for place in (first, second)]
        equal(said[0], said[1])


sys.exit(main("plumctl-doctor"))
