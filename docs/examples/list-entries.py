# SPDX-License-Identifier: LGPL-2.1-or-later

"""Lists the mapping table of the router, with the mappings of all hosts. Needs a UPnP router."""

import sys

import gi

gi.require_version("Plum", "1.0")
from gi.repository import GLib, Plum


def on_discovered(manager, result):
    try:
        manager.discover_finish(result)
        # The discovery has filled the list. The first gateway is that of the default route.
        manager.props.gateways[0].list_entries_async(None, on_listed)
    except GLib.Error as error:
        end("Not listed: %s" % error.message)


def on_listed(gateway, result):
    try:
        for entry in gateway.list_entries_finish(result):
            print(describe(entry))
        end(None)
    except GLib.Error as error:
        end("Not listed: %s" % error.message)   # such as a router with PCP or NAT-PMP only


def describe(entry):
    if not entry.is_readable():
        return "unreadable: %s" % entry.props.problem
    address = entry.props.internal_address
    return "%s %d -> %s port %d, %s" % (
        entry.props.protocol.value_nick, entry.props.external_port,
        address.to_string() if address is not None else "an unknown host",
        entry.props.internal_port, entry.props.description)


def end(failure):
    global status
    status = failure
    loop.quit()


status = None
loop = GLib.MainLoop()
manager = Plum.Manager()
manager.discover_async(None, on_discovered)
loop.run()
sys.exit(status)   # a text is printed, and the exit status is 1
