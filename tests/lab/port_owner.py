# SPDX-License-Identifier: LGPL-2.1-or-later
"""Another host of the home network that holds an external port, simulated with a second address of
the client.
"""

import contextlib
import http.client
import re
import socket
import struct
import urllib.parse

import lab

ADDRESS = '192.168.1.11'
ROUTER = '192.168.1.1'
LEASE = 3600  # seconds
SERVICE = 'urn:schemas-upnp-org:service:WANIPConnection:1'


def udp(message, port):
    """Sends a request from the address of the other host. Returns the answer, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.bind((ADDRESS, 0))
        asker.settimeout(2)
        asker.connect((ROUTER, port))
        asker.send(message)
        try:
            return asker.recv(2048)
        except OSError:
            return None


def map_by_natpmp(port):
    """RFC 6886 3.3."""
    answer = udp(struct.pack('!BBHHHI', 0, 2, 0, port, port, LEASE), 5351)
    if answer is None or len(answer) != 16 or struct.unpack('!H', answer[2:4])[0] != 0:
        return None
    return struct.unpack('!H', answer[10:12])[0]


def map_by_pcp(port):
    """RFC 6887 11.1."""
    def mapped(address):
        return bytes(10) + b'\xff\xff' + socket.inet_aton(address)

    answer = udp(struct.pack('!BBHI16s12sB3xHH16s', 2, 1, 0, LEASE, mapped(ADDRESS), bytes(12), 6,
                             port, port, mapped('0.0.0.0')), 5351)
    if answer is None or len(answer) != 60 or answer[3] != 0:
        return None
    return struct.unpack('!H', answer[42:44])[0]


def map_by_upnp(port):
    answer = udp(b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\n'
                 b'MX: 1\r\nST: ' + SERVICE.encode() + b'\r\n\r\n', 1900)
    place = re.search(r'(?im)^location:\s*(\S+)', answer.decode())
    url = urllib.parse.urlsplit(place.group(1))
    fields = {
        'NewRemoteHost': '', 'NewExternalPort': port, 'NewProtocol': 'TCP', 'NewInternalPort': port,
        'NewInternalClient': ADDRESS, 'NewEnabled': 1, 'NewPortMappingDescription': 'neighbour',
        'NewLeaseDuration': LEASE,
    }
    body = ('<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
            's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
            f'<u:AddPortMapping xmlns:u="{SERVICE}">'
            + ''.join(f'<{name}>{value}</{name}>' for name, value in fields.items())
            + '</u:AddPortMapping></s:Body></s:Envelope>')
    with contextlib.closing(http.client.HTTPConnection(
            url.hostname, url.port, timeout=5, source_address=(ADDRESS, 0))) as connection:
        connection.request('POST', '/ctl/IPConn', body, {
            'Content-Type': 'text/xml; charset="utf-8"',
            'SOAPAction': f'"{SERVICE}#AddPortMapping"',
        })
        assert connection.getresponse().status == 200, 'the router refuses the neighbour'
    return port


@contextlib.contextmanager
def having(port):
    """Adds the other host while the block runs. It holds the TCP port until its lease expires."""
    device = f'{ADDRESS}/24', 'dev', 'eth0'
    lab.run('ip', 'address', 'add', *device)
    try:
        lab.equal(map_by_natpmp(port) or map_by_pcp(port) or map_by_upnp(port), port,
                  'the port of the neighbour')
        yield
    finally:
        lab.run('ip', 'address', 'del', *device)
