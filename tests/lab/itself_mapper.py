# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests of the port mapping server of the lab (mapper), with requests made by hand."""

import contextlib
import http.client
import os
import re
import socket
import struct
import time
import urllib.parse

import itself
import lab
import traffic

TCP, UDP = 6, 17
NEIGHBOUR = '192.168.1.11'
LATE = 1.0  # seconds, as in mapper/__main__.py
SERVICE = 'urn:schemas-upnp-org:service:WANIPConnection:2'
ENTRY = ['RemoteHost', 'ExternalPort', 'Protocol', 'InternalPort', 'InternalClient', 'Enabled',
         'PortMappingDescription', 'LeaseDuration']

SUCCESS, UNSUPP_VERSION, NOT_AUTHORIZED, MALFORMED_REQUEST = 0, 1, 2, 3
UNSUPP_OPCODE, UNSUPP_OPTION, MALFORMED_OPTION, UNSUPP_PROTOCOL = 4, 5, 6, 9
CANNOT_PROVIDE_EXTERNAL, ADDRESS_MISMATCH = 11, 12
THIRD_PARTY, PREFER_FAILURE, FILTER = 1, 2, 3
STRANGER = '192.168.0.77'  # of the network beyond the router


def mapped(address):
    return bytes(10) + b'\xff\xff' + socket.inet_aton(address)


def exchange(request, server=lab.ROUTER, source='', timeout=3.0):
    """Sends a datagram to port 5351. Returns the answer, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((source, 0))
        client.settimeout(timeout)
        client.connect((server, 5351))
        client.send(request)
        try:
            return client.recv(2048)
        except OSError:
            return None


def pcp_map(port, nonce, lifetime=600, protocol=TCP, suggested=0, option=None, server=lab.ROUTER,
            source='', address=lab.CLIENT, opcode=1, version=2, filters=()):
    """A MAP request. Returns the result, the lifetime, the external port and address; or None."""
    request = struct.pack('!BBHI16s12sB3xHH16s', version, opcode, 0, lifetime, mapped(address),
                          nonce, protocol, port, suggested, mapped('0.0.0.0'))
    if option is not None:
        request += struct.pack('!BxH', option, 0)
    for prefix, host in filters:
        request += struct.pack('!BxHxBH16s', FILTER, 20, prefix, 0, mapped(host))
    answer = exchange(request, server, source)
    if answer is None:
        return None
    lab.equal((answer[0], answer[1]), (2, 128 + opcode), 'version and opcode')
    if answer[3] != SUCCESS:
        return answer[3], None, None, None
    lab.equal((answer[24:42], answer[60:]), (request[24:42], request[60:] if filters else b''),
              'nonce, protocol and port; filters')
    return (answer[3], int.from_bytes(answer[4:8], 'big'), int.from_bytes(answer[42:44], 'big'),
            socket.inet_ntoa(answer[56:60]))


def natpmp(opcode, internal=0, suggested=0, lifetime=600, source='', server=lab.ROUTER):
    """Returns the result, the external port and the lifetime."""
    answer = exchange(struct.pack('!BBHHHI', 0, opcode, 0, internal, suggested, lifetime), server,
                      source)
    lab.equal((len(answer), answer[1]), (16, 128 + opcode), 'length and opcode')
    result, _, _, external, granted = struct.unpack_from('!HIHHI', answer, 2)
    return result, external, granted


@contextlib.contextmanager
def neighbour_address():
    """The client has a second address while the block runs."""
    device = NEIGHBOUR + '/24', 'dev', 'eth0'
    lab.run('ip', 'address', 'add', *device)
    try:
        yield
    finally:
        lab.run('ip', 'address', 'del', *device)


# PCP and NAT-PMP.


def pcp_life():
    """The mapping is granted, renewed by its owner only, and deleted."""
    nonce = os.urandom(12)
    granted = SUCCESS, 600, 9120, lab.INNER_WAN
    with traffic.echo_server('tcp', 9120):
        lab.equal(pcp_map(9120, nonce), granted, 'request')
        assert lab.reached('tcp', lab.INNER_WAN, 9120, host='outer'), 'not reached'
        lab.equal(pcp_map(9120, nonce, suggested=9121), granted, 'renewal')
        lab.equal(pcp_map(9120, os.urandom(12))[0], NOT_AUTHORIZED, 'another nonce')
        lab.equal(pcp_map(9120, os.urandom(12), 0)[0], NOT_AUTHORIZED, 'deletion with it')
        lab.equal(natpmp(2, 9120)[0], 2, 'result of NAT-PMP for the same port')
        assert lab.rules(9120), 'the mapping is gone'
        lab.equal(pcp_map(9120, nonce, 0)[:2], (SUCCESS, 0), 'deletion')
        lab.equal(lab.rules(9120), [], 'rules')
        lab.equal(pcp_map(9120, nonce, 0)[:2], (SUCCESS, 0), 'deletion of nothing')


@contextlib.contextmanager
def stranger():
    """The outer router has a second address while the block runs."""
    device = STRANGER + '/24', 'dev', 'lan0'
    lab.run('lab-host', 'outer', 'ip', 'address', 'add', *device)
    try:
        yield
    finally:
        lab.run('lab-host', 'outer', 'ip', 'address', 'del', *device)


def who_reaches(port):
    return [source for source in (lab.OUTER, STRANGER)
            if lab.reached('tcp', lab.INNER_WAN, port, lab.UNREACHED_AFTER, 'outer', source)]


def pcp_filters():
    """Filters are added to those of the mapping, until one removes all of them."""
    nonce = os.urandom(12)
    with traffic.echo_server('tcp', 9136), stranger():
        for filters, expected in (
                ([(128, lab.OUTER)], [lab.OUTER]),
                ([(128, STRANGER)], [lab.OUTER, STRANGER]),
                ([(0, '0.0.0.0'), (128, STRANGER)], [STRANGER]),
                ([(0, '0.0.0.0'), (120, '192.168.0.0')], [lab.OUTER, STRANGER]),
                ([(0, '0.0.0.0'), (128, '192.168.0.78')], []),
                ([(0, '0.0.0.0')], [lab.OUTER, STRANGER])):
            lab.equal(pcp_map(9136, nonce, filters=filters)[0], SUCCESS, f'result of {filters}')
            lab.equal(who_reaches(9136), expected, f'who reaches the port after {filters}')
        before = len(lab.violations())
        lab.equal(pcp_map(9136, nonce, 0, filters=[(129, lab.OUTER)])[0], MALFORMED_OPTION,
                  'a long prefix')
        lab.equal(len(lab.violations()), before, 'violations')
        lab.equal(pcp_map(9136, nonce, 0)[0], SUCCESS, 'deletion')


def pcp_is_strict():
    nonce = os.urandom(12)
    cases = [
        ('another address', ADDRESS_MISMATCH, {'address': NEIGHBOUR}),
        ('a wrong version', UNSUPP_VERSION, {'version': 3}),
        ('an unknown opcode', UNSUPP_OPCODE, {'opcode': 5}),
        ('an unsupported option', UNSUPP_OPTION, {'option': THIRD_PARTY}),
        ('protocol 132', UNSUPP_PROTOCOL, {'protocol': 132}),
        ('PREFER_FAILURE for any port', MALFORMED_OPTION, {'option': PREFER_FAILURE}),
    ]
    for what, result, arguments in cases:
        lab.equal(pcp_map(9122, nonce, **arguments)[0], result, what)
    lab.equal(exchange(bytes([2, 0]) + bytes(20))[3], MALFORMED_REQUEST, 'result if too short')
    lab.equal(lab.rules(9122), [], 'rules')
    lab.equal(len(lab.violations()), 2, 'violations that are logged')


def pcp_of_two_hosts():
    with neighbour_address():
        lab.equal(pcp_map(9123, bytes(12), suggested=9124, source=NEIGHBOUR, address=NEIGHBOUR)[2],
                  9124, 'port of the first host')
        nonce = os.urandom(12)
        lab.equal(pcp_map(9124, nonce, suggested=9124, option=PREFER_FAILURE)[0],
                  CANNOT_PROVIDE_EXTERNAL, 'PREFER_FAILURE')
        assert pcp_map(9124, nonce, suggested=9124)[2] != 9124, 'the port of another host'
        lab.equal(pcp_map(9125, nonce, protocol=UDP, suggested=9125, option=PREFER_FAILURE)[2],
                  9125, 'PREFER_FAILURE for a free port')
    lab.router('router', 'restart')
    lab.equal(lab.rules(9124), [], 'rules after the restart')


def natpmp_life():
    lab.equal(itself.query_address()[1], lab.INNER_WAN, 'external address')
    with traffic.echo_server('udp', 9126):
        lab.equal(natpmp(1, 9126, 19126), (0, 19126, 600), 'request')
        assert lab.reached('udp', lab.INNER_WAN, 19126, host='outer'), 'not reached'
        lab.equal(natpmp(1, 9126, 9126), (0, 19126, 600), 'renewal')
        lab.equal(natpmp(1, 9126, 0, 0), (0, 0, 0), 'deletion')
        lab.equal(lab.rules(19126), [], 'rules')
    for port in 9127, 9128:
        natpmp(2, port)
    lab.equal(natpmp(2, 0, 0, 0), (0, 0, 0), 'deletion of all TCP ports')
    lab.equal(lab.rules(9127) + lab.rules(9128), [], 'rules')
    lab.equal(exchange(bytes([0, 3]))[:4], bytes([0, 131, 0, 5]), 'an unknown opcode')


def lease_expires():
    """The suite allows leases of a few seconds."""
    lab.equal(natpmp(2, 9129, 0, 2), (0, 9129, 2), 'request')
    lab.equal(pcp_map(9130, bytes(12), 2)[:2], (SUCCESS, 2), 'request')
    assert lab.rules(9129) and lab.rules(9130), 'no rules'
    lab.eventually(lambda: not lab.rules(9129) and not lab.rules(9130), 'the leases expire')


def one_protocol(protocol):
    """A server that supports one of the two protocols says so to clients of the other one."""
    if protocol == 'pcp':
        lab.equal(exchange(bytes(2))[:4], bytes([2, 128, 0, UNSUPP_VERSION]), 'answer to NAT-PMP')
        lab.equal(pcp_map(9131, bytes(12))[0], SUCCESS, 'result of PCP')
    else:
        answer = exchange(bytes([2, 0]) + bytes(6) + mapped(lab.CLIENT))
        lab.equal(answer[:4], bytes([0, 128, 0, 1]), 'answer to PCP')
        lab.equal(natpmp(2, 9131)[0], 0, 'result of NAT-PMP')


# UPnP.


def search(server, target=SERVICE, timeout=3.0):
    """A unicast search. Returns the location, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(timeout)
        client.sendto(f'M-SEARCH * HTTP/1.1\r\nHOST: {server}:1900\r\nMAN: "ssdp:discover"\r\n'
                      f'MX: 1\r\nST: {target}\r\n\r\n'.encode(), (server, 1900))
        try:
            answer, peer = client.recvfrom(2048)
        except OSError:
            return None
    lab.equal(peer, (server, 1900), 'sender')
    return re.search(r'(?im)^location:\s*(\S+)', answer.decode())[1]


def soap(place, action, source=None, **arguments):
    """Returns the results, or the error code."""
    url = urllib.parse.urlsplit(place)
    with contextlib.closing(http.client.HTTPConnection(
            url.hostname, url.port, timeout=5, source_address=(source, 0) if source else None)) \
            as connection:
        connection.request('GET', url.path)
        description = connection.getresponse().read().decode()
        control = re.search(r'WANIPConnection:2<.*?<controlURL>([^<]*)', description)[1]
        values = ''.join(f'<New{name}>{value}</New{name}>' for name, value in arguments.items())
        connection.request('POST', control, (
            '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
            's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
            f'<u:{action} xmlns:u="{SERVICE}">{values}</u:{action}></s:Body></s:Envelope>'),
            {'Content-Type': 'text/xml; charset="utf-8"', 'SOAPAction': f'"{SERVICE}#{action}"'})
        answer = connection.getresponse()
        text = answer.read().decode()
    if answer.status != 200:
        return int(re.search(r'<errorCode>(\d+)', text)[1])
    return dict(re.findall(r'<New(\w+)>([^<]*)</New', text))


def add(place, port, action='AddPortMapping', host=lab.CLIENT, source=None, lease=600):
    values = '', port, 'TCP', port, host, 1, 'by hand', lease
    return soap(place, action, source, **dict(zip(ENTRY, values)))


def upnp_life():
    place = search(lab.ROUTER)
    key = dict(zip(ENTRY, ('', 9132, 'TCP')))
    lab.equal(soap(place, 'GetExternalIPAddress'), {'ExternalIPAddress': lab.INNER_WAN}, 'address')
    lab.equal(soap(place, 'GetStatusInfo')['ConnectionStatus'], 'Connected', 'status')
    lab.equal(soap(place, 'GetSpecificPortMappingEntry', **key), 714, 'entry before')
    with traffic.echo_server('tcp', 9132):
        lab.equal(add(place, 9132), {}, 'AddPortMapping')
        lab.equal(add(place, 9132), {}, 'renewal')
        assert lab.reached('tcp', lab.INNER_WAN, 9132, host='outer'), 'not reached'
        entry = soap(place, 'GetSpecificPortMappingEntry', **key)
        lab.equal((entry['InternalClient'], entry['PortMappingDescription']),
                  (lab.CLIENT, 'by hand'), 'entry')
        entry = soap(place, 'GetGenericPortMappingEntry', PortMappingIndex=0)
        lab.equal((entry['ExternalPort'], entry['Protocol']), ('9132', 'TCP'), 'entry 0')
        lab.equal(soap(place, 'GetGenericPortMappingEntry', PortMappingIndex=1), 713, 'entry 1')
        lab.equal(soap(place, 'DeletePortMapping', **key), {}, 'deletion')
        lab.equal(lab.rules(9132), [], 'rules')
    lab.equal(soap(place, 'DeletePortMapping', **key), 714, 'deletion of nothing')


def upnp_remote_host():
    place = search(lab.ROUTER)
    wide, restricted = (dict(zip(ENTRY, (host, 9137, 'TCP'))) for host in ('', STRANGER))
    with traffic.echo_server('tcp', 9137), stranger():
        lab.equal(soap(place, 'AddPortMapping', **restricted, InternalPort=9137,
                       InternalClient=lab.CLIENT, Enabled=1, PortMappingDescription='by hand',
                       LeaseDuration=600), {}, 'AddPortMapping')
        lab.equal(who_reaches(9137), [STRANGER], 'who reaches the port')
        entry = soap(place, 'GetGenericPortMappingEntry', PortMappingIndex=0)
        lab.equal((entry['RemoteHost'], entry['ExternalPort']), (STRANGER, '9137'), 'entry 0')
        lab.equal(soap(place, 'GetSpecificPortMappingEntry', **wide), 714, 'entry for all hosts')
        lab.equal(soap(place, 'DeletePortMapping', **wide), 714, 'deletion of that')
        lab.equal(soap(place, 'DeletePortMapping', **restricted), {}, 'deletion')
        lab.equal(lab.rules(9137), [], 'rules')
    lab.equal(soap(place, 'DeletePortMapping', **{**wide, 'RemoteHost': 'example.org'}), 726,
              'a name')


def late_answers():
    """Only requests for mappings are answered late; the mapping is there at once."""
    place = search(lab.ROUTER)
    requests = [
        ('pcp', 9138, lambda: pcp_map(9138, bytes(12)), lambda: pcp_map(9138, bytes(12), 0)),
        ('natpmp', 9139, lambda: natpmp(2, 9139), lambda: natpmp(2, 9139, lifetime=0)),
        ('upnp', 9140, lambda: add(place, 9140), lambda: soap(
            place, 'DeletePortMapping', RemoteHost='', ExternalPort=9140, Protocol='TCP')),
    ]
    with lab.late('router'):
        for name, port, request, removal in requests:
            since = time.monotonic()
            request()
            assert time.monotonic() - since >= LATE, f'the answer of {name} is not late'
            assert lab.rules(port), 'no rule'
            removal()
            lab.equal(lab.rules(port), [], 'rules')
    since = time.monotonic()
    pcp_map(9138, bytes(12))
    assert time.monotonic() - since < LATE, 'the answer is still late'
    pcp_map(9138, bytes(12), 0)


def another_kind(protocol):
    lab.router('router', 'kind', f'mapper-{protocol}')
    one_protocol(protocol)


def upnp_of_two_hosts():
    place = search(lab.ROUTER)
    with neighbour_address():
        lab.equal(add(place, 9133, host=NEIGHBOUR, source=NEIGHBOUR), {}, 'first host')
        lab.equal(add(place, 9133), 718, 'the port of another host')
        lab.equal(add(place, 9134, host=NEIGHBOUR, source=lab.CLIENT), 606, 'for another host')
        lab.equal(soap(place, 'DeletePortMapping', source=lab.CLIENT,
                       **dict(zip(ENTRY, ('', 9133, 'TCP')))), 606, 'deletion for another host')
        port = int(add(place, 9133, 'AddAnyPortMapping')['ReservedPort'])
        assert port != 9133 and lab.rules(port), 'no other port'
        lab.equal(soap(place, 'DeletePortMapping', RemoteHost='', ExternalPort=port,
                       Protocol='TCP'), {}, 'deletion')
    lab.equal(soap(place, 'AddPortMapping', **dict.fromkeys(ENTRY[:4], '')), 402, 'few arguments')
    lab.equal(soap(place, 'Reboot'), 401, 'an unknown action')


def permanent_leases():
    place = search(lab.ROUTER)
    lab.equal(add(place, 9135), 725, 'with a lease')
    lab.equal(add(place, 9135, lease=0), {}, 'without a lease')
    assert lab.rules(9135), 'no rule'


CASES = [
    ('pcp-life', pcp_life),
    ('pcp-is-strict', pcp_is_strict),
    ('pcp-of-two-hosts', pcp_of_two_hosts),
    ('pcp-filters', pcp_filters),
    ('natpmp-life', natpmp_life),
    ('lease-expires', lease_expires),
    ('upnp-life', upnp_life),
    ('upnp-remote-host', upnp_remote_host),
    ('upnp-of-two-hosts', upnp_of_two_hosts),
    ('late-answers', late_answers),
    ('one-protocol-pcp', another_kind, 'pcp'),
    ('one-protocol-natpmp', another_kind, 'natpmp'),
]
