#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What plum-glib is for, step by step in plain words. Run inside the lab, as the client."""

import argparse
import subprocess
import sys

import lab
import traffic
from plumctl import Plumctl

PORT = 9000


def step(text):
    print(f'- {text}', flush=True)


def show(program):
    print(f'A laptop ({lab.CLIENT}) is behind a home router, whose address on the internet is '
          f'{lab.WAN}.')
    with traffic.echo_server('tcp', PORT):
        step(f'The laptop starts a server on TCP port {PORT}.')
        if lab.reached('tcp', lab.WAN, PORT, lab.UNREACHED_AFTER):
            raise AssertionError('it is reached before anything was asked: this is no test')
        step('Somebody on the internet tries to connect: the router lets nobody in.')

        with Plumctl(program, f'tcp:{PORT}') as plumctl:
            step(f'The laptop asks the router: plumctl map tcp:{PORT}')
            event = plumctl.wait_for('success', 'tcp')
            host, port = event['external_host'], event['external_port']
            step(f'The router agrees, by {event["backend"]}, for {event["lifetime"]} s: '
                 f'{host} port {port} leads to the laptop.')
            if not lab.reached('tcp', host, port):
                raise AssertionError(f'nobody gets through to {host} port {port}')
            step(f'Somebody on the internet connects to {host} port {port}, and is answered by '
                 'the laptop.')
            status, seconds = plumctl.interrupt()
            if status != 0:
                raise AssertionError(f'plumctl ended with {status}: {plumctl.errors.strip()}')
        step(f'Ctrl-C: plumctl asks the router to forget it, and leaves after '
             f'{seconds * 1000:.0f} ms.')
        if lab.reached('tcp', host, port, lab.UNREACHED_AFTER):
            raise AssertionError('the port is still open afterwards')
        step('Somebody on the internet tries again: the router lets nobody in.')
    return f'{host} port {port}, forwarded to {lab.CLIENT} port {PORT} by {event["backend"]}'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('plumctl', help='the program')
    try:
        print(f'reached: {show(parser.parse_args().plumctl)}')
    except (AssertionError, subprocess.SubprocessError) as error:
        print(f'not reached: {error}')
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
