# SPDX-License-Identifier: LGPL-2.1-or-later
"""The accessibility tree of the programs on the session bus, read over D-Bus (AT-SPI).

Does not use libatspi, which caches the tree: a test needs the current state. Also, GTK 4.8 crashes
if libatspi requests a single child that was not requested before.
"""

import re

import gi
gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib  # noqa: E402

ROOT = '/org/a11y/atspi/accessible/root'
TIMEOUT = 5000  # ms

# The role numbers of AT-SPI; the names of roles differ between toolkits.
ROLES = {2: 'alert', 29: 'label', 32: 'list item', 43: 'button', 61: 'text'}
LEAVES = ('label', 'button', 'text')  # their children contain no further text
FOCUSED, SENSITIVE = 12, 24

Gone = GLib.Error  # raised if the object no longer exists


class Bus:
    def __init__(self):
        session = Gio.bus_get_sync(Gio.BusType.SESSION)
        address, = session.call_sync('org.a11y.Bus', '/org/a11y/bus', 'org.a11y.Bus', 'GetAddress',
                                     None, None, Gio.DBusCallFlags.NONE, TIMEOUT).unpack()
        self.connection = Gio.DBusConnection.new_for_address_sync(
            address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
            | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
        self.roles = {}  # roles do not change, so they are cached

    def programs(self):
        return Part(self, 'org.a11y.atspi.Registry', ROOT).children()


class Part:
    """A window or a widget."""

    def __init__(self, bus, owner, path):
        self.bus, self.owner, self.path = bus, owner, path

    def call(self, interface, method, signature='()', *arguments):
        return self.bus.connection.call_sync(
            self.owner, self.path, interface, method, GLib.Variant(signature, arguments), None,
            Gio.DBusCallFlags.NONE, TIMEOUT).unpack()

    def ask(self, method, signature='()', *arguments):
        return self.call('org.a11y.atspi.Accessible', method, signature, *arguments)

    def children(self):
        return [Part(self.bus, *child) for child in self.ask('GetChildren')[0]
                if child[1] != '/org/a11y/atspi/null']

    def walk(self):
        """This part and all its descendants, from the top."""
        yield self
        for child in self.children() if self.role not in LEAVES else ():
            yield from child.walk()

    @property
    def name(self):
        """The name. GTK 4.8 names a button with a mnemonic "_Add Add"."""
        name = self.call('org.freedesktop.DBus.Properties', 'Get', '(ss)',
                         'org.a11y.atspi.Accessible', 'Name')[0]
        twice = re.fullmatch(r'_(.+) \1', name)
        return twice[1] if twice else name

    @property
    def role(self):
        key = self.owner, self.path
        if key not in self.bus.roles:
            number = self.ask('GetRole')[0]
            self.bus.roles[key] = ROLES.get(number, number)
        return self.bus.roles[key]

    def has_state(self, number):
        return bool(self.ask('GetState')[0][number // 32] >> number % 32 & 1)

    @property
    def focused(self):
        return self.has_state(FOCUSED)

    @property
    def sensitive(self):
        return self.has_state(SENSITIVE)

    @property
    def text(self):
        return self.call('org.a11y.atspi.Text', 'GetText', '(ii)', 0, 2**31 - 1)[0]

    def set_text(self, text):
        return self.call('org.a11y.atspi.EditableText', 'SetTextContents', '(s)', text)[0]

    def click(self):
        return self.call('org.a11y.atspi.Action', 'DoAction', '(i)', 0)[0]
