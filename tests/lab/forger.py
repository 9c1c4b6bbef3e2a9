#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host of the inner network that forges packets in the name of others. Runs on the router, where
it sees the packets of the client, like a host on the same wireless network.

  icmp ADDRESS   answers each UDP datagram that has a small TTL: time exceeded at ADDRESS (RFC 792)
  answers        answers the requests to the outer router in its name
"""

import argparse
import contextlib
import http.server
import os
import pathlib
import socket
import struct
import subprocess
import sys
import threading

import lab

ADDRESS = '192.168.1.66'
MAC = bytes.fromhex('020000000066')
HTTP_PORT = 8066
LOCATION = f'http://{ADDRESS}:{HTTP_PORT}/root.xml'
EXTERNAL = '6.6.6.6'
EXTERNAL_PORT = 6666
EPOCH = 66666
LIFETIME = 6666

IPV4 = 0x0800
ICMP, UDP = 1, 17
SMALL_TTL = 5
PCP, SSDP = 5351, 1900
LOG = pathlib.Path('/run/lab/forger.log')

# What the outer router itself answers.
ANSWERS = f'meta l4proto 17 ip saddr {lab.OUTER} th sport {{ {PCP}, {SSDP} }}'


def internet_checksum(data):
    """RFC 1071."""
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def packet(source, destination, protocol, payload):
    """An IPv4 packet."""
    def head(check):
        return struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, check,
                           socket.inet_aton(source), socket.inet_aton(destination))
    return head(internet_checksum(head(0))) + payload


def time_exceeded(quoted):
    """Quotes the IP header and the first eight bytes of a datagram."""
    body = struct.pack('!I', 0) + quoted[:28]
    check = internet_checksum(struct.pack('!BBH', 11, 0, 0) + body)
    return struct.pack('!BBH', 11, 0, check) + body


def datagram(source_port, destination_port, payload):
    """Without checksum, which IPv4 allows."""
    return struct.pack('!HHHH', source_port, destination_port, 8 + len(payload), 0) + payload


def pcp_answer(request, seen):
    """A success; with seen, the nonce of the request."""
    head = struct.pack('!BBBBII12x', 2, 128 + request[1], 0, 0,
                       LIFETIME if request[1] else 0, EPOCH)
    if request[1] != 1 or len(request) < 60:
        return head
    nonce = request[24:36] if seen else os.urandom(12)
    return head + nonce + request[36:42] + struct.pack('!H', EXTERNAL_PORT) + \
        bytes(10) + b'\xff\xff' + socket.inet_aton(EXTERNAL)


def natpmp_answer(request):
    if request[1] == 0:
        return struct.pack('!BBHI4s', 0, 128, 0, EPOCH, socket.inet_aton(EXTERNAL))
    return struct.pack('!BBHI2sHI', 0, 128 + request[1], 0, EPOCH, request[4:6], EXTERNAL_PORT,
                       LIFETIME)


def search_answer(request):
    target = next((line[3:].strip() for line in request.decode('latin-1').split('\r\n')
                   if line.upper().startswith('ST:')), 'upnp:rootdevice')
    return (f'HTTP/1.1 200 OK\r\nST: {target}\r\nUSN: uuid:6c1b29d0-0000-1000-8000-000000000066::'
            f'{target}\r\nEXT:\r\nLOCATION: {LOCATION}\r\n'
            'SERVER: Forger/1.0 UPnP/1.1 Forger/1.0\r\n'
            'CACHE-CONTROL: max-age=1800\r\n\r\n').encode()


def forged_answers(client, port, destination, payload, seen):
    """Packets in the name of the outer router, and from the own address. Without seen, the forger
    guesses what it cannot know: the nonce of PCP, and with NAT-PMP the port of the client.
    """
    if payload[:1] == b'M':
        answer, victim = search_answer(payload), port
    elif payload[:1] == b'\2':
        answer, victim = pcp_answer(payload, seen), port
    else:
        answer, victim = natpmp_answer(payload), port if seen else port ^ 1
    yield packet(lab.OUTER, client, UDP, datagram(destination, victim, answer))
    yield packet(ADDRESS, client, UDP, datagram(destination, port, answer))


def forged(frame, args):
    """The packets that answer a frame from the client."""
    data = frame[14:]
    if data[0] != 0x45 or data[9] != UDP or frame[0] & 1:
        return
    client = socket.inet_ntoa(data[12:16])
    if client != lab.CLIENT:
        return
    if args.kind == 'icmp':
        if data[8] <= SMALL_TTL:
            yield packet(args.address, client, ICMP, time_exceeded(data))
        return
    port, destination = struct.unpack_from('!HH', data, 20)
    payload = data[28:]
    if socket.inet_ntoa(data[16:20]) == lab.OUTER and destination in (PCP, SSDP) and \
            len(payload) >= 2:
        yield from forged_answers(client, port, destination, payload, args.seen)


def serve_http(say):
    """Nothing may ask for the description."""
    class Visitor(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            say(f'visited {self.path}')
            self.send_error(404)

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        def server_bind(self):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind(self.server_address)

    threading.Thread(target=Server((ADDRESS, HTTP_PORT), Visitor).serve_forever,
                     daemon=True).start()


def forge(args):
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(IPV4))
    link.bind(('lan0', IPV4))

    def say(text):
        with LOG.open('a', encoding='utf-8') as log:
            log.write(text + '\n')

    if args.kind == 'answers':
        serve_http(say)
    print('ready', flush=True)
    while True:
        frame, place = link.recvfrom(65536)
        if place[2] == socket.PACKET_OUTGOING or frame[6:12] == MAC:
            continue
        for data in forged(frame, args):
            link.send(frame[6:12] + MAC + struct.pack('!H', IPV4) + data)
            say(f'forged {len(data)} bytes from {socket.inet_ntoa(data[12:16])}')


def log():
    """What the forger has done: "forged ..." and "visited ..." lines."""
    return LOG.read_text(encoding='utf-8').splitlines() if LOG.exists() else []


@contextlib.contextmanager
def running(*arguments, alone=False):
    """Runs the forger while the block runs. With alone, the real answers are dropped."""
    LOG.unlink(missing_ok=True)
    kind = arguments[0]
    place = ['lab-host', 'router']
    with contextlib.ExitStack() as stack:
        lab.run(*place, 'ip', 'address', 'add', ADDRESS + '/24', 'dev', 'lan0')
        stack.callback(lab.run, *place, 'ip', 'address', 'delete', ADDRESS + '/24', 'dev', 'lan0')
        if alone:
            stack.enter_context(lab.hidden_hops() if kind == 'icmp' else
                                lab.dropped_answers(ANSWERS))
        process = stack.enter_context(subprocess.Popen(
            [*place, sys.executable, str(pathlib.Path(__file__).resolve()), *arguments], text=True,
            stdout=subprocess.PIPE))
        stack.callback(process.kill)
        assert process.stdout.readline() == 'ready\n', 'the forger does not start'
        yield


def icmp(address, alone=True):
    return running('icmp', address, alone=alone)


def answers(seen=False, alone=False):
    """With seen, its answers match the requests."""
    return running('answers', *(['--seen'] if seen else []), alone=alone)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = parser.add_subparsers(dest='kind', required=True)
    kinds.add_parser('icmp').add_argument('address')
    kinds.add_parser('answers').add_argument('--seen', action='store_true')
    forge(parser.parse_args())


if __name__ == '__main__':
    main()
