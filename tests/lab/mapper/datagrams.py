# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server of PCP (RFC 6887) and NAT-PMP (RFC 6886) on UDP port 5351. It is strict: it judges the
requests of a client.
"""

import socket
import struct
import time

from table import TCP, UDP, Entry, Refused

PORT = 5351
ANNOUNCE_TO = '224.0.0.1', 5350

SUCCESS = 0
# Result codes of PCP (RFC 6887 7.4).
UNSUPP_VERSION, NOT_AUTHORIZED, MALFORMED_REQUEST, UNSUPP_OPCODE, UNSUPP_OPTION = 1, 2, 3, 4, 5
MALFORMED_OPTION, NETWORK_FAILURE, NO_RESOURCES, UNSUPP_PROTOCOL = 6, 7, 8, 9
CANNOT_PROVIDE_EXTERNAL, ADDRESS_MISMATCH = 11, 12
LONG_ERROR, SHORT_ERROR = 1800, 30  # seconds (RFC 6887 7.4)
LONG_ERRORS = {UNSUPP_VERSION, NOT_AUTHORIZED, MALFORMED_REQUEST, UNSUPP_OPCODE, UNSUPP_OPTION,
               MALFORMED_OPTION, UNSUPP_PROTOCOL, ADDRESS_MISMATCH}
PREFER_FAILURE, FILTER = 2, 3
FILTER_SIZE, LONGEST_PREFIX, MAPPED_PREFIX = 20, 128, 96
OPTIONAL = 128  # and above: the server may ignore the option

# Result codes of NAT-PMP (RFC 6886 3.5).
NATPMP_VERSION, NATPMP_REFUSED, NATPMP_NETWORK_FAILURE, NATPMP_NO_RESOURCES, NATPMP_OPCODE = \
    1, 2, 3, 4, 5


class Problem(Exception):
    """A PCP request that fails."""

    def __init__(self, result, lifetime=None, violation=None):
        super().__init__(result)
        self.result = result
        self.lifetime = lifetime
        self.violation = result in (MALFORMED_REQUEST, MALFORMED_OPTION) if violation is None \
            else violation


def mapped(address):
    """The IPv4-mapped IPv6 form of an address; None is the unspecified address."""
    return bytes(10) + b'\xff\xff' + socket.inet_aton(address or '0.0.0.0')


class Server:
    def __init__(self, table, protocols, say):
        self.table = table
        self.protocols = protocols
        self.say = say

    def answer(self, request, client):
        """Returns the answer to a datagram, or None."""
        if len(request) < 2 or request[1] & 0x80:  # an answer
            return None
        if request[0] == 0 and 'natpmp' in self.protocols:
            return self.answer_natpmp(request, client)
        if 'pcp' in self.protocols:
            return self.answer_pcp(request, client)
        return struct.pack('!BBHI', 0, 128 + request[1], NATPMP_VERSION, self.table.epoch)

    @staticmethod
    def asks_for_mapping(request):
        """Whether a request that was answered is one for a mapping, and not for its deletion."""
        if request[0] == 0:
            return request[1] in (1, 2) and request[8:12] != bytes(4)
        return request[1] == 1 and request[4:8] != bytes(4)

    # PCP.

    def pcp_head(self, opcode, result, lifetime):
        return struct.pack('!BBBBII12x', 2, 128 + opcode, 0, result, lifetime, self.table.epoch)

    def answer_pcp(self, request, client):
        opcode = request[1]
        if len(request) >= 4 and request[0] == 2 and request[2:4] != bytes(2):
            self.say(f'violation: PCP request of {client} with reserved bytes {request[2:4].hex()}')
        try:
            if request[0] != 2:
                raise Problem(UNSUPP_VERSION)
            if len(request) < 24 or len(request) > 1100 or len(request) % 4 != 0:
                raise Problem(MALFORMED_REQUEST)
            if request[8:24] != mapped(client):
                raise Problem(ADDRESS_MISMATCH)
            if opcode == 0:
                self.options(request[24:])
                return self.pcp_head(opcode, SUCCESS, 0)
            if opcode != 1:
                raise Problem(UNSUPP_OPCODE)
            if len(request) < 60:
                raise Problem(MALFORMED_REQUEST)
            return self.map(request, client)
        except Problem as problem:
            lifetime = problem.lifetime or \
                (LONG_ERROR if problem.result in LONG_ERRORS else SHORT_ERROR)
            self.say(f'{"violation: " if problem.violation else ""}PCP opcode {opcode} of {client}: '
                     f'result {problem.result}')
            payload = request[24:1100] if request[0] == 2 else b''
            return self.pcp_head(opcode, problem.result, lifetime) + \
                payload + bytes(-len(payload) % 4)

    @staticmethod
    def options(data):
        """Returns the options by code (RFC 6887 7.3); of FILTER, a list."""
        found = {}
        while data:
            if len(data) < 4:
                raise Problem(MALFORMED_OPTION)
            code, length = struct.unpack_from('!BxH', data)
            if len(data) < 4 + length or code in found and code != FILTER:
                raise Problem(MALFORMED_OPTION)
            value = data[4:4 + length]
            found[code] = [*found.get(FILTER, []), value] if code == FILTER else value
            data = data[4 + (length + 3) // 4 * 4:]
        for code, value in found.items():
            if code < OPTIONAL and code not in (PREFER_FAILURE, FILTER):
                raise Problem(UNSUPP_OPTION)
            if code == PREFER_FAILURE and value:
                raise Problem(MALFORMED_OPTION)
        return found

    @staticmethod
    def filtered(known, filters):
        """The networks that may connect after the filters of a request (RFC 6887 13.3). That a
        prefix is too long is not called a violation: the library asks for it on purpose, to see
        whether filters are read.
        """
        remotes = list(known)
        for value in filters:
            if len(value) != FILTER_SIZE:
                raise Problem(MALFORMED_OPTION)
            prefix, port, address = struct.unpack('!xBH16s', value)
            if prefix > LONGEST_PREFIX or 0 < prefix < MAPPED_PREFIX:
                raise Problem(MALFORMED_OPTION, violation=False)
            if prefix == 0:
                remotes = []
                continue
            host = socket.inet_ntoa(address[12:])
            if address != mapped(host) or port != 0:
                raise Problem(UNSUPP_OPTION)
            network = f'{host}/{prefix - MAPPED_PREFIX}'
            remotes += [] if network in remotes else [network]
        return tuple(remotes)

    def map(self, request, client):
        """RFC 6887 11.3 and 15.1."""
        lifetime, = struct.unpack_from('!I', request, 4)
        nonce, protocol, internal, suggested = struct.unpack_from('!12sB3xHH', request, 24)
        options = self.options(request[60:])
        exact = PREFER_FAILURE in options
        filters = options.get(FILTER, [])
        self.filtered((), filters)
        if protocol == 0 and internal != 0:
            raise Problem(MALFORMED_REQUEST)
        if protocol not in (TCP, UDP) or internal == 0:
            raise Problem(UNSUPP_PROTOCOL)
        entry = self.table.of_client(protocol, client, internal)
        if entry is not None and entry.nonce != nonce:
            raise Problem(NOT_AUTHORIZED, entry.remaining)
        if exact and (lifetime == 0 or suggested == 0):
            raise Problem(MALFORMED_OPTION)
        if lifetime == 0:
            if entry is not None:
                self.table.remove(entry)
                self.say(f'PCP: {client} deletes {protocol} {internal}')
            return self.pcp_head(1, SUCCESS, 0) + request[24:60]

        external = self.choose(entry, protocol, client, internal, suggested, exact)
        granted = self.table.lifetime(lifetime)
        self.put(Entry(protocol, external, client, internal, time.monotonic() + granted, 'pcp',
                       nonce, f'PCP {nonce.hex()}',
                       self.filtered(entry.remotes if entry else (), filters)))
        return self.pcp_head(1, SUCCESS, granted) + struct.pack(
            '!12sB3xHH16s', nonce, protocol, internal, external, mapped(self.table.address)) + \
            b''.join(struct.pack('!BxH', FILTER, FILTER_SIZE) + value for value in filters)

    def choose(self, entry, protocol, client, internal, suggested, exact):
        """Returns the external port."""
        if self.table.address is None:
            raise Problem(NETWORK_FAILURE)
        if entry is not None:
            if exact and suggested != entry.external_port:
                raise Problem(CANNOT_PROVIDE_EXTERNAL)
            return entry.external_port
        if exact:
            if not self.table.is_free(protocol, suggested, client):
                raise Problem(CANNOT_PROVIDE_EXTERNAL)
            return suggested
        port = self.table.free_port(protocol, client, suggested or internal, internal)
        if port is None:
            raise Problem(NO_RESOURCES)
        return port

    def put(self, entry):
        try:
            self.table.put(entry)
        except Refused:
            raise Problem(NOT_AUTHORIZED) from None
        self.say(f'{entry.maker}: {entry}')

    # NAT-PMP.

    def answer_natpmp(self, request, client):
        opcode = request[1]
        if opcode == 0:
            return self.address_answer()
        if opcode not in (1, 2):
            return struct.pack('!BBHI', 0, 128 + opcode, NATPMP_OPCODE, self.table.epoch)
        if len(request) != 12:
            self.say(f'violation: NAT-PMP request of {client} with {len(request)} bytes')
            return None
        reserved, internal, suggested, lifetime = struct.unpack_from('!HHHI', request, 2)
        if reserved != 0 or lifetime == 0 and suggested != 0:
            self.say(f'violation: NAT-PMP request of {client}: {request.hex()}')
        protocol = UDP if opcode == 1 else TCP
        if lifetime == 0:
            result, external = self.natpmp_delete(protocol, client, internal), 0
        else:
            result, external = self.natpmp_map(protocol, client, internal, suggested, lifetime)
        lifetime = self.table.lifetime(lifetime) if lifetime > 0 and result == SUCCESS else 0
        self.say(f'NAT-PMP: {client} {protocol} {internal}: result {result}, port {external}, '
                 f'{lifetime} s')
        return struct.pack('!BBHIHHI', 0, 128 + opcode, result, self.table.epoch, internal,
                           external, lifetime)

    def address_answer(self):
        address = self.table.address
        return struct.pack('!BBHI4s', 0, 128, SUCCESS if address else NATPMP_NETWORK_FAILURE,
                           self.table.epoch, socket.inet_aton(address or '0.0.0.0'))

    def natpmp_delete(self, protocol, client, internal):
        """RFC 6886 3.4; an internal port of 0 means all. Mappings made by PCP are not deleted."""
        entry = self.table.of_client(protocol, client, internal)
        if entry is not None and entry.maker == 'pcp':
            return NATPMP_REFUSED
        self.table.remove(*[entry for entry in self.table.entries.values()
                            if (entry.protocol, entry.client) == (protocol, client)
                            and internal in (0, entry.internal_port) and entry.maker == 'natpmp'])
        return SUCCESS

    def natpmp_map(self, protocol, client, internal, suggested, lifetime):
        """RFC 6886 3.3. Returns the result and the external port."""
        if self.table.address is None:
            return NATPMP_NETWORK_FAILURE, 0
        entry = self.table.of_client(protocol, client, internal)
        if internal == 0 or entry is not None and entry.maker == 'pcp':
            return NATPMP_REFUSED, 0
        port = entry.external_port if entry else \
            self.table.free_port(protocol, client, suggested or internal, internal)
        if port is None:
            return NATPMP_NO_RESOURCES, 0
        expires = time.monotonic() + self.table.lifetime(lifetime)
        try:
            self.table.put(Entry(protocol, port, client, internal, expires, 'natpmp',
                                 description=f'NAT-PMP {port}'))
        except Refused:
            return NATPMP_REFUSED, 0
        return SUCCESS, port

    # Announcements.

    def announcements(self):
        """RFC 6886 3.2.1 and RFC 6887 14.1.2."""
        if 'natpmp' in self.protocols and self.table.address:
            yield self.address_answer()
        if 'pcp' in self.protocols:
            yield self.pcp_head(0, SUCCESS, 0)
