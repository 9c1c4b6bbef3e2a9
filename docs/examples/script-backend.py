# SPDX-License-Identifier: LGPL-2.1-or-later

"""Maps a port with a backend of its own, prints the result, and unmaps the port."""

import sys

import gi

gi.require_version("Plum", "1.0")
from gi.repository import Gio, GLib, Plum


class MyBackend(Plum.Backend):
    """A real one sends requests to the router, and settles each call when the answer arrives."""

    def do_discover(self, call):
        call.return_done()

    def do_map(self, request, call):
        address = Gio.InetAddress.new_from_string("203.0.113.7")
        call.return_lease(Plum.Lease.new(address, request.get_external_port(), 3600, None))

    def do_unmap(self, request, lease, call):
        # Without a lease, the request describes what to delete.
        port = request.get_external_port() if lease is None else lease.get_external_port()
        self.report_note("unmaps external port %d" % port)
        call.return_done()


def on_mapped(manager, result):
    try:
        mapping = manager.create_mapping_finish(result)
        print("Mapped at %s, port %d" % (mapping.props.external_host, mapping.props.external_port))
        manager.close_async(None, on_closed)
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
manager.add_backend_type(MyBackend, "mine", 500)
# No preference for an external port, and the default timeout of 30 s.
manager.create_mapping_async(Plum.Protocol.TCP, 8080, 0, 0, None, on_mapped)
loop.run()
sys.exit(status)
