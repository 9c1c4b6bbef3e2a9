#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Tests "plumctl unmap" and "plumctl list" with what killed processes have recorded. See harness.py."""

import os
import signal
import struct
import sys
import time

sys.dont_write_bytecode = True

import harness
from fake_gateway import FakeGateway
from harness import (DEADLINE, Router, UpnpRouter, beside_a_firewall, common, contains, equal,
                     events, main, plumctl, start, test)

# A router of IPv4 that refuses all requests, or answers none.
REFUSING = """
ip address add 192.168.1.5/24 dev lan0
ip route add default via 192.168.1.1
"""
SILENT = REFUSING.replace("192.168.1.1", "192.168.1.2")


def map_and_kill(*arguments, n=1, **extra):
    """Maps n ports and kills the process, so that the ports stay mapped and recorded."""
    process = start("map", *arguments, **extra)
    try:
        for _ in range(n):
            line = " "
            while "→" not in line:
                line = process.stdout.readline()
                assert line, process.stderr.read()
    finally:
        process.kill()
        process.communicate()


def records():
    """The files with records of the killed processes."""
    folder = os.path.join(harness.local.state, "plumctl")
    return [name for name in os.listdir(folder) if not name.endswith(".lock")]


class Deaf(FakeGateway):
    """Answers no deletes of some ports, and logs all."""

    def __init__(self, *deaf_ports, **arguments):
        super().__init__(**arguments)
        self.deaf_ports = deaf_ports
        self.deletes = []  # (port, time)

    def _answer_pcp_map(self, request):
        (port,) = struct.unpack_from("!H", request, 40)
        if request[4:8] == bytes(4):
            self.deletes.append((port, time.monotonic()))
            if port in self.deaf_ports:
                return None
        return super()._answer_pcp_map(request)

    def deleted_ports(self):
        return {port for port, _ in self.deletes}


# What unmap removes

@test
def unmap_leaves_what_it_is_not_asked_for():
    with Deaf() as gateway:
        map_and_kill(*common(gateway), "tcp:8080", "tcp:9090", n=2)
        result = plumctl("unmap", *common(gateway), "tcp:8080")
        equal((result.returncode, result.stdout), (0, "tcp:8080 removed\n"))
        equal((list(gateway.table), gateway.deleted_ports()), ([("tcp", 9090)], {8080}))

        # The record of the other one stays, with the key that PCP needs.
        (entry,) = events(plumctl("list", "--json", *common(gateway)).stdout)
        equal(entry["internal_port"], 9090)
        result = plumctl("unmap", *common(gateway), "tcp:9090")
        equal((result.returncode, result.stdout), (0, "tcp:9090 removed\n"))
        equal((gateway.table, records()), ({}, []))


@test
def unmap_of_nothing_leaves_what_is_recorded():
    with Deaf() as gateway:
        map_and_kill(*common(gateway), "tcp:9090")
        for arguments in (["tcp:8080"], ["--for", "192.168.1.50", "tcp:9090"]):
            plumctl("unmap", *common(gateway), *arguments)
            equal((list(gateway.table), 9090 in gateway.deleted_ports()), ([("tcp", 9090)], False))


@test
def unmap_interrupted_leaves_what_it_is_not_asked_for():
    with Deaf(8080) as gateway:
        map_and_kill(*common(gateway), "tcp:8080", "tcp:9090", n=2)
        process = start("unmap", *common(gateway), "tcp:8080")
        try:
            with gateway.changed:
                assert gateway.changed.wait_for(lambda: gateway.deletes, DEADLINE)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
        equal((process.returncode, out), (1, ""))
        equal(gateway.deleted_ports(), {8080})
        equal(sorted(entry["internal_port"] for entry in
                     events(plumctl("list", "--json", *common(gateway)).stdout)), [8080, 9090])


@test
def unmap_keeps_the_record_of_what_is_not_confirmed():
    with Deaf(8080) as gateway:
        map_and_kill(*common(gateway), "tcp:8080", "tcp:9090", n=2)
        equal(plumctl("unmap", *common(gateway), "--all-mine").returncode, 5)
        (entry,) = events(plumctl("list", "--json", *common(gateway)).stdout)
        equal(entry["internal_port"], 8080)


@test
def unmap_of_a_mapping_with_another_key():
    """Another program has mapped the port since the record was made: the port is still open."""
    with FakeGateway() as gateway:
        map_and_kill(*common(gateway), "tcp:8080")
        gateway.table["tcp", 8080] = (8080, b"another  key")
        result = plumctl("unmap", *common(gateway), "tcp:8080")
        equal((result.returncode, result.stdout), (1, ""))
        contains(result.stderr, "plumctl: tcp:8080: not removed: PCP: ")
        contains(result.stderr, "answered NOT_AUTHORIZED (2) to the deletion of TCP port 8080: the "
                                "mapping was made with a key that is not known here")
        equal(list(gateway.table), [("tcp", 8080)])
        equal(records(), [])


# How long unmap takes

@test
def unmap_asks_for_several_ports_at_once():
    with Deaf(8080, 8081, 8082) as gateway:
        map_and_kill(*common(gateway), "tcp:8080-8082", n=3)
        result = plumctl("unmap", *common(gateway), "tcp:8080-8082")
        equal((result.returncode, result.stdout), (5, ""))
        equal(len(result.stderr.splitlines()), 3)
        first = {}
        for port, when in gateway.deletes:
            first.setdefault(port, when)
        equal(set(first), {8080, 8081, 8082})
        spread = max(first.values()) - min(first.values())
        # One after the other, the second one waits until the first one has failed.
        assert spread < 1, "%.1f s between the first deletes" % spread


@test
def unmap_of_more_ports_than_it_asks_for_at_once():
    with Deaf() as gateway:
        map_and_kill(*common(gateway), "tcp:8000-8039", n=40)
        result = plumctl("unmap", *common(gateway), "tcp:8000-8039")
        equal(result.returncode, 0)
        equal(sorted(result.stdout.splitlines()),
              ["tcp:%d removed" % port for port in range(8000, 8040)])
        equal((gateway.table, records()), ({}, []))


@test
def unmap_has_a_time_limit():
    with Deaf(*range(8000, 8040)) as gateway:
        map_and_kill(*common(gateway), "tcp:8000-8039", n=40)
        began = time.monotonic()
        result = plumctl("unmap", "--json", "--timeout", "1", *common(gateway), "tcp:8000-8039")
        assert time.monotonic() - began < 25, "it took %.1f s" % (time.monotonic() - began)
        lines = events(result.stdout)
        equal(sorted(line["internal_port"] for line in lines), list(range(8000, 8040)))
        for line in lines:
            equal((line["event"], line["message"]), ("not-removed", "no answer within 1 s"))
        # What the router was asked for may be there; the others certainly are.
        asked = {line["internal_port"] for line in lines if line["outcome"] == "not-confirmed"}
        equal((asked, {line["outcome"] for line in lines}),
              (gateway.deleted_ports(), {"not-confirmed", "no-router"}))
        equal(result.returncode, 3)


@test
def unmap_does_not_wait_for_a_table_without_end():
    """Half of the time limit is left for the ports themselves."""
    with Router() as router:
        map_and_kill("--gateway", "127.0.0.9", "--backend", "fake", "tcp:8080",
                     PLUM_FAKE_TABLE=router.path)
        result = router.plumctl("unmap", "--timeout=2", "tcp:8080", fault="slow-table")
        equal((result.returncode, result.stdout), (0, "listing\ntcp:8080 removed\n"))
        equal(router.table(), [])
        result = router.plumctl("unmap", "--timeout=2", "--all-mine", fault="slow-table")
        equal((result.returncode, result.stdout), (1, "listing\n"))
        contains(result.stderr, "cannot be listed: no answer within 1 s\n")


@test
def unmap_prints_each_line_when_it_is_decided():
    with Deaf(8080) as gateway:
        map_and_kill(*common(gateway), "tcp:8080", "tcp:8081", n=2)
        process = start("unmap", *common(gateway), "tcp:8080", "tcp:8081")
        try:
            equal(process.stdout.readline(), "tcp:8081 removed\n")
            n = len(gateway.deletes)
            _, err = process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
        contains(err, "tcp:8080: the router did not confirm the removal")
        equal(process.returncode, 5)
        # The other port was asked for again after the line.
        assert len(gateway.deletes) > n, gateway.deletes


@test
def unmap_does_not_ask_twice_for_an_entry():
    """The entry that the router lists is the recorded one, of which it confirmed no removal."""
    with Router() as router:
        map_and_kill("--gateway", "127.0.0.9", "--backend", "fake", "tcp:8080",
                     PLUM_FAKE_TABLE=router.path)
        result = router.plumctl("unmap", "tcp:8080", fault="slow-and-deaf")
        equal((result.returncode, result.stdout), (5, ""))
        contains(result.stderr, "no answer to the delete")
        equal(router.table(), ["tcp 8080"])


# What list shows

@test
def list_shows_records_if_the_router_cannot_list():
    for protocol in "pcp", "natpmp":
        with FakeGateway(protocol=protocol) as gateway:
            map_and_kill(*common(gateway, protocol), "tcp:8080:6000")
            result = plumctl("list", *common(gateway, protocol))
            equal(result.returncode, 1)
            assert result.stdout.startswith("* tcp  6000 → 127.0.0.1:8080 for "), result.stdout
            assert result.stdout.endswith(" (recorded)\n"), result.stdout
            contains(result.stderr, "cannot list the mappings of the router: only UPnP can")
            (entry,) = events(plumctl("list", "--json", *common(gateway, protocol)).stdout)
            assert 0 < entry.pop("lifetime") <= 7200
            equal(entry, {"event": "entry", "family": "ipv4", "protocol": "tcp",
                          "external_port": 6000, "internal_address": "127.0.0.1",
                          "internal_port": 8080, "description": None, "enabled": True,
                          "ours": True, "made_here": False, "remote_host": None,
                          "readable": True, "internal_port_text": None,
                          "internal_address_text": None, "problem": None,
                          "gateway": gateway.address, "recorded": True})


@test
def list_shows_records_of_a_router_that_is_silent():
    with FakeGateway() as gateway:
        map_and_kill(*common(gateway), "tcp:8080")
        gateway.silent = True
        result = plumctl("list", *common(gateway))
        equal(result.returncode, 3)
        contains(result.stdout, "* tcp  8080 → 127.0.0.1:8080 for ")
        contains(result.stderr, "no router answered")


@test
def list_shows_no_record_twice():
    """What the router lists is not listed from the records."""
    with UpnpRouter() as router:
        map_and_kill(*common(router, "upnp"), "tcp:8080")
        (entry,) = events(plumctl("list", "--json", *common(router, "upnp")).stdout)
        equal((entry["ours"], entry["recorded"]), (True, False))


# The IPv6 firewall, without a router that maps IPv4 ports

@test
def list_shows_pinholes_without_ipv4():
    for routes, exit_code in ("", 0), (REFUSING, 3):
        (text, json_text) = beside_a_firewall(routes, ["tcp:8080"], [["list"], ["list", "--json"],
                                                                     ["unmap", "--all-mine"]])[:2]
        equal(text[0], exit_code)
        assert text[1].startswith("* tcp  8080 → [2a02:8070:1::5]:8080 for "), text
        (event,) = events(json_text[1])
        equal((event["event"], event["internal_port"], event["ours"]), ("pinhole", 8080, True))
        equal("plumctl: " in text[2], exit_code == 3)


@test
def unmap_closes_pinholes_without_ipv4():
    for routes in "", REFUSING:
        for arguments in (["--all-mine"], ["tcp:8080", "tcp:9090"]):
            (unmapped, listed) = beside_a_firewall(routes, ["tcp:8080", "tcp:9090"],
                                                   [["unmap", *arguments], ["list"]])
            equal((unmapped[0], sorted(unmapped[1].splitlines()), unmapped[2]),
                  (0, ["tcp:8080 (IPv6) removed", "tcp:9090 (IPv6) removed"], ""))
            equal((listed[1], records()), ("", []))


@test
def unmap_closes_a_pinhole_beside_a_silent_router():
    (unmapped,) = beside_a_firewall(SILENT, ["tcp:8080"], [["unmap", "tcp:8080"]])
    equal(unmapped, [0, "tcp:8080 (IPv6) removed\n", ""])
    equal(records(), [])


@test
def unmap_leaves_other_pinholes():
    for routes in "", REFUSING:
        (unmapped, listed) = beside_a_firewall(routes, ["tcp:8080", "tcp:9090"],
                                               [["unmap", "tcp:8080"], ["list"],
                                                ["unmap", "--all-mine"]])[:2]
        equal(unmapped[1:], ["tcp:8080 (IPv6) removed\n", ""])
        contains(listed[1], "[2a02:8070:1::5]:9090")
        equal(len(listed[1].splitlines()), 1)


@test
def unmap_without_any_record_reports_that_no_router_answers():
    for routes in "", REFUSING:
        for arguments in (["--all-mine"], ["tcp:8080"]):
            ((exit_code, out, err),) = beside_a_firewall(routes, [], [["unmap", *arguments]])
            equal((exit_code, out), (3, ""))
            assert err.startswith("plumctl: "), err


FIREWALL_NOT_LISTED = "the ports of the IPv6 firewall cannot be listed, and none is recorded\n"


@test
def unmap_all_mine_of_the_firewall():
    """Other programs may have opened ports that are not recorded."""
    for options in (["--family", "6"], ["--gateway", "2a02:8070:1::1"],
                    ["--family", "6", "--json"]):
        (unmapped, again) = beside_a_firewall("", ["tcp:8080"], [["unmap", "--all-mine", *options]] * 2)
        equal((unmapped[0], unmapped[1].count("\n"), unmapped[2]), (0, 1, ""))
        equal(again[:2], [1, ""])
        contains(again[2], FIREWALL_NOT_LISTED)
        contains(again[2], "plumctl unmap --family 6 tcp:8080\n")


@test
def unmap_all_mine_of_both_families():
    with Router() as router:
        result = router.plumctl("unmap", "--all-mine", "--family", "both")
        equal((result.returncode, result.stdout), (1, ""))
        contains(result.stderr, FIREWALL_NOT_LISTED)
        equal(router.plumctl("map", "--once", "tcp:8080").returncode, 0)
        result = router.plumctl("unmap", "--all-mine", "--family", "both")
        equal((result.returncode, result.stdout, result.stderr), (0, "tcp:8080 removed\n", ""))


@test
def unmap_all_mine_of_both_families_without_ipv4():
    ((exit_code, out, err),) = beside_a_firewall(REFUSING, [],
                                                 [["unmap", "--all-mine", "--family", "both"]])
    equal((exit_code, out), (3, ""))
    assert err.startswith("plumctl: "), err


@test
def unmap_of_both_families_reports_both():
    """Named by the user, a router that does not answer is a failure."""
    ((exit_code, out, err),) = beside_a_firewall(REFUSING, ["tcp:8080"],
                                                 [["unmap", "--family", "both", "tcp:8080"]])
    equal((exit_code, out), (3, "tcp:8080 (IPv6) removed\n"))
    contains(err, "tcp:8080: not removed: ")


@test
def map_without_ipv4_names_the_firewall():
    (mapped, ran, other) = beside_a_firewall("", [], [["map", "tcp:8080"],
                                                      ["run", "tcp:8080", "--", "true"],
                                                      ["map", "--once", "--family", "6",
                                                       "tcp:8080"]])
    equal((mapped[:2], ran[:2], other[0]), ([3, ""], [3, ""], 0))
    contains(mapped[2], "use --family 6.")
    contains(ran[2], "use --local-address 2a02:8070:1::5.")
    # Without IPv6, it is of no use.
    result = harness.without_network("map", "tcp:8080")
    equal((result.returncode, len(result.stderr.splitlines())), (3, 1))


@test
def map_of_both_families_names_the_family():
    address = "2a02:8070:1::5"
    (mapped, both, one) = beside_a_firewall(
        REFUSING, [], [["map", "--once", "--family", "both", "tcp:8080"],
                       ["map", "--once", "--family", "both", "--json", "tcp:8080"],
                       ["map", "--once", "--local-address", address, "--json", "tcp:8080"]])
    equal(mapped[:2], [3, "tcp:8080 pending\n"
                          "tcp:8080 (IPv6) pending\n"
                          "tcp:8080 → [%s]:8080 by PCP, for 7200 s\n"
                          "tcp:8080 (IPv6) being removed\n"
                          "tcp:8080 (IPv6) removed\n" % address])
    contains(mapped[2], "plumctl: tcp:8080: ")
    found = {(event["family"], event["local_address"], event["state"]) for event in events(both[1])}
    assert {("ipv4", None, "failure"), ("ipv6", None, "success")} <= found, found
    equal({(event["family"], event["local_address"]) for event in events(one[1])},
          {("ipv6", address)})


@test
def monitor_without_ipv4():
    (done,) = beside_a_firewall("", [], [["monitor", "--json", "--backend", "pcp"]])
    found = {event["event"]: event for event in events(done[1])}
    equal((done[0], done[2]), (0, ""))
    equal(found["gateway"]["gateway"], "2a02:8070:1::1")
    equal(found["backend"]["text"], "PCP")


sys.exit(main("plumctl-records"))
