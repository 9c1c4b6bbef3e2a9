# SPDX-License-Identifier: LGPL-2.1-or-later
"""The STUN server of the internet host (the option --stun of the lab), and tests of it. They do not
run plum-glib: the requests are made by hand.
"""

import contextlib
import os
import socket
import struct

import itself
import lab

NAME = 'stun.example'
ADDRESS = '1.2.3.1'
OTHER_ADDRESS = '1.2.3.2'
PORT = 3478
OTHER_PORT = 3479

MAGIC = 0x2112a442
BINDING_REQUEST, BINDING_SUCCESS = 0x0001, 0x0101
CHANGE_REQUEST, XOR_MAPPED_ADDRESS, OTHER_ADDRESS_ATTRIBUTE = 0x0003, 0x0020, 0x802c
CHANGE_PORT, CHANGE_BOTH = 0x2, 0x6


@contextlib.contextmanager
def stun_server(two_addresses=True):
    """Runs coturn on the internet host while the block runs: on UDP port 3478, without
    authentication, with RFC 5780 if it has two addresses. Yields its addresses.
    """
    lab.run('lab-stun', 'start', *([] if two_addresses else ['--one-address']))
    try:
        yield [ADDRESS, OTHER_ADDRESS] if two_addresses else [ADDRESS]
    finally:
        lab.run('lab-stun', 'stop')


def request(transaction, change):
    """RFC 8489 section 5; CHANGE-REQUEST of RFC 5780 section 7.2."""
    attributes = struct.pack('!HHI', CHANGE_REQUEST, 4, change) if change else b''
    return struct.pack('!HHI', BINDING_REQUEST, len(attributes), MAGIC) + transaction + attributes


def attributes_of(answer, transaction):
    """The attributes of a success response, by type."""
    kind, length, magic = struct.unpack_from('!HHI', answer)
    lab.equal((kind, magic, answer[8:20]), (BINDING_SUCCESS, MAGIC, transaction), 'header')
    lab.equal(len(answer), 20 + length, 'length of the answer')
    found = {}
    rest = answer[20:]
    while rest:
        kind, length = struct.unpack_from('!HH', rest)
        found.setdefault(kind, rest[4:4 + length])
        rest = rest[4 + (length + 3) // 4 * 4:]
    return found


def endpoint(value, mask=0):
    """RFC 8489 section 14.2, for IPv4."""
    _, family, port, address = struct.unpack('!BBHI', value)
    lab.equal(family, 1, 'address family')
    return socket.inet_ntoa(struct.pack('!I', address ^ mask)), port ^ mask >> 16


def ask(port, host=ADDRESS, change=0, timeout=3.0):
    """Sends one Binding request from a UDP port. Returns the mapped endpoint, the other endpoint or
    None, and the endpoint that the answer came from; or None if no answer comes.
    """
    transaction = os.urandom(12)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind(('0.0.0.0', port))
        client.settimeout(timeout)
        client.sendto(request(transaction, change), (host, PORT))
        try:
            answer, peer = client.recvfrom(2048)
        except socket.timeout:
            return None
    found = attributes_of(answer, transaction)
    other = found.get(OTHER_ADDRESS_ATTRIBUTE)
    return (endpoint(found[XOR_MAPPED_ADDRESS], MAGIC), other and endpoint(other), peer)


# The cases.


def answers(host):
    with stun_server():
        lab.equal(ask(9200, host), ((lab.WAN, 9200), (OTHER_ADDRESS, OTHER_PORT), (ADDRESS, PORT)),
                  'answer')


def second_address_answers():
    """coturn 4.6.1 names that address itself as the other one in this case."""
    with stun_server():
        mapped, _, peer = ask(9201, OTHER_ADDRESS)
    lab.equal((mapped, peer), ((lab.WAN, 9201), (OTHER_ADDRESS, PORT)), 'answer')


def strangers_reach_only_a_mapped_port():
    """The answer from the other address arrives only if the port is mapped on the router."""
    with stun_server():
        lab.equal(ask(9202, change=CHANGE_BOTH, timeout=lab.UNREACHED_AFTER), None, 'not mapped')
        lab.equal(ask(9203, change=CHANGE_PORT, timeout=lab.UNREACHED_AFTER), None, 'not mapped')
        itself.map_port(9204, protocol='udp')
        lab.equal(ask(9204, change=CHANGE_BOTH),
                  ((lab.WAN, 9204), (OTHER_ADDRESS, OTHER_PORT), (OTHER_ADDRESS, OTHER_PORT)),
                  'answer to a mapped port')


def one_address():
    """Without RFC 5780, the answer has no OTHER-ADDRESS."""
    with stun_server(two_addresses=False):
        lab.equal(ask(9205), ((lab.WAN, 9205), None, (ADDRESS, PORT)), 'answer')


def stopped():
    with stun_server():
        pass
    lab.equal(ask(9206, timeout=lab.UNREACHED_AFTER), None, 'answer of a stopped server')


CASES = [
    ('answers-by-address', answers, ADDRESS),
    ('answers-by-name', answers, NAME),
    ('second-address-answers', second_address_answers),
    ('strangers-reach-only-a-mapped-port', strangers_reach_only_a_mapped_port),
    ('one-address', one_address),
    ('stopped', stopped),
]
