# SPDX-License-Identifier: LGPL-2.1-or-later
"""Functions for Python programs that run inside the lab, on the client."""

import contextlib
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import traffic

CLIENT = '192.168.1.10'
CLIENT6 = '2a00:1111:1:1::10'
ROUTER = '192.168.1.1'
WAN = '1.2.3.4'  # with two routers, of the outer one
INNER_WAN = '192.168.0.50'
OUTER = '192.168.0.1'
ROUTERS = 'router', 'outer'
EVERY_PROTOCOL, IPV4 = 0x0003, 0x0800  # <linux/if_ether.h>
UNREACHED_AFTER = 0.4  # seconds; the links of the lab need less than a millisecond

HERE = pathlib.Path(__file__).resolve().parent


def equal(got, expected, what):
    assert got == expected, f'{what}: got {got!r}, expected {expected!r}'


def eventually(condition, what, timeout=5.0):
    """Waits until a condition is true. To check one can take several processes, so the pauses grow."""
    since = time.monotonic()
    while not condition():
        waited = time.monotonic() - since
        assert waited < timeout, f'{what}: not within {timeout} s'
        time.sleep(min(max(0.02, waited / 10), 0.5))


def run(*command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def nft(rules_text, host='client'):
    subprocess.run(['lab-host', host, 'nft', '-f', '-'], input=rules_text + '\n', check=True,
                   text=True)


def router(name, *arguments):
    """Runs lab-router for a router: router, outer, provider or second. Returns its output."""
    return run('lab-router', *([f'--{name}'] if name != 'router' else []), *arguments)


def reported_address(service='urn:schemas-upnp-org:service:WANIPConnection:1'):
    """The external address that miniupnpd reports by UPnP, or None for an error or an empty one."""
    port = re.search(r'^http_port=(\d+)$', pathlib.Path('/run/lab/router.conf').read_text(), re.M)[1]
    request = urllib.request.Request(
        f'http://192.168.1.1:{port}/ctl/IPConn', method='POST',
        headers={'SOAPAction': f'"{service}#GetExternalIPAddress"', 'Content-Type': 'text/xml'},
        data=f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
             f'<u:GetExternalIPAddress xmlns:u="{service}"/></s:Body></s:Envelope>'.encode())
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                request, timeout=5) as answer:
            found = re.search(r'<NewExternalIPAddress>([^<]+)<', answer.read().decode())
    except urllib.error.HTTPError:
        return None
    return found and found[1]


def rules(port, name='router'):
    """The forwarding rules of a router that contain a port."""
    return [line.strip() for line in router(name, 'nft-table').splitlines()
            if f'dport {port} ' in line]


def violations(name='router'):
    """The violations of the protocols that the lab's own server has seen."""
    return [line for line in router(name, 'log').splitlines() if 'violation' in line]


def beyond(name='router'):
    """The numbers of packets of the client that a router has sent beyond it, without zeros."""
    counters = (line.split() for line in router(name, 'beyond').splitlines())
    return {kind: int(packets) for kind, packets in counters if packets != '0'}


def reset_beyond(name='router'):
    router(name, 'beyond', '--reset')


@contextlib.contextmanager
def refusing(name):
    """A router refuses all mappings while the block runs."""
    router(name, 'refuse')
    try:
        yield
    finally:
        router(name, 'accept')


@contextlib.contextmanager
def silent(name):
    """A router drops the requests of all protocols while the block runs."""
    router(name, 'silence')
    try:
        yield
    finally:
        router(name, 'undrop')


@contextlib.contextmanager
def late(name):
    """The lab's own server on a router answers requests for mappings late while the block runs."""
    router(name, 'delay')
    try:
        yield
    finally:
        router(name, 'undelay')


@contextlib.contextmanager
def power_cycle(name):
    """A router loses its rules, and starts again after the block. Nothing can map a port in between.
    """
    router(name, 'kill')
    router(name, 'forget')
    try:
        yield
    finally:
        router(name, 'start')


@contextlib.contextmanager
def captured(interface='eth0'):
    """A list, which has the IPv4 packets of this host after the block."""
    packets = []
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(EVERY_PROTOCOL)) as link:
        link.bind((interface, EVERY_PROTOCOL))
        link.setblocking(False)
        yield packets
        with contextlib.suppress(BlockingIOError):
            while True:
                packet, place = link.recvfrom(65536)
                if place[1] == IPV4:
                    packets.append(packet)


@contextlib.contextmanager
def dropped_answers(match):
    """The router drops packets to the client that match while the block runs."""
    nft(f'''table inet dropped_answers {{
  chain forward {{
    type filter hook forward priority -5; policy accept;
    iifname "wan0" {match} drop
  }}
}}''', 'router')
    try:
        yield
    finally:
        nft('delete table inet dropped_answers', 'router')


def hidden_hops():
    """The routers beyond the first one do not report that the TTL of a datagram was exceeded."""
    return dropped_answers('meta l4proto 1 icmp type time-exceeded')


@contextlib.contextmanager
def wan_address(name, address, usual):
    """A router has another external address while the block runs."""
    router(name, 'wan-address', address)
    try:
        yield
    finally:
        router(name, 'wan-address', usual)


@contextlib.contextmanager
def other_source(address):
    """What the client sends gets an external address of the router other than the reported one."""
    run('lab-host', 'router', 'ip', 'address', 'add', address + '/24', 'dev', 'wan0')
    nft(f'''table inet other_source {{
  chain postrouting {{
    type nat hook postrouting priority 90; policy accept;
    meta nfproto ipv4 iifname "lan0" oifname "wan0" snat ip to {address}
  }}
}}''', 'router')
    try:
        yield
    finally:
        nft('delete table inet other_source', 'router')
        run('lab-host', 'router', 'ip', 'address', 'delete', address + '/24', 'dev', 'wan0')


@contextlib.contextmanager
def firewall():
    """The client drops packets of peers that it has not contacted while the block runs. Answers to
    UPnP searches are allowed: they come from an address other than that of the group.
    """
    nft('''table inet firewall {
  chain input {
    type filter hook input priority 0; policy drop;
    iifname "lo" accept
    ct state established,related accept
    meta l4proto 1 accept
    meta l4proto 17 th sport 1900 accept
  }
}''')
    try:
        yield
    finally:
        nft('delete table inet firewall')


def reached(protocol, address, port, timeout=3.0, host='internet', source=None):
    """Whether a server can be reached from another host, which may have several addresses. That the
    client of traffic.py fails in any other way is an error.
    """
    command = ['lab-host', host, sys.executable, str(HERE / 'traffic.py'), 'send',
               protocol, address, str(port), '--timeout', str(timeout),
               *(['--source', source] if source else [])]
    done = subprocess.run(command, check=False, text=True, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE)
    assert done.returncode in (0, traffic.NOT_REACHED), f'{command}: {done.stderr}'
    return done.returncode == 0
