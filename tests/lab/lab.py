# SPDX-License-Identifier: LGPL-2.1-or-later
"""Functions for Python programs that run inside the lab, on the client."""

import pathlib
import subprocess
import sys
import time

CLIENT = '192.168.1.10'
CLIENT6 = '2a00:1111:1:1::10'
WAN = '1.2.3.4'
UNREACHED_AFTER = 0.4  # seconds; the links of the lab need less than a millisecond

HERE = pathlib.Path(__file__).resolve().parent


def equal(got, expected, what):
    assert got == expected, f'{what}: got {got!r}, expected {expected!r}'


def eventually(condition, what, timeout=5.0):
    """Waits until a condition is true."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f'{what}: not within {timeout} s'
        time.sleep(0.02)


def run(*command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def rules(port, router='router'):
    """The forwarding rules of a router that contain a port."""
    which = ['--outer'] if router == 'outer' else []
    return [line.strip() for line in run('lab-router', *which, 'nft-table').splitlines()
            if f'dport {port} ' in line]


def reached(protocol, address, port, timeout=3.0):
    """Whether a server can be reached from the internet host."""
    command = ['lab-host', 'internet', sys.executable, str(HERE / 'traffic.py'), 'send',
               protocol, address, str(port), '--timeout', str(timeout)]
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode == 0
