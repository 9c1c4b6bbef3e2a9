#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Other hosts of the home network. Each runs on the router, with an additional address.

  television   answers every UPnP search, but is not a router
  twin         answers the NAT-PMP requests to the router from its own address
  mapper       takes the place of a router without a daemon: it answers every NAT-PMP request with
               success, even with a private external address (and forwards nothing)
"""

import argparse
import contextlib
import http.server
import json
import pathlib
import socket
import struct
import subprocess
import sys
import threading
import time

ROUTER = '192.168.1.1'
GROUP = '239.255.255.250'
HTTP_PORT = 8008

SEARCH_ANSWER = '''HTTP/1.1 200 OK\r
CACHE-CONTROL: max-age=1800\r
EXT:\r
LOCATION: http://{address}:{port}/television.xml\r
SERVER: Television/1.0 UPnP/1.0 Television/1.0\r
ST: {target}\r
USN: uuid:6c1b29d0-0000-1000-8000-000000000001::{target}\r
\r
'''

DESCRIPTION = b'''<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
<specVersion><major>1</major><minor>0</minor></specVersion>
<device>
<deviceType>urn:schemas-upnp-org:device:MediaRenderer:1</deviceType>
<friendlyName>Living room</friendlyName>
<manufacturer>Example</manufacturer>
<modelName>Television</modelName>
<UDN>uuid:6c1b29d0-0000-1000-8000-000000000001</UDN>
<serviceList><service>
<serviceType>urn:schemas-upnp-org:service:RenderingControl:1</serviceType>
<serviceId>urn:upnp-org:serviceId:RenderingControl</serviceId>
<SCPDURL>/control.xml</SCPDURL>
<controlURL>/control</controlURL>
<eventSubURL>/event</eventSubURL>
</service></serviceList>
</device>
</root>
'''


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Type', 'text/xml')
        self.send_header('Content-Length', str(len(DESCRIPTION)))
        self.end_headers()
        self.wfile.write(DESCRIPTION)

    def log_message(self, *_):
        pass


def television(address):
    server = http.server.ThreadingHTTPServer((address, HTTP_PORT), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    group = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    group.bind((GROUP, 1900))
    group.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                     socket.inet_aton(GROUP) + socket.inet_aton(address))
    answers = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    answers.bind((address, 1900))
    print('ready', flush=True)
    while True:
        data, peer = group.recvfrom(2048)
        for line in data.decode(errors='replace').splitlines():
            name, _, target = line.partition(':')
            if data.startswith(b'M-SEARCH') and name.strip().upper() == 'ST':
                answer = SEARCH_ANSWER.format(address=address, port=HTTP_PORT,
                                              target=target.strip())
                answers.sendto(answer.encode(), peer)


def twin(address):
    """Like one of two routers that share 192.168.1.1 and answer from their own addresses."""
    requests = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    requests.bind((ROUTER, 5351))
    answers = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    answers.bind((address, 5351))
    started = time.monotonic()
    print('ready', flush=True)
    while True:
        data, peer = requests.recvfrom(2048)
        if data[:2] == b'\0\0':
            epoch = int(time.monotonic() - started)
            answers.sendto(struct.pack('!BBHI4B', 0, 128, 0, epoch, 1, 2, 3, 4), peer)


def mapper(address):
    """Unlike miniupnpd, many routers map ports while their external address is private."""
    sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / 'plumctl'))
    from fake_gateway import FakeGateway
    links = json.loads(subprocess.run(['ip', '-json', '-4', 'address', 'show', 'dev', 'wan0'],
                                      check=True, stdout=subprocess.PIPE).stdout)
    router = FakeGateway(protocol='natpmp', external=links[0]['addr_info'][0]['local'])
    router.address = address
    with router:
        print('ready', flush=True)
        threading.Event().wait()


@contextlib.contextmanager
def neighbour(kind, address):
    """Adds another host of this kind while the block runs."""
    place = ['lab-host', 'router', 'ip', 'address']
    if address != ROUTER:
        subprocess.run([*place, 'add', address + '/24', 'dev', 'lan0'], check=True)
    process = subprocess.Popen(['lab-host', 'router', sys.executable,
                                str(pathlib.Path(__file__).resolve()), kind, address], text=True,
                               stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == 'ready\n', f'no {kind}'
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        if address != ROUTER:
            subprocess.run([*place, 'delete', address + '/24', 'dev', 'lan0'], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('kind', choices=['television', 'twin', 'mapper'])
    parser.add_argument('address')
    args = parser.parse_args()
    {'television': television, 'twin': twin, 'mapper': mapper}[args.kind](args.address)


if __name__ == '__main__':
    main()
