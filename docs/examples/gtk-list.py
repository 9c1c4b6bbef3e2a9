# SPDX-License-Identifier: LGPL-2.1-or-later

"""A window with a list of mapped ports. The manager is the model of the list."""

import signal
import sys

import gi

gi.require_version("Gtk", "4.0")
gi.require_version("Plum", "1.0")
from gi.repository import GLib, Gtk, Plum


def describe_port(mapping):
    return "%s %d" % (mapping.props.protocol.value_nick.upper(), mapping.props.internal_port)


def describe_state(mapping):
    if mapping.props.state == Plum.State.SUCCESS:
        # None: the router has no address at present.
        host = mapping.props.external_host or "unknown address"
        return "%s, port %d" % (host, mapping.props.external_port)
    return mapping.props.error_summary or mapping.props.state.value_nick


def make_column(title, describe):
    """A column with describe(mapping) as its text, which follows the properties of the mapping."""
    def on_setup(factory, item):
        item.set_child(Gtk.Label(xalign=0, wrap=True))

    def on_bind(factory, item):
        mapping, label = item.get_item(), item.get_child()
        label.set_text(describe(mapping))
        item.handler = mapping.connect("notify", lambda *_: label.set_text(describe(mapping)))

    def on_unbind(factory, item):
        item.get_item().disconnect(item.handler)

    factory = Gtk.SignalListItemFactory()
    factory.connect("setup", on_setup)
    factory.connect("bind", on_bind)
    factory.connect("unbind", on_unbind)
    return Gtk.ColumnViewColumn(title=title, factory=factory, expand=True)


class Application(Gtk.Application):
    def do_startup(self):
        Gtk.Application.do_startup(self)
        self.manager = Plum.Manager(application_name="Example")
        for protocol, port in (Plum.Protocol.TCP, 8080), (Plum.Protocol.UDP, 8081):
            self.manager.add_mapping(Plum.Mapping.new(protocol, port))
        self.hold()   # until the manager is closed, also without a window
        self.set_accels_for_action("window.close", ["<Control>w"])

    def do_activate(self):
        window = self.props.active_window or self.make_window()
        window.present()

    def make_window(self):
        view = Gtk.ColumnView(model=Gtk.NoSelection(model=self.manager))
        view.append_column(make_column("Port", describe_port))
        view.append_column(make_column("Mapped at", describe_state))
        return Gtk.ApplicationWindow(application=self, title="Ports", default_width=500,
                                     default_height=200, child=view)

    def do_window_removed(self, window):
        Gtk.Application.do_window_removed(self, window)
        # Removes the mappings from the router now, not when their leases expire.
        self.manager.close_async(None, self.on_closed)

    def on_closed(self, manager, result):
        try:
            manager.close_finish(result)
        except GLib.Error as error:
            print(error.message, file=sys.stderr)
        self.quit()   # also if a window was opened meanwhile


application = Application(application_id="org.example.PortList")
GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGINT,
                     lambda: application.props.active_window.close())
sys.exit(application.run(sys.argv))
