# SPDX-License-Identifier: LGPL-2.1-or-later
"""A C99 program without GLib headers, behind a real router: the blocking server of the manual."""

import os
import signal
import subprocess
import sys

import lab

CONNECT = 'import socket, sys; print(socket.create_connection((sys.argv[1], 8080), 3).recv(6).decode())'


def maps_and_is_reached(backend):
    """The program maps its port with one backend, is reached, and unmaps the port at its end."""
    program = os.environ.get('PLUM_LAB_SERVICE_PROGRAM')
    if not program:
        return
    with subprocess.Popen([program], text=True, stdout=subprocess.PIPE,
                          env=dict(os.environ, PLUM_BACKENDS=backend)) as server:
        lab.equal(server.stdout.readline(), f'Mapped at {lab.WAN}, port 8080\n', 'output')
        assert lab.rules(8080), 'the router has no forwarding rule for the port'
        lab.equal(lab.run('lab-host', 'internet', sys.executable, '-c', CONNECT, lab.WAN),
                  'hello\n\n', 'answer of the server')
        server.send_signal(signal.SIGINT)
        lab.equal(server.wait(10), 0, 'exit status')
    lab.equal(lab.rules(8080), [], 'rules left on the router')


def cases(*backends):
    return [(f'c99-program-{backend}', maps_and_is_reached, backend) for backend in backends]
