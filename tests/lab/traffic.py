#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Traffic for the lab: an echo server, and a client that checks the answer."""

import argparse
import contextlib
import os
import socket
import sys
import threading

KINDS = {'tcp': socket.SOCK_STREAM, 'udp': socket.SOCK_DGRAM}
SIZE = 2048
NOT_REACHED = 3  # exit status of "send"; Python's own is 1 or 2


def family_of(address):
    return socket.AF_INET6 if ':' in address else socket.AF_INET


def bind(protocol, port, address='0.0.0.0'):
    listener = socket.socket(family_of(address), KINDS[protocol])
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    if protocol == 'tcp':
        listener.listen()
    return listener


def echo_once(protocol, listener):
    """Answers one peer. Returns the data and the address of the peer."""
    if protocol == 'udp':
        data, peer = listener.recvfrom(SIZE)
        listener.sendto(data, peer)
        return data, peer[0]
    connection, peer = listener.accept()
    with connection:
        connection.settimeout(5)
        data = connection.recv(SIZE)
        connection.sendall(data)
    return data, peer[0]


@contextlib.contextmanager
def echo_server(protocol, port, address='0.0.0.0'):
    """Runs an echo server while the block runs."""
    listener = bind(protocol, port, address)
    listener.settimeout(0.1)
    done = threading.Event()

    def serve():
        while not done.is_set():
            with contextlib.suppress(OSError):
                echo_once(protocol, listener)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        listener.close()


def exchange(protocol, address, port, timeout, source=None):
    """Sends a random token, from an address of this host. Returns whether the same token comes back,
    and the reason if not.
    """
    token = os.urandom(8).hex().encode()
    with socket.socket(family_of(address), KINDS[protocol]) as client:
        client.settimeout(timeout)
        if source is not None:
            client.bind((source, 0))
        try:
            client.connect((address, port))
            client.sendall(token)
            answer = client.recv(SIZE)
        except OSError as error:
            return False, str(error)
    return answer == token, 'unexpected answer: %r' % answer


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest='command', required=True)
    listen = commands.add_parser('listen', help='answer one peer, print its address, and exit')
    listen.add_argument('protocol', choices=KINDS)
    listen.add_argument('port', type=int)
    serve = commands.add_parser('serve', help='answer every peer until killed')
    serve.add_argument('protocol', choices=KINDS)
    serve.add_argument('port', type=int)
    send = commands.add_parser('send', help='send a token and expect it back')
    send.add_argument('protocol', choices=KINDS)
    send.add_argument('address')
    send.add_argument('port', type=int)
    send.add_argument('--timeout', type=float, default=3.0, help='seconds (default: 3)')
    send.add_argument('--source', help='the address to send from')
    args = parser.parse_args()

    if args.command == 'listen':
        with bind(args.protocol, args.port) as listener:
            print('listening', flush=True)
            data, peer = echo_once(args.protocol, listener)
            print(f'{len(data)} bytes from {peer}', flush=True)
        return 0

    if args.command == 'serve':
        with echo_server(args.protocol, args.port):
            print('ready', flush=True)
            threading.Event().wait()

    arrived, reason = exchange(args.protocol, args.address, args.port, args.timeout, args.source)
    print('answered' if arrived else f'not reached: {reason}')
    return 0 if arrived else NOT_REACHED


if __name__ == '__main__':
    sys.exit(main())
