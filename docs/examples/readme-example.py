# SPDX-License-Identifier: LGPL-2.1-or-later

import sys

import gi
gi.require_version("Plum", "1.0")
from gi.repository import GLib, Plum


def on_mapped(manager, result):
    try:
        mapping = manager.create_mapping_finish(result)
        host = mapping.props.external_host or "an unknown address"
        print("Mapped at %s, port %d" % (host, mapping.props.external_port))
        manager.close_async(None, on_closed)   # removes the mapping from the router
    except GLib.Error as error:
        end("Not mapped: %s" % error.message)


def on_closed(manager, result):
    try:
        manager.close_finish(result)
        end(None)
    except GLib.Error as error:
        end(error.message)


def end(failure):
    global status
    status = failure
    loop.quit()


status = None
loop = GLib.MainLoop()
manager = Plum.Manager(application_name="Example")
# No preference for an external port, and the default timeout of 30 s.
manager.create_mapping_async(Plum.Protocol.TCP, 8080, 0, 0, None, on_mapped)
loop.run()
sys.exit(status)   # a text is printed, and the exit status is 1
