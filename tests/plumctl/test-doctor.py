# SPDX-License-Identifier: LGPL-2.1-or-later

"""plumctl doctor, with every kind of router and with recordings of real routers.

Usage: see harness.py.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

from fake_gateway import FakeGateway, free_address
from harness import (DEADLINE, DescribedRouter, Router, UpnpRouter, beside_a_router, contains, equal,
                     in_own_network, main, need_backend, plumctl, start, test, usage_error,
                     without_network)
from recorded_gateway import RecordedGateway

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs")
RECORDINGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recordings")


SENTENCES = {
    "works": (0, "Port mapping works."),
    "ready": (0, "The router offers port mapping; no trial mapping was made."),
    "public-host": (0, "This computer has a public address: port mapping is not needed."),
    "permanent-only": (0, "Port mapping works, but the router supports only permanent leases."),
    "no-gateway": (3, "This computer has no default route, so no router was found."),
    "silent": (10, "The router does not answer any protocol."),
    "switched-off": (11, "The router refuses requests of PCP and NAT-PMP and does not answer those "
                         "of UPnP: port mapping is disabled or not supported."),
    "not-a-gateway": (12, "Other devices answered, but none of them is a router that maps "
                          "ports."),
    "wrong-address": (13, "The answer came from an address other than the gateway's, and was "
                          "ignored."),
    "not-connected": (14, "The router answers, but it has no internet connection or no public "
                          "address."),
    "cannot-map": (15, "The router answers, but offers no usable port mapping service."),
    "refused": (20, "The router's policy refuses the mapping."),
    "table-full": (21, "The router's mapping table is full, or it has no internet connection at "
                       "present."),
    "port-taken": (22, "The router reports that another device uses the port."),
    "trial-failed": (23, "The router answers, but the trial mapping failed."),
    "one-transport": (24, "The router mapped only one of TCP and UDP."),
    "left-behind": (25, "The trial mapping could not be removed."),
    "missing": (26, "The router reports success, but the mapping is not in its table."),
    "double-nat": (30, "The router's external address is private: it is behind a second router."),
    "cgnat": (31, "The provider shares one public address among several customers (CGNAT)."),
    "no-address": (32, "The router maps ports, but did not report a public address."),
    "nat-beyond": (33, "Another NAT is beyond the router: the internet sees another address than the "
                       "router reports."),
    "not-reached": (34, "Packets from the internet do not reach the port, although the router maps it."),
}


def ends_with(result, verdict):
    """The text for people and the exit status match."""
    exit_code, sentence = SENTENCES[verdict]
    lines = result.stdout.splitlines()
    equal(lines[-2], "verdict: " + sentence)
    assert lines[-1].startswith("next step: "), lines[-1]
    equal(result.returncode, exit_code)


def report_of(result, verdict):
    (line,) = result.stdout.splitlines()
    report = json.loads(line)
    exit_code, sentence = SENTENCES[verdict]
    equal((report["verdict"], report["sentence"]), (verdict, sentence))
    equal((report["exit_code"], result.returncode), (exit_code, exit_code))
    assert report["next_step"].endswith(".")
    return report


def arguments_of(gateway, *arguments, backend=None):
    backends = [backend] if backend is not None else ["pcp", "natpmp", "upnp"]
    for name in backends:
        need_backend(name)
    return ["doctor", "--gateway", gateway.address, "--backend", ",".join(backends), *arguments]


def doctor(gateway, *arguments, backend=None):
    return plumctl(*arguments_of(gateway, *arguments, backend=backend))


def both(gateway, verdict, *arguments, backend=None):
    """Checks the text output, then the JSON output."""
    ends_with(doctor(gateway, *arguments, backend=backend), verdict)
    return report_of(doctor(gateway, "--json", *arguments, backend=backend), verdict)


def both_at_once(gateway, verdict, *, backend=None):
    """Runs both at the same time, for a router that answers slowly and maps nothing."""
    with start(*arguments_of(gateway, backend=backend)) as process:
        report = report_of(doctor(gateway, "--json", backend=backend), verdict)
        out, err = process.communicate(timeout=DEADLINE)
    ends_with(subprocess.CompletedProcess(process.args, process.returncode, out, err), verdict)
    return report


# The verdicts, with every available backend

@test
def verdict_works():
    with FakeGateway(protocol="natpmp") as gateway:
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
def stun_cannot_be_asked():
    """The reason is reported; the verdict is that of the router's answers."""
    reason = "the STUN server “[::1]:3478” has no IPv4 address"
    with FakeGateway(protocol="natpmp") as gateway:
        report = both(gateway, "works", "--stun", "[::1]:3478", backend="natpmp")
        equal((report["stun"]["open_to_strangers"], report["stun"]["reason"]), (None, reason))
        notes = [event["note"] for event in report["gateways"][0]["exchange"]
                 if event["backend"] == "stun"]
        equal(notes, [reason])
        contains(doctor(gateway, "--stun", "[::1]:3478", backend="natpmp").stdout,
                 "the view from outside is unknown: " + reason)
        equal(gateway.table, {})


@test
def stun_without_a_mapping():
    with FakeGateway(result=2) as gateway:
        report = json.loads(doctor(gateway, "--json", "--stun", "[::1]:3478", backend="pcp").stdout)
        equal(report["stun"]["reason"], "no UDP port is mapped")


@test
def hairpin_is_not_tried_on_loopback():
    """From a router on this computer, no connection leads to the internet."""
    with FakeGateway(protocol="natpmp") as gateway:
        result = doctor(gateway, backend="natpmp")
        assert "a connection to it" not in result.stdout, result.stdout


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


def real(run, script, command, *arguments):
    """Runs a command with the backends of this library only."""
    for name in ("pcp", "natpmp", "upnp", "direct"):
        need_backend(name)
    return run(script, command, "--backend", "pcp,natpmp,upnp,direct", *arguments)


# A default route without a next hop. TUNNEL is like WireGuard; some machines have no tun device.
TUNNEL = """
ip link set lo up
ip tuntap add wg0 mode tun 2>/dev/null || ip link add wg0 type veth peer name wg1
ip link set wg0 up
ip link set wg1 up 2>/dev/null
ip address add 10.2.0.2/32 dev wg0
ip route add default dev wg0
"""
TUNNEL6 = TUNNEL + """
ip address add 2a02:1::2/128 dev wg0 nodad
ip -6 route add default dev wg0
"""
RUN = '\nexec "$@"'
NO_NEXT_HOP = ("No router is on the path to the internet: the route through wg0 has no next hop "
               "(a VPN, a mobile network or a dial-up connection).")


@test
def verdict_no_next_hop():
    """No router was asked, so nothing is said about it."""
    result = real(in_own_network, TUNNEL + RUN, "doctor")
    equal(result.returncode, 16)
    contains(result.stdout, "verdict: " + NO_NEXT_HOP)
    contains(result.stdout, "next step: Specify the server of the VPN with --gateway ADDRESS, or "
                            "the router of another network with --interface NAME.")
    contains(result.stdout, "  PCP: not asked: a point-to-point link has no gateway\n")
    assert "firmware" not in result.stdout and "answers" not in result.stdout, result.stdout
    report = json.loads(real(in_own_network, TUNNEL + RUN, "doctor", "--json").stdout)
    equal((report["verdict"], report["exit_code"]), ("no-next-hop", 16))
    (gateway,) = report["gateways"]
    equal((gateway["address"], gateway["exchange"], report["trial"]), (None, [], []))


@test
def no_next_hop_of_both_families():
    report = json.loads(real(in_own_network, TUNNEL6 + RUN, "doctor", "--json").stdout)
    equal([(family["family"], family["verdict"]) for family in report["families"]],
          [(4, "no-next-hop"), (6, "no-next-hop")])


@test
def no_next_hop_in_other_commands():
    """Each command reports that there is no router to ask."""
    for command in (["status"], ["external"], ["list"], ["map", "--once", "tcp:80"],
                    ["run", "tcp:80", "--", "true"]):
        result = real(in_own_network, TUNNEL + RUN, *command)
        equal(result.returncode, 3)
        contains(result.stderr, "No router is on the path to the internet")
        contains(result.stderr, "--gateway ADDRESS")
        contains(result.stderr, "--interface NAME")
    result = real(in_own_network, TUNNEL + RUN, "map", "--once", "--json", "tcp:80")
    last = [json.loads(line) for line in result.stdout.splitlines()
            if json.loads(line)["state"] == "failure"][-1]
    equal(last["error"]["code"], "no-gateway")


@test
def no_next_hop_beside_a_router():
    """The next step names the interface whose router works."""
    routes = ("ip tuntap add wg0 mode tun 2>/dev/null || ip link add wg0 type veth peer name wg1\n"
              "ip link set wg0 up\nip address add 10.2.0.2/32 dev wg0\n"
              "ip route add default dev wg0 metric 10\n"
              "ip route add default via 192.168.7.1 dev lan0 metric 100")
    for command in ("doctor", "status"):
        result = real(beside_a_router, routes, command)
        contains(result.stdout + result.stderr,
                 "or use the router 192.168.7.1, which maps ports, with --interface lan0.")


@test
def verdict_other_gateway():
    """The router of the default route is silent; that of another interface maps ports."""
    routes = ("ip link add virbr0 type veth peer name v0\nip link set v0 up\n"
              "ip link set virbr0 up\nip address add 10.9.0.5/24 dev virbr0\n"
              "ip route add default via 10.9.0.1 dev virbr0 metric 10\n"
              "ip route add default via 192.168.7.1 dev lan0 metric 100")
    sentence = ("The router of the default route, 10.9.0.1 on virbr0, maps no ports, but that of "
                "another network, 192.168.7.1 on lan0, does.")
    step = "Use the other router with --interface lan0 or --gateway 192.168.7.1."

    result = real(beside_a_router, routes, "doctor", "--json")
    report = json.loads(result.stdout)
    equal((report["verdict"], report["sentence"], report["next_step"], result.returncode),
          ("other-gateway", sentence, step, 17))
    equal([gateway["chosen_by"] for gateway in report["gateways"]],
          ["default-route", "other-network"])
    for command in (["status"], ["map", "--once", "tcp:80"], ["external"]):
        result = real(beside_a_router, routes, *command)
        equal(result.returncode, 3)
        contains(result.stderr, sentence)
        contains(result.stderr, step)
        assert "no router answered" not in result.stderr, result.stderr
    ends_with(real(beside_a_router, routes, "doctor", "--interface", "lan0"), "works")


# The address families

IPV6 = """
ip link set lo up
ip link add eth0 type veth peer name eth1
ip link set eth0 up
ip link set eth1 up
ip address add 2a02:8070:1::5/64 dev eth0 nodad
ip -6 route add default via fe80::1 dev eth0
"""
BOTH = IPV6 + """
ip address add 192.168.1.5/24 dev eth0
ip route add default via 192.168.1.1
"""


@test
def only_ipv6():
    result = real(in_own_network, IPV6 + RUN, "doctor", "--json")
    report = json.loads(result.stdout)
    equal((report["verdict"], result.returncode, report["error"]), ("silent", 10, None))
    equal([(family["family"], family["verdict"]) for family in report["families"]],
          [(6, "silent")])
    contains(report["next_step"], "IPv6 firewall")
    (gateway,) = report["gateways"]
    equal((gateway["family"], gateway["address"]), (6, "fe80::1"))
    for command in ("status", "external"):
        result = real(in_own_network, IPV6 + RUN, command)
        equal(result.returncode, 3)
        contains(result.stderr, "no router answered")
    contains(real(in_own_network, IPV6 + RUN, "status").stdout, "local     2a02:8070:1::5\n")


def map_error(setup, backends):
    """The exit status of "map", and the error of the failed mapping."""
    result = in_own_network(setup + RUN, "map", "--backend", backends, "--family", "6", "--json",
                            "tcp:8080")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    (error,) = [event["error"] for event in events if event["state"] == "failure"]
    return result.returncode, error


@test
def ipv6_without_a_public_address():
    """The router is not blamed for it, nor the protocol of the highest priority."""
    link_local = IPV6.replace("ip address add 2a02:8070:1::5/64 dev eth0 nodad\n", "sleep 2\n")
    unique_local = IPV6.replace("2a02:8070:1::5", "fd00::5")
    for setup, kind, backends in ((link_local, "link-local", "pcp,natpmp,upnp,direct"),
                                  (unique_local, "unique local", "upnp")):
        report = json.loads(real(in_own_network, setup + RUN, "doctor", "--json").stdout)
        equal((report["verdict"], report["exit_code"]), ("no-public-ipv6", 18))
        exit_code, error = map_error(setup, backends)
        equal(exit_code, 3)
        reason = f"This host has only a {kind} IPv6 address, which is not reachable from the internet"
        equal((error["code"], error["message"], error["summary"]),
              ("no-backend", reason, reason + "."))


@test
def no_protocol_can_be_used():
    need_backend("natpmp")
    result = in_own_network(IPV6 + RUN, "doctor", "--json", "--backend", "natpmp")
    equal((json.loads(result.stdout)["verdict"], result.returncode), ("not-asked", 19))
    _, error = map_error(IPV6, "natpmp")
    equal(error["summary"], "NAT-PMP: only IPv4 is supported.")


@test
def both_families():
    with_option = {}
    for family in ("4", "6", "both"):
        result = real(in_own_network, BOTH + RUN, "doctor", "--json", "--family", family)
        report = json.loads(result.stdout)
        equal((report["verdict"], result.returncode), ("silent", 10))
        with_option[family] = [gateway["address"] for gateway in report["gateways"]]
    equal(with_option, {"4": ["192.168.1.1"], "6": ["fe80::1"],
                        "both": ["192.168.1.1", "fe80::1"]})
    text = real(in_own_network, BOTH + RUN, "doctor").stdout
    contains(text, "\nIPv6 verdict: The router does not answer any protocol.\nIPv6 next step: ")
    contains(text, "\nverdict: The router does not answer any protocol.\nnext step: ")


@test
def pending_probe_has_no_time():
    """The first protocol that maps ports is enough."""
    need_backend("pcp")
    need_backend("upnp")
    with FakeGateway() as gateway:
        where = ["--no-map", "--gateway", gateway.address, "--backend", "pcp,upnp"]
        contains(plumctl("doctor", *where).stdout, "  UPnP: pending\n")
        report = json.loads(plumctl("doctor", "--json", *where).stdout)
        equal([(probe["name"], probe["outcome"], probe["ms"])
               for probe in report["gateways"][0]["probes"] if probe["name"] == "upnp"],
              [("upnp", "pending", None)])


@test
def family_that_does_not_exist():
    result = real(in_own_network, IPV6 + RUN, "doctor", "--json", "--family", "4")
    report = json.loads(result.stdout)
    equal((report["verdict"], result.returncode), ("no-gateway", 3))
    equal(report["error"]["code"], "no-gateway")
    sentence = "No default route: this host is not connected to an IPv4 network."
    equal(report["sentence"], sentence)
    result = real(in_own_network, IPV6 + RUN, "doctor", "--json", "--family", "both")
    report = json.loads(result.stdout)
    equal(report["families"][0]["sentence"], sentence)
    equal([(family["family"], family["verdict"]) for family in report["families"]],
          [(4, "no-gateway"), (6, "silent")])
    equal(report["verdict"], "silent")


@test
def interface_without_a_route():
    result = plumctl("doctor", "--interface", "lo")
    equal(result.returncode, 3)
    contains(result.stdout, "verdict: No IPv4 default route leads through the interface “lo”.\n")


@test
def family_is_invalid():
    usage_error(plumctl("doctor", "--family", "5"), "--family: “5” is invalid, must be 4, 6 or both")
    usage_error(plumctl("doctor", "--family", "6", "--gateway", "192.168.1.1"),
                "--family: --gateway 192.168.1.1 has another address family")


@test
def verdict_silent():
    with FakeGateway(silent=True) as gateway:
        both_at_once(gateway, "silent")


@test
def verdict_names_the_protocols_that_were_asked():
    """The others may work."""
    class Closed:
        address = free_address()

    step = "next step: Run the doctor without --backend and PLUM_BACKENDS, so that it asks with all"
    with FakeGateway(protocol="natpmp", silent=True) as silent:
        for router, backend, sentence in [
                (Closed, "pcp", "refuses requests of PCP; no other protocol was asked."),
                (silent, "natpmp", "does not answer requests of NAT-PMP; no other protocol was "
                                   "asked.")]:
            lines = doctor(router, backend=backend).stdout.splitlines()
            equal(lines[-2], "verdict: The router " + sentence)
            contains(lines[-1], step)


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
    with FakeGateway(protocol="natpmp", answer_from=other) as gateway:
        report = both_at_once(gateway, "wrong-address", backend="natpmp")
        equal(report["stray_answer_from"], other)


@test
def verdict_not_connected_by_upnp():
    """Like miniupnpd behind another router: connected, no address, and error 501."""
    with UpnpRouter("address-fault=501", "add-fault=501") as router:
        both(router, "not-connected")


@test
def verdict_not_connected_by_natpmp():
    with FakeGateway(protocol="natpmp", address_result=3) as gateway:
        both_at_once(gateway, "not-connected", backend="natpmp")


@test
def verdict_cannot_map():
    """The router answers the search, but has no service that maps ports."""
    with UpnpRouter("no-service=1") as router:
        both_at_once(router, "cannot-map")


@test
def settings_of_the_router():
    """The report names the router, and the next step says where its settings are."""
    with DescribedRouter("add-fault=606") as router:
        url = router.url
        where = ["--gateway", router.address, "--backend", "upnp"]
        text = plumctl("doctor", *where).stdout
        contains(text, "  router Fake & Sons F1 (version 7.57), settings at %s\n" % url)
        contains(text, " The settings are at %s.\n" % url)
        report = json.loads(plumctl("doctor", *where, "--json").stdout)
        equal(report["gateways"][0]["model"], "F1")
        assert report["next_step"].endswith(" The settings are at %s." % url)


@test
def verdict_refused_by_natpmp():
    with FakeGateway(protocol="natpmp", result=2) as gateway:
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
    with FakeGateway(protocol="natpmp", result=4) as gateway:
        both(gateway, "table-full", backend="natpmp")


@test
def verdict_table_full_by_upnp():
    with UpnpRouter("add-fault=728") as router:
        both(router, "table-full")


@test
def verdict_port_taken_by_upnp():
    """Every port belongs to another host."""
    with UpnpRouter("add-fault=718") as router:
        both(router, "port-taken")


@test
def verdict_trial_failed():
    with Router("odd") as router:
        ends_with(router.plumctl("doctor"), "trial-failed")


@test
def verdict_trial_timed_out():
    with Router("mute") as router:
        report = report_of(router.plumctl("doctor", "--json", "--timeout", "0.5"), "trial-failed")
        for trial in report["trial"]:
            equal((trial["mapped"], trial["error"]["code"]), (False, "timed-out"))
            equal(trial["error"]["message"], "No answer to the trial mapping within 0.5 s")


@test
def verdict_one_transport():
    with Router("tcp-only") as router:
        ends_with(router.plumctl("doctor"), "one-transport")
        equal(router.table(), [])


@test
def verdict_disabled():
    """The router adds the entries, but does not enable them."""
    with UpnpRouter("disable-adds=1000") as router:
        report = both(router, "refused", backend="upnp")
        for trial in report["trial"]:
            equal((trial["mapped"], trial["error"]["code"]), (False, "refused"))
            contains(trial["error"]["message"], ", but disabled it")
            equal(trial["left_behind"], False)
        contains(doctor(router, backend="upnp").stdout, ", but disabled it")
        equal(router.table(), [])


@test
def verdict_disabled_in_the_table():
    """After the mapping of TCP works, that of UDP is not verified: only the table shows it."""
    with UpnpRouter("disable-udp=1") as router:
        report = both(router, "one-transport", backend="upnp")
        equal([trial["mapped"] for trial in report["trial"]], [True, False])
        contains(report["trial"][1]["error"]["message"], "has added the entry")
        equal([trial["left_behind"] for trial in report["trial"]], [False, False])
        equal(router.table(), [])


@test
def removal_is_not_believed():
    """The router answers each delete with success, and keeps the entry."""
    with UpnpRouter("keep-deleted=1") as router:
        report = both(router, "left-behind", backend="upnp")
        for trial in report["trial"]:
            contains(trial["remove_error"]["message"], "but still lists it")


@test
def verdict_left_behind():
    with Router("sticky") as router:
        ends_with(router.plumctl("doctor"), "left-behind")
        equal(len(router.table()), 2)


def trials(fault, verdict):
    with Router(fault) as router:
        ends_with(router.plumctl("doctor"), verdict)
    with Router(fault) as router:
        report = report_of(router.plumctl("doctor", "--json"), verdict)
        return [(trial["mapped"], trial["table_after_map"], trial["table_after_remove"],
                 trial["left_behind"]) for trial in report["trial"]]


@test
def verdict_missing():
    """The router reports success and drops the mapping at once."""
    equal(trials("forgetful", "missing"), [(True, "gone", "gone", False)] * 2)


@test
def left_behind_although_it_failed():
    """The mapping took effect, but the answer was unusable."""
    with Router("garbled") as router:
        result = router.plumctl("doctor")
        equal(result.returncode, 25)
        contains(result.stdout, "verdict: The trial mapping failed, but it is in the router's table.")
        contains(result.stdout, "  in the router's table all the same: yes\n")
    with Router("garbled") as router:
        report = json.loads(router.plumctl("doctor", "--json").stdout)
        equal((report["verdict"], report["exit_code"]), ("left-behind", 25))
        equal([(trial["mapped"], trial["table_after_remove"], trial["left_behind"])
               for trial in report["trial"]], [(False, "there", True)] * 2)


@test
def left_behind_is_unknown_without_a_table():
    equal(trials("blind", "works"), [(True, "not-supported", "not-supported", None)] * 2)
    equal(trials("garbled-table", "works"), [(True, None, None, None)] * 2)
    equal(trials("odd-and-blind", "trial-failed"), [(False, None, "not-supported", None)] * 2)
    equal(trials("odd", "trial-failed"), [(False, None, "gone", False)] * 2)


@test
def left_behind_is_seen_without_an_answer():
    equal(trials("deaf", "left-behind"), [(True, "there", "there", True)] * 2)


@test
def left_behind_is_not_confirmed_by_pcp_or_natpmp():
    """The router grants mappings, and never answers a delete."""
    for protocol in ("pcp", "natpmp"):
        with FakeGateway(protocol=protocol, keeps_all=True) as gateway:
            result = doctor(gateway, "--json", backend=protocol)
            report = json.loads(result.stdout)
            equal((report["verdict"], result.returncode), ("left-behind", 25))
            equal([(trial["mapped"], trial["left_behind"]) for trial in report["trial"]],
                  [(True, None)] * 2)
            assert all(trial["remove_error"] is not None for trial in report["trial"])
            equal(len(gateway.table), 2)


@test
def left_behind_is_not_confirmed():
    with Router("deaf-and-blind") as router:
        result = router.plumctl("doctor", "--json")
        report = json.loads(result.stdout)
        equal((report["verdict"], result.returncode), ("left-behind", 25))
        equal(report["sentence"], "The router did not confirm that it removed the trial mapping.")
        equal([(trial["left_behind"], trial["remove_error"]["code"])
               for trial in report["trial"]], [(None, "timed-out")] * 2)
        text = router.plumctl("doctor").stdout
        contains(text, "still there after the removal: unknown; no answer to the delete")


@test
def verdict_double_nat():
    with FakeGateway(protocol="natpmp", external="192.168.1.20") as gateway:
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
    """The router reports its private address; that is the only reason for the refusal."""
    with UpnpRouter("external-address=10.0.0.5", "add-fault=501") as router:
        report = both(router, "double-nat")
        equal([trial["mapped"] for trial in report["trial"]], [False, False])
        equal({trial["error"]["code"] for trial in report["trial"]}, {"no-resources"})


@test
def verdict_double_nat_between():
    """The router reports that packets are translated before they reach it, by an unknown router."""
    with FakeGateway(result=12) as gateway:
        report = json.loads(doctor(gateway, "--json", backend="pcp").stdout)
        equal((report["verdict"], report["exit_code"]), ("double-nat", 30))
        contains(report["sentence"], "Another router is between this computer and "
                 + gateway.address)
        equal([(router["role"], router["address"]) for router in report["routers"]],
              [("between", None), ("asked", gateway.address)])
        contains(doctor(gateway, backend="pcp").stdout,
                 "\nrouter         address unknown\n"
                 "second router  %s, external address unknown\n" % gateway.address)


@test
def no_second_router_beyond_this_host():
    """For a router on loopback, no datagram is sent to look for a second router."""
    with FakeGateway(protocol="natpmp", external="10.0.0.5") as gateway:
        report = both(gateway, "double-nat", backend="natpmp")
        equal(report["routers"], [])
        equal([event for event in report["gateways"][0]["exchange"]
               if event["backend"] == "path"], [])


@test
def verdict_cgnat():
    with FakeGateway(protocol="natpmp", external="100.64.3.4") as gateway:
        report = both(gateway, "cgnat", backend="natpmp")
        equal(report["gateways"][0]["external_scope"], "cgnat")


@test
def verdict_no_address():
    with UpnpRouter("external-address=0.0.0.0") as router:
        both(router, "no-address")


# The output


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
def doctor_note_has_no_escape_sequences():
    with Router() as router:
        result = router.plumctl("doctor", "--no-map")
        contains(result.stdout, "taken: ?[31mfake?[0m router")


HIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060\u2066-\u2069]")


def shows(text):
    assert not HIDDEN.search(text), ascii(text)


@test
def names_are_shown_on_every_path():
    """Text from the network cannot hide, change the direction of other text, or end a line."""
    with Router() as router, tempfile.TemporaryDirectory() as folder:
        for command in (["doctor", "--no-map"], ["doctor", "--json", "--no-map"],
                        ["doctor", "--no-map", "--verbose", "--record", folder],
                        ["map", "--once", "tcp:80"], ["list"], ["list", "--json"], ["status"],
                        ["external", "--json"]):
            result = router.plumctl(*command)
            shows(result.stdout)
            shows(result.stderr)
        contains(router.plumctl("doctor", "--no-map").stdout, "hidden: <???????>")
        contains(router.plumctl("doctor", "--no-map", "--json").stdout,
                 r"hidden: <\u202e\u2066\u200b\u200f\u2028\u0085\u009b>")
        with open(os.path.join(folder, "report.json"), newline="") as file:
            shows(file.read())
        with open(os.path.join(folder, "index.tsv"), newline="") as file:
            shows(file.read().replace("\t", " "))
    with Router("disguised") as router:
        for command in (["doctor"], ["doctor", "--json"], ["map", "tcp:80"], ["status"],
                        ["map", "--json", "tcp:80"], ["status", "--verbose"]):
            result = router.plumctl(*command)
            shows(result.stdout)
            shows(result.stderr)
        contains(router.plumctl("doctor").stdout, "refused: <?????>")


@test
def doctor_record():
    with FakeGateway(protocol="natpmp", external="81.169.1.22") as gateway, \
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
def doctor_in_a_flood():
    """The memory and the files of a run are bounded, and the report tells what was left out."""
    with Router("flood") as router, tempfile.TemporaryDirectory() as folder:
        arguments = ["doctor", "--gateway", "127.0.0.9", "--backend", "fake", "--json",
                     "--record", folder]
        with start(*arguments, PLUM_FAKE_TABLE=router.path, PLUM_FAKE_FAULT="flood") as process:
            out = process.stdout.read()
            unused, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        report = json.loads(out)
        equal(report["verdict"], "works")
        assert usage.ru_maxrss < (60 if "ASAN_OPTIONS" not in os.environ else 600) * 1024, usage
        left_out = report["left_out"]
        assert left_out["events"] > 17000, left_out
        assert left_out["bytes"] > 10 * 1000 * 1000, left_out
        # What the doctor itself did is complete.
        equal([trial["table_after_map"] for trial in report["trial"]], ["there"] * 2)
        names = os.listdir(folder)
        assert len(names) < 2000, len(names)
        size = sum(os.path.getsize(os.path.join(folder, name)) for name in names)
        assert size < 8 * 1024 * 1024, size
        with open(os.path.join(folder, "index.tsv")) as file:
            last = file.read().splitlines()[-1].split("\t")
        equal(last[2:4], ["doctor", "note"])
        contains(last[6], "%d of them (%d bytes) are left out" % (left_out["events"],
                                                                  left_out["bytes"]))
        text = router.plumctl("doctor").stdout
        contains(text, " are left out\n")
        assert len(text) < 20000, len(text)


@test
def doctor_left_out_nothing():
    with Router() as router:
        equal(json.loads(router.plumctl("doctor", "--json").stdout)["left_out"],
              {"events": 0, "bytes": 0})


@test
def doctor_record_to_unwritable_directory():
    """Reported before anything is sent."""
    with FakeGateway(protocol="natpmp") as gateway, tempfile.NamedTemporaryFile() as file:
        for folder, reason in ((file.name + "/below", "cannot be created: Not a directory"),
                               ("/proc/self", "No such file or directory")):
            result = doctor(gateway, "--record", folder, backend="natpmp")
            equal((result.returncode, result.stdout), (2, ""))
            assert result.stderr.startswith("plumctl: --record: "), result.stderr
            contains(result.stderr, folder)
            contains(result.stderr, reason)


@test
def doctor_record_masks_upnp_text():
    with UpnpRouter("external-address=81.169.1.22") as router, \
         tempfile.TemporaryDirectory() as folder:
        doctor(router, "--record", folder)
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                assert b"81.169.1.22" not in file.read(), name


def members(value):
    """The names of all members of an object, recursively."""
    if isinstance(value, dict):
        return set(value).union(*map(members, value.values()))
    return set().union(*map(members, value)) if isinstance(value, list) else set()


@test
def json_is_documented():
    """Every JSON member of every command is documented."""
    with open(os.path.join(DOCS, "plumctl-json.md")) as file:
        page = file.read()
    with UpnpRouter() as router, FakeGateway() as gateway, FakeGateway(result=12) as beyond:
        where = ["--gateway", router.address, "--backend", "upnp", "--json"]
        by_pcp = ["--gateway", gateway.address, "--backend", "pcp", "--json"]
        answers = [plumctl("map", "--once", *where, "tcp:80"), plumctl("list", *where),
                   plumctl("unmap", *where, "tcp:80"), plumctl("status", *where),
                   plumctl("external", *where),
                   plumctl("doctor", *where), plumctl("doctor", *by_pcp),
                   plumctl("doctor", "--gateway", beyond.address, "--backend", "pcp", "--json"),
                   plumctl("map", "--once", *by_pcp, "tcp:80"), plumctl("backends", "--json"),
                   plumctl("map", "--once", *by_pcp, "--stun", "[::1]", "udp:9"),
                   plumctl("doctor", *by_pcp, "--stun", "[::1]")]
    for answer in answers:
        seen = members([json.loads(line) for line in answer.stdout.splitlines()])
        assert seen, answer.args
        equal({name for name in seen
               if '"%s":' % name not in page and "`%s`" % name not in page}, set())


@test
def monitor_events_are_documented():
    """Each event that the source names has a row, and no other one."""
    with open(os.path.join(DOCS, "plumctl-json.md")) as file:
        section = file.read().split("## plumctl monitor\n")[1].split("\n## ")[0]
    with open(os.path.join(DOCS, "..", "tools", "plumctl", "cmd-monitor.c")) as file:
        events = set(re.findall(r'NC_ \("event", "(\w+)"\)', file.read()))
    assert events, "no event was found"
    equal(set(re.findall(r'^\| `"(\w+)"` \|', section, re.M)), events)


# Recordings: each folder in recordings/ was written by `plumctl doctor --record` and is a test. The
# doctor must report the same for a router that replays the recording.

def replay(folder):
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
    """The verdict without the second router, which is not replayed: a router that refuses because
    of it, and does not report its own address, seems to have no connection."""
    unreported = [router["role"] == "asked" and router["external_address"] is None
              for router in report.get("routers", [])]
    return "not-connected" if unreported[:1] == [True] else report["verdict"]


def outcomes(report):
    """Without "direct": --gateway, which is needed on loopback, disables it."""
    return {probe["name"]: probe["outcome"] for probe in report["gateways"][0]["probes"]
            if probe["name"] != "direct"}


for recording in sorted(os.listdir(RECORDINGS)):
    def play_recording(folder=os.path.join(RECORDINGS, recording)):
        replay(folder)

    play_recording.__name__ = "recording_" + recording.replace("-", "_")
    test(play_recording)


@test
def recording_is_played_as_written():
    """Recording a router that replays a recording gives the same recording."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = os.path.join(folder, "1"), os.path.join(folder, "2")
        with UpnpRouter() as router:
            report_of(doctor(router, "--json", "--record", first), "works")
        with RecordedGateway(first) as gateway:
            report_of(doctor(gateway, "--json", "--record", second), "works")
        recorded = [[(event.backend, event.direction) for event in RecordedGateway(place).events()
                 if not event.is_ssdp()] for place in (first, second)]
        equal(recorded[0], recorded[1])


sys.exit(main("plumctl-doctor"))
