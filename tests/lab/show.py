#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Shows step by step what plum-glib does. Runs inside the lab, on the client."""

import argparse
import subprocess
import sys

import lab
import traffic
from plumctl import Plumctl

PORT = 9000
NAMES = {'pcp': 'PCP', 'natpmp': 'NAT-PMP', 'upnp': 'UPnP'}


def step(text):
    print(f'- {text}', flush=True)


def show(program):
    print(f'A laptop ({lab.CLIENT}) is behind a home router with the external address '
          f'{lab.WAN}.')
    with traffic.echo_server('tcp', PORT):
        step(f'The laptop starts a server on TCP port {PORT}.')
        if lab.reached('tcp', lab.WAN, PORT, lab.UNREACHED_AFTER):
            raise AssertionError('the port is reachable before it is mapped')
        step('A host on the internet tries to connect: the router blocks the connection.')

        with Plumctl(program, f'tcp:{PORT}') as plumctl:
            step(f'The laptop asks the router: plumctl map tcp:{PORT}')
            event = plumctl.wait_for('success', 'tcp')
            host, port = event['external_host'], event['external_port']
            protocol = NAMES.get(event['backend'], event['backend'])
            step(f'The router maps the port with {protocol} for {event["lifetime"]} s: '
                 f'{host} port {port} leads to the laptop.')
            if not lab.reached('tcp', host, port):
                raise AssertionError(f'{host} port {port} is not reachable')
            step(f'A host on the internet connects to {host} port {port}, and the laptop answers.')
            status, seconds = plumctl.interrupt()
            if status != 0:
                raise AssertionError(f'plumctl exited with {status}: {plumctl.errors.strip()}')
        step(f'Ctrl-C: plumctl removes the mapping and exits after {seconds * 1000:.0f} ms.')
        if lab.reached('tcp', host, port, lab.UNREACHED_AFTER):
            raise AssertionError('the port is still open afterwards')
        step('A host on the internet tries again: the router blocks the connection.')
    return f'{host} port {port}, forwarded to {lab.CLIENT} port {PORT} with {protocol}'


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
