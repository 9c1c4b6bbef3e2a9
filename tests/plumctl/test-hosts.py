# SPDX-License-Identifier: LGPL-2.1-or-later

"""The options --from and --for of plumctl, with the UPnP router of the library's tests."""

import signal
import sys

from fake_gateway import FakeGateway
from harness import (DEADLINE, UpnpRouter, common, contains, equal, events, main,
                     plumctl, start, test)

PRINTER = "127.99.0.50"
REMOTE = "203.0.113.7"


def up(process):
    """Waits for the line of the mapping. Returns it."""
    line = process.stdout.readline()
    while line and "→" not in line:
        line = process.stdout.readline()
    assert line, process.stderr.read()
    return line


@test
def map_from():
    with UpnpRouter("remote-hosts=1") as router:
        where = common(router, "upnp")
        result = plumctl("map", "--once", "--json", "--from", REMOTE, *where, "tcp:8080")
        equal(result.returncode, 0)
        last = events(result.stdout)[-1]
        equal((last["state"], last["remote_address"], last["internal_address"]),
              ("success", REMOTE, None))
        (entry,) = events(plumctl("list", "--json", *where).stdout)
        equal(entry["remote_host"], REMOTE)
        contains(plumctl("list", *where).stdout, ":8080 from %s for " % REMOTE)


@test
def map_from_several_needs_pcp():
    with UpnpRouter("remote-hosts=1") as router:
        result = plumctl("map", "--once", "--from", REMOTE, "--from", "198.51.100.0/24",
                         *common(router, "upnp"), "tcp:8080")
        equal((result.returncode, router.table()), (1, []))
        contains(result.stderr, "tcp:8080 from %s and 198.51.100.0/24: " % REMOTE)
        contains(result.stderr, "not to several or to a network; PCP can")


@test
def map_from_several_json():
    with FakeGateway(protocol="natpmp") as gateway:
        result = plumctl("map", "--once", "--json", "--from", REMOTE, "--from", "198.51.100.0/24",
                         "--from", REMOTE, *common(gateway, "natpmp"), "tcp:8080")
        last = events(result.stdout)[-1]
        equal((last["remote_address"], last["remote_addresses"]),
              (REMOTE, [REMOTE, "198.51.100.0/24"]))


@test
def map_from_is_never_wider():
    with UpnpRouter("remote-ignored=1") as router:
        result = plumctl("map", "--once", "--from", REMOTE, *common(router, "upnp"), "tcp:8080")
        equal((result.returncode, router.table()), (1, []))
        contains(result.stderr, "reports that port 8080 is open to all hosts, not only to " + REMOTE)


@test
def map_from_names_the_protocol_that_can():
    with FakeGateway(protocol="natpmp") as gateway:
        result = plumctl("map", "--once", "--from", "203.0.113.0/24", *common(gateway, "natpmp"),
                         "tcp:8080")
        equal(result.returncode, 1)
        contains(result.stderr, "PCP can, and UPnP for one host")


@test
def run_from():
    with UpnpRouter("remote-hosts=1") as router:
        result = plumctl("run", "--from", REMOTE, *common(router, "upnp"), "tcp:8080", "--", "true")
        equal(result.returncode, 0)
        contains(result.stdout + result.stderr, "tcp:8080 from %s → " % REMOTE)


@test
def map_for_and_list_and_unmap():
    with UpnpRouter("other-clients=1") as router:
        where = common(router, "upnp")
        process = start("map", "--for", PRINTER, *where, "tcp:9100")
        try:
            contains(up(process), "tcp:9100 for %s → " % PRINTER)
            equal(router.table(), ["tcp:9100:%s:9100" % PRINTER])
            contains(plumctl("list", *where).stdout, "+ tcp  9100 → %s:9100 for " % PRINTER)
            (entry,) = events(plumctl("list", "--json", *where).stdout)
            equal((entry["ours"], entry["made_here"]), (False, True))
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=DEADLINE)
        result = plumctl("unmap", "--json", "--for", PRINTER, *where, "tcp:9100")
        (event,) = events(result.stdout)
        equal((result.returncode, event["event"], event["internal_address"]),
              (0, "removed", PRINTER))
        equal(router.table(), [])


@test
def all_mine_includes_what_was_made_for_others():
    with UpnpRouter("other-clients=1") as router:
        where = common(router, "upnp")
        process = start("map", "--for", PRINTER, *where, "tcp:9100")
        try:
            up(process)
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=DEADLINE)
        result = plumctl("unmap", "--all-mine", *where)
        equal((result.returncode, result.stdout), (0, "tcp:9100 for %s removed\n" % PRINTER))
        equal(router.table(), [])


@test
def unmap_for_without_record():
    with UpnpRouter("other-clients=1") as router:
        where = common(router, "upnp")
        equal(plumctl("map", "--once", "--for", PRINTER, *where, "tcp:9100").returncode, 0)
        result = plumctl("unmap", "--for", PRINTER, *where, "tcp:9100")
        equal(result.returncode, 4)
        contains(result.stdout, "There is no record")
        equal(router.table(), ["tcp:9100:%s:9100" % PRINTER])


@test
def map_for_secure_mode():
    with UpnpRouter() as router:
        result = plumctl("map", "--once", "--for", PRINTER, *common(router, "upnp"), "tcp:9100")
        equal((result.returncode, router.table()), (1, []))
        contains(result.stderr, "“secure mode”")


@test
def map_for_the_router():
    with UpnpRouter("other-clients=1") as router:
        result = plumctl("map", "--for", router.address, *common(router, "upnp"), "tcp:9100")
        equal((result.returncode, router.table()), (2, []))
        contains(result.stderr, "--for: The internal address %s is the gateway" % router.address)


@test
def permanent_lease_for_another_host():
    with UpnpRouter("other-clients=1", "timed-fault=725") as router:
        result = plumctl("map", "--once", "--for", PRINTER, *common(router, "upnp"), "tcp:9100")
        equal(result.returncode, 0)
        contains(result.stderr, "Remove it in the router's settings")


@test
def usage_errors():
    for arguments, message in [
            (["map", "--from", "nonsense", "tcp:80"], "--from: “nonsense” is invalid"),
            (["map", "--from", "203.0.113.7/24", "tcp:80"], "--from: “203.0.113.7/24” is invalid"),
            (["map", "--from", "1.2.3.4", "--from", "::1", "tcp:80"], "--from: the addresses must"),
            (["map", "--from", "0.0.0.0/0", "tcp:80"], "--from: “0.0.0.0/0” is invalid"),
            (["map", "--for", "a-printer", "tcp:80"], "--for: “a-printer” is not an address"),
            (["map", "--for", "0.0.0.0", "tcp:80"], "--for: “0.0.0.0” is not the address of"),
            (["map", "--for", "127.0.0.1", "tcp:80"], "--for: “127.0.0.1” is not the address of"),
            (["run", "--for", "fe80::1", "tcp:80", "--", "true"], "--for: “fe80::1” is not the "),
            (["map", "--for", "2001:db8::1", "--from", "1.2.3.4", "tcp:80"], "of the same family"),
            (["map", "--family", "6", "--from", "1.2.3.4", "tcp:80"], "--family: does not match"),
            (["map", "--family", "both", "--for", PRINTER, "tcp:80"], "--family: does not match"),
            (["run", "--for", "x", "tcp:80", "--", "true"], "--for: “x” is not an address"),
            (["map", "--stun", "192.0.2.1", "--from", "1.2.3.4", "udp:80"], "--stun cannot be used"),
            (["unmap", "--for", "x", "tcp:80"], "--for: “x” is not an address"),
            (["unmap", "--family", "6", "--for", PRINTER, "tcp:80"], "--family: does not match"),
            (["unmap", "--all-mine", "--for", PRINTER], "--for cannot be used with --all-mine")]:
        result = plumctl(*arguments)
        equal((result.returncode, result.stdout), (2, ""))
        contains(result.stderr, message)


sys.exit(main("plumctl-hosts"))
