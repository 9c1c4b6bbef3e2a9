# SPDX-License-Identifier: LGPL-2.1-or-later
"""The port mapping server of a router of the lab, for PCP, NAT-PMP and UPnP.

Unlike Debian 12's miniupnpd, it maps ports even if the external address of the router is private.
It runs on the router, uses the chains of hosts.sh, and ends on SIGTERM, when it removes its rules.
It is strict, and logs each violation of the protocols in a line that contains "violation".
"""

import argparse
import contextlib
import os
import pathlib
import signal
import socket
import threading
import time

from datagrams import ANNOUNCE_TO, PORT, Server
from igd import Igd
from table import Table

TICK = 0.1  # seconds between looks at leases and at the external address
ANNOUNCEMENTS = 3
ANNOUNCE_EVERY = 0.25  # seconds
LATE = 1.0  # seconds

say_lock = threading.Lock()


def say(text):
    with say_lock:
        print(f'{time.monotonic():.3f} {text}', flush=True)


def serve_datagrams(table, server, address, late_file):
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind((address, PORT))
    say(f'PCP and NAT-PMP on {address}')

    def send(answer, peer):
        with contextlib.suppress(OSError):
            listener.sendto(answer, peer)

    def loop():
        while True:
            request, peer = listener.recvfrom(2048)
            with table.lock:
                table.refresh()
                answer = server.answer(request, peer[0])
            if answer is None:
                continue
            if late_file.exists() and server.asks_for_mapping(request):
                threading.Timer(LATE, send, [answer, peer]).start()
            else:
                send(answer, peer)

    threading.Thread(target=loop, daemon=True).start()
    return listener


def announce(table, server, listener, address):
    """Sends the announcements in the background."""
    listener.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))

    def loop():
        for _ in range(ANNOUNCEMENTS):
            with table.lock:
                datagrams = list(server.announcements())
            for datagram in datagrams:
                with contextlib.suppress(OSError):  # the link is down
                    listener.sendto(datagram, ANNOUNCE_TO)
            time.sleep(ANNOUNCE_EVERY)

    threading.Thread(target=loop, daemon=True).start()


def parse():
    parser = argparse.ArgumentParser(prog='mapper', description=__doc__.splitlines()[0])
    parser.add_argument('--protocols', required=True, help='pcp, natpmp and upnp, with commas')
    parser.add_argument('--address', required=True, help='address of the router in its network')
    parser.add_argument('--wan', default='wan0', help='external interface')
    parser.add_argument('--hairpin', metavar='LAN', help='internal interface whose hosts reach '
                        'mapped ports at the external address')
    parser.add_argument('--http-port', type=int, default=5000)
    parser.add_argument('--uuid', required=True)
    parser.add_argument('--min-lifetime', type=int, default=120)
    parser.add_argument('--max-lifetime', type=int, default=86400)
    parser.add_argument('--refuse-file', type=pathlib.Path, required=True,
                        help='while it exists, requests for mappings are refused')
    parser.add_argument('--forget-file', type=pathlib.Path, required=True,
                        help='if it exists, it and all mappings are removed')
    parser.add_argument('--late-file', type=pathlib.Path, required=True,
                        help=f'while it exists, requests for mappings are answered {LATE:g} s late')
    parser.add_argument('--permanent', action='store_true',
                        help='UPnP supports permanent leases only (error 725)')
    parser.add_argument('--pid-file', type=pathlib.Path)
    args = parser.parse_args()
    args.protocols = set(args.protocols.split(','))
    if not args.protocols <= {'pcp', 'natpmp', 'upnp'}:
        parser.error('unknown protocol')
    return args


def main():
    args = parse()
    table = Table(args.wan, args.hairpin, args.refuse_file, args.forget_file,
                  (args.min_lifetime, args.max_lifetime))
    ending = threading.Event()
    for number in signal.SIGTERM, signal.SIGINT:
        signal.signal(number, lambda *_: ending.set())
    if args.pid_file:
        args.pid_file.write_text(f'{os.getpid()}\n', encoding='ascii')

    listener = server = igd = None
    if args.protocols & {'pcp', 'natpmp'}:
        server = Server(table, args.protocols, say)
        listener = serve_datagrams(table, server, args.address, args.late_file)
        announce(table, server, listener, args.address)
    if 'upnp' in args.protocols:
        igd = Igd(table, args.address, args.http_port, args.uuid, args.permanent, say,
                  lambda: LATE if args.late_file.exists() else 0)
        igd.start()

    announced = table.address
    while not ending.wait(TICK):
        with table.lock:
            table.refresh()
            changed, announced = table.address != announced, table.address
        if changed:
            say(f'the external address is {announced}')
            if listener is not None:
                announce(table, server, listener, args.address)
    if igd is not None:
        igd.goodbye()
    with table.lock:
        table.remove(*list(table.entries.values()))
        table.write_rules()


if __name__ == '__main__':
    main()
