# SPDX-License-Identifier: LGPL-2.1-or-later

"""Keeps TCP port 8080 of this host reachable from outside until Ctrl-C."""

import signal

import gi

gi.require_version("Plum", "1.0")
from gi.repository import GLib, Plum


def on_changed(mapping):
    if mapping.props.state == Plum.State.SUCCESS:
        # None: the router has no address at present.
        host = mapping.props.external_host or "an unknown address"
        print("Mapped at %s, port %d" % (host, mapping.props.external_port), flush=True)


def on_error(mapping, pspec):
    if mapping.props.error_summary is not None:
        # The library tries again.
        print("Not mapped: %s" % mapping.props.error_summary, flush=True)


def on_closed(manager, result):
    try:
        manager.close_finish(result)
    except GLib.Error as error:
        print(error.message)
    loop.quit()


def on_interrupt():
    # Removes the mapping from the router now, not when its lease expires.
    manager.close_async(None, on_closed)
    return GLib.SOURCE_REMOVE


loop = GLib.MainLoop()
manager = Plum.Manager(application_name="Example")
mapping = Plum.Mapping.new(Plum.Protocol.TCP, 8080)
mapping.connect("changed", on_changed)
mapping.connect("notify::error-summary", on_error)

GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGINT, on_interrupt)
manager.add_mapping(mapping)
loop.run()
