# SPDX-License-Identifier: LGPL-2.1-or-later
"""The actions of an Internet Gateway Device on its port mappings (WANIPConnection:2)."""

import ipaddress
import re
import time
from xml.sax.saxutils import escape

from table import FIRST_PORT, TCP, UDP, Entry, Refused

LONGEST_LEASE = 604800  # seconds; a lease of 0 is turned into this one (2.5.16)
PROTOCOLS = {'TCP': TCP, 'UDP': UDP}
NAMES = {number: name for name, number in PROTOCOLS.items()}
LIST_NAMESPACE = 'urn:schemas-upnp-org:gw:WANIPConnection'

FAULTS = {
    401: 'Invalid Action', 402: 'Invalid Args', 501: 'Action Failed', 606: 'Action not authorized',
    713: 'SpecifiedArrayIndexInvalid', 714: 'NoSuchEntryInArray',
    716: 'WildCardNotPermittedInExtPort', 718: 'ConflictInMappingEntry',
    725: 'OnlyPermanentLeasesSupported', 726: 'RemoteHostOnlySupportsWildcard',
    728: 'NoPortMapsAvailable', 730: 'PortMappingNotFound', 732: 'WildCardNotPermittedInIntPort',
    733: 'InconsistentParameters',
}

KEY = ['RemoteHost', 'ExternalPort', 'Protocol']
VALUE = ['InternalPort', 'InternalClient', 'Enabled', 'PortMappingDescription', 'LeaseDuration']


class Fault(Exception):
    """An action that fails with an error code."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def number(text, limit):
    if not re.fullmatch(r'[0-9]{1,10}', text) or int(text) > limit:
        raise Fault(402)
    return int(text)


def remote_of(arguments):
    """The remote host, an IPv4 address; '' is all hosts."""
    host = arguments['RemoteHost']
    if host != '':
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            raise Fault(726) from None
    return host


def remotes_of(arguments):
    host = remote_of(arguments)
    return (host + '/32',) if host else ()


def key_of(arguments):
    """The protocol and the external port."""
    if arguments['Protocol'] not in PROTOCOLS:
        raise Fault(402)
    return PROTOCOLS[arguments['Protocol']], number(arguments['ExternalPort'], 65535)


def value_of(entry):
    return [entry.internal_port, entry.client, 1, entry.description, entry.remaining]


class Actions:
    """Each method gets the arguments and the address of the client, and returns the results."""

    def __init__(self, table, permanent, say):
        self.table = table
        self.permanent = permanent
        self.say = say
        # Action: its method, the names of its arguments and of its results.
        self.all = {
            'GetExternalIPAddress': (self.get_address, [], ['ExternalIPAddress']),
            'GetStatusInfo': (self.get_status, [],
                              ['ConnectionStatus', 'LastConnectionError', 'Uptime']),
            'GetConnectionTypeInfo': (lambda *_: ['IP_Routed', 'IP_Routed'], [],
                                      ['ConnectionType', 'PossibleConnectionTypes']),
            'GetNATRSIPStatus': (lambda *_: [0, 1], [], ['RSIPAvailable', 'NATEnabled']),
            'AddPortMapping': (self.add, KEY + VALUE, []),
            'AddAnyPortMapping': (self.add_any, KEY + VALUE, ['ReservedPort']),
            'DeletePortMapping': (self.delete, KEY, []),
            'GetSpecificPortMappingEntry': (self.get_specific, KEY, VALUE),
            'GetGenericPortMappingEntry': (self.get_generic, ['PortMappingIndex'], KEY + VALUE),
            'GetListOfPortMappings': (
                self.get_list, ['StartPort', 'EndPort', 'Protocol', 'Manage', 'NumberOfPorts'],
                ['PortListing']),
        }

    def invoke(self, action, arguments, client):
        """Returns the results as pairs of name and text."""
        if action not in self.all:
            raise Fault(401)
        method, inputs, outputs = self.all[action]
        if list(arguments) != ['New' + name for name in inputs]:
            self.say(f'violation: {action} of {client} with {list(arguments)}')
            raise Fault(402)
        with self.table.lock:
            self.table.refresh()
            results = method({name: arguments['New' + name] for name in inputs}, client)
        return [('New' + name, str(value)) for name, value in zip(outputs, results)]

    def get_address(self, *_):
        return [self.table.address or '']

    def get_status(self, *_):
        return ['Connected' if self.table.address else 'Disconnected', 'ERROR_NONE',
                self.table.epoch]

    def check(self, arguments, client):
        """Returns the internal port and the time when the lease expires."""
        port = number(arguments['InternalPort'], 65535)
        lease = number(arguments['LeaseDuration'], LONGEST_LEASE)
        if arguments['Enabled'] not in ('1', 'true', 'yes'):
            raise Fault(402)
        if port == 0:
            raise Fault(732)
        if arguments['InternalClient'] != client or port < FIRST_PORT:
            raise Fault(606)
        if self.table.address is None:
            raise Fault(501)
        if self.permanent:
            if lease != 0:
                raise Fault(725)
            return port, None
        return port, time.monotonic() + (lease or LONGEST_LEASE)

    def put(self, entry):
        try:
            self.table.put(entry)
        except Refused:
            raise Fault(606) from None

    def add(self, arguments, client):
        protocol, external = key_of(arguments)
        internal, expires = self.check(arguments, client)
        if external == 0:
            raise Fault(716)
        if external < FIRST_PORT:
            raise Fault(606)
        known = self.table.at(protocol, external)
        if known is None:
            if not self.table.is_free(protocol, external, client):
                raise Fault(718)
        elif known.client != client or known.maker != 'upnp':
            raise Fault(718)
        self.put(Entry(protocol, external, client, internal, expires, 'upnp',
                       description=arguments['PortMappingDescription'],
                       remotes=remotes_of(arguments)))
        return []

    def add_any(self, arguments, client):
        protocol, external = key_of(arguments)
        internal, expires = self.check(arguments, client)
        known = self.table.at(protocol, external)
        if known is None or known.client != client or known.maker != 'upnp':
            external = self.table.free_port(protocol, client, external)
        if external is None:
            raise Fault(728)
        self.put(Entry(protocol, external, client, internal, expires, 'upnp',
                       description=arguments['PortMappingDescription'],
                       remotes=remotes_of(arguments)))
        return [external]

    def find(self, arguments):
        """An entry for another remote host is another one, although one port has one entry here."""
        remote_host = remote_of(arguments)
        entry = self.table.at(*key_of(arguments))
        if entry is None or entry.remote_host != remote_host:
            raise Fault(714)
        return entry

    def delete(self, arguments, client):
        entry = self.find(arguments)
        if entry.client != client:
            raise Fault(606)
        self.table.remove(entry)
        return []

    def get_specific(self, arguments, _):
        return value_of(self.find(arguments))

    def get_generic(self, arguments, _):
        entries = list(self.table.entries.values())
        index = number(arguments['PortMappingIndex'], 65535)
        if index >= len(entries):
            raise Fault(713)
        entry = entries[index]
        return [entry.remote_host, entry.external_port, NAMES[entry.protocol], *value_of(entry)]

    def get_list(self, arguments, _):
        first = number(arguments['StartPort'], 65535)
        last = number(arguments['EndPort'], 65535)
        limit = number(arguments['NumberOfPorts'], 65535) or 65536
        if first > last:
            raise Fault(733)
        if arguments['Protocol'] not in PROTOCOLS:
            raise Fault(402)
        entries = [entry for (protocol, port), entry in sorted(self.table.entries.items())
                   if protocol == PROTOCOLS[arguments['Protocol']] and first <= port <= last]
        if not entries:
            raise Fault(730)
        listed = ''.join(
            f'<p:PortMappingEntry><p:NewRemoteHost>{entry.remote_host}</p:NewRemoteHost>'
            f'<p:NewExternalPort>{entry.external_port}</p:NewExternalPort>'
            f'<p:NewProtocol>{NAMES[entry.protocol]}</p:NewProtocol>'
            f'<p:NewInternalPort>{entry.internal_port}</p:NewInternalPort>'
            f'<p:NewInternalClient>{entry.client}</p:NewInternalClient>'
            '<p:NewEnabled>1</p:NewEnabled>'
            f'<p:NewDescription>{escape(entry.description)}</p:NewDescription>'
            f'<p:NewLeaseTime>{entry.remaining}</p:NewLeaseTime></p:PortMappingEntry>'
            for entry in entries[:limit])
        return [f'<p:PortMappingList xmlns:p="{LIST_NAMESPACE}">{listed}</p:PortMappingList>']
