# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests of the lab itself. They do not run plum-glib."""

import os
import pathlib
import re
import signal
import socket
import struct
import subprocess

import lab
import traffic

ROUTER = '192.168.1.1'
OUTER = '192.168.0.1'
MARK = 'sleep 86399'  # a unique command line
IP_RECVERR = 11  # <linux/in.h>; defined by Python 3.14 and later


def query_address(timeout=1.0, router=ROUTER):
    """Sends a NAT-PMP external address request. Returns the epoch and the address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(timeout)
        client.connect((router, 5351))
        client.send(bytes(2))
        answer = client.recv(64)
    lab.equal(len(answer), 12, 'length of the NAT-PMP answer')
    return int.from_bytes(answer[4:8], 'big'), socket.inet_ntoa(answer[8:12])


def query_error(timeout=0.3):
    try:
        query_address(timeout)
    except OSError as error:
        return type(error)
    return None


def wait_for_address(address):
    lab.eventually(lambda: query_address()[1] == address, f'the router reports {address}')


def map_port(port, router=ROUTER, protocol='tcp'):
    """Sends a NAT-PMP request for a port."""
    lab.equal(result_of_mapping(port, router, protocol), 0, 'result code')


def result_of_mapping(port, router, protocol='tcp'):
    opcode = {'udp': 1, 'tcp': 2}[protocol]
    request = bytes([0, opcode, 0, 0]) + port.to_bytes(2, 'big') * 2 + (7200).to_bytes(4, 'big')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(1.0)
        client.connect((router, 5351))
        client.send(request)
        answer = client.recv(64)
    return int.from_bytes(answer[2:4], 'big')


def http_port():
    listening = re.search(r'HTTP listening on port (\d+)\n(?!.*HTTP listening)',
                          lab.run('lab-router', 'log'), re.DOTALL)
    return int(listening[1])


def nothing_but_the_hosts(*routers):
    lab.equal(sorted(os.listdir('/run/netns')), sorted(['client', 'internet', *routers]), 'hosts')
    for host in ('client', *routers, 'internet'):
        listing = lab.run('lab-host', host, 'ip', '-o', 'link')
        links = re.findall(r'^\d+: ([a-z0-9]+)', listing, re.M)
        expected = ['lo', 'lan0', 'wan0'] if host in routers else ['lo', 'eth0']
        lab.equal(sorted(links), sorted(expected), f'links of {host}')


def wan_address_changes():
    lab.equal(query_address()[1], lab.WAN, 'address before')
    lab.run('lab-router', 'wan-address', '1.2.3.77')
    wait_for_address('1.2.3.77')
    lab.run('lab-router', 'wan-address', lab.WAN)
    wait_for_address(lab.WAN)


def kill_keeps_the_rules():
    map_port(9000)
    assert lab.rules(9000), 'no rule after mapping'
    lab.run('lab-router', 'kill')
    lab.equal(query_error(), ConnectionRefusedError, 'query while the daemon is dead')
    assert lab.rules(9000), 'the rules were removed with the daemon'
    lab.run('lab-router', 'start')


def forget_keeps_the_daemon():
    map_port(9001)
    lab.run('lab-router', 'forget')
    lab.equal(lab.rules(9001), [], 'rules')
    lab.equal(query_error(), None, 'query')


def restart_removes_rules_and_changes_port():
    map_port(9002)
    before = http_port()
    lab.eventually(lambda: query_address()[0] >= 3, 'an epoch of 3 s')
    lab.run('lab-router', 'restart')
    lab.equal(lab.rules(9002), [], 'rules')
    assert http_port() != before, 'the same HTTP port as before'
    assert query_address()[0] < 3, 'the epoch did not restart'


def closed_port_always_refuses():
    lab.run('lab-router', 'kill')
    refusals = [query_error() for _ in range(12)]
    lab.equal(refusals, [ConnectionRefusedError] * 12, 'repeated queries')
    lab.run('lab-router', 'start')


def drop_and_undrop():
    lab.run('lab-router', 'drop')
    lab.equal(query_error(), socket.timeout, 'query while dropped')
    lab.run('lab-router', 'undrop')
    lab.equal(query_error(), None, 'query afterwards')


def router_link_flaps():
    lab.run('lab-router', 'link', 'down')
    assert 'NO-CARRIER' in lab.run('ip', 'link', 'show', 'eth0'), 'the client has a carrier'
    lab.run('lab-router', 'link', 'up')
    lab.equal(query_error(3.0), None, 'query afterwards')


def client_moves():
    lab.run('lab-client', 'link', 'down')
    lab.equal(lab.run('ip', 'route'), '', 'routes while the link is down')
    lab.run('lab-client', 'address', '192.168.1.11')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((ROUTER, 5351))
        lab.equal(client.getsockname()[0], '192.168.1.11', 'address')
    lab.run('lab-client', 'address', lab.CLIENT)
    lab.equal(query_error(3.0), None, 'query afterwards')


def marked_processes():
    found = []
    for entry in pathlib.Path('/proc').glob('[0-9]*/cmdline'):
        try:
            if MARK in entry.read_bytes().replace(b'\0', b' ').decode().strip():
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


def nothing_survives(number):
    """Kills a lab inside the lab; none of its processes may survive."""
    program = [str(lab.HERE / 'lab'), '--router=none', '--', *MARK.split()]
    # The lab handles only signals that are not ignored when it starts.
    with subprocess.Popen(['env', '--default-signal', *program]) as inner:
        lab.eventually(runs_inside, 'the inner lab runs its command', 10)
        os.kill(inner.pid, number)
        inner.wait(10)
        if number != signal.SIGKILL:
            lab.equal(inner.returncode, 128 + number, 'exit status')
        lab.eventually(lambda: not marked_processes(), 'no process is left')


def runs_inside():
    """Whether the command itself runs, not only the scripts that have it in their arguments."""
    names = [pathlib.Path('/proc', str(pid), 'comm') for pid in marked_processes()]
    return any(name.exists() and name.read_text() == 'sleep\n' for name in names)


def status_passes_through():
    command = [str(lab.HERE / 'lab'), '--router=none', '--', 'sh', '-c', 'cat; exit 9']
    inner = subprocess.run(command, check=False, input='words', text=True, stdout=subprocess.PIPE)
    lab.equal((inner.returncode, inner.stdout), (9, 'words'), 'status and output')


def hop_at(ttl):
    """The router that reports that the TTL of a datagram was exceeded (RFC 792), or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)
        client.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        client.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        client.sendto(b'hop', ('198.41.0.4', 33434))
        try:
            client.recv(64)
        except socket.timeout:
            return None
        except OSError:
            pass
        (_, _, data), *_ = client.recvmsg(64, 512, socket.MSG_ERRQUEUE)[1]
    # struct sock_extended_err: number, origin (ICMP), type (11), code; then the sockaddr_in.
    lab.equal(struct.unpack_from('=IBB', data)[1:], (2, 11), 'origin and type')
    return socket.inet_ntoa(data[20:24])


def routers_in_a_row():
    lab.equal([hop_at(ttl) for ttl in (1, 2)], [ROUTER, OUTER], 'the hops')


def each_router_reports_its_address():
    lab.equal(query_address(router=OUTER)[1], lab.WAN, 'the address of the outer router')
    lab.equal(result_of_mapping(9100, ROUTER), 3, 'result of mapping on the inner router')


def mapping_on_one_router_is_not_enough():
    """A mapping on the outer router leads to the inner router, and no further."""
    with traffic.echo_server('tcp', 9101):
        map_port(9101, OUTER)
        assert lab.rules(9101, 'outer'), 'no rule on the outer router'
        lab.equal(lab.rules(9101), [], 'rules of the inner router')
        assert not lab.reached('tcp', lab.WAN, 9101, lab.UNREACHED_AFTER), 'it is reached'


def mapping_on_both_routers():
    """The rule of the inner router is added manually, because its daemon refuses."""
    with traffic.echo_server('tcp', 9102):
        map_port(9102, OUTER)
        forward_manually(9102)
        assert lab.reached('tcp', lab.WAN, 9102), 'it is not reached'
        lab.run('lab-router', 'forget')
        lab.run('lab-router', '--outer', 'forget')
        lab.equal(lab.rules(9102) + lab.rules(9102, 'outer'), [], 'rules')


def forward_manually(port):
    table = ['lab-host', 'router', 'nft', 'add', 'rule', 'inet', 'filter']
    lab.run(*table, 'prerouting_miniupnpd', 'meta', 'nfproto', 'ipv4', 'iifname', 'wan0', 'tcp',
            'dport', str(port), 'dnat', 'ip', 'to', lab.CLIENT)
    lab.run(*table, 'miniupnpd', 'iifname', 'wan0', 'tcp', 'dport', str(port), 'accept')


def outer_router_restarts():
    map_port(9103, OUTER)
    lab.run('lab-router', '--outer', 'restart')
    lab.equal(lab.rules(9103, 'outer'), [], 'rules of the outer router')
    lab.equal(query_address(router=OUTER)[1], lab.WAN, 'the address of the outer router')


TWO_ROUTERS = [
    ('nothing-but-the-hosts', nothing_but_the_hosts, 'router', 'outer'),
    ('routers-in-a-row', routers_in_a_row),
    ('each-router-reports-its-address', each_router_reports_its_address),
    ('mapping-on-one-router-is-not-enough', mapping_on_one_router_is_not_enough),
    ('mapping-on-both-routers', mapping_on_both_routers),
    ('outer-router-restarts', outer_router_restarts),
]

def reached_or_failed():
    """A client that cannot try says nothing about the port."""
    with traffic.echo_server('tcp', 9150):
        assert lab.reached('tcp', lab.CLIENT, 9150, host='client'), 'not reached'
    assert not lab.reached('tcp', lab.CLIENT, 9150, host='client'), 'reached without a server'
    for wrong in {'protocol': 'sctp'}, {'source': '1.2.3.99'}:
        try:
            lab.reached(**{'protocol': 'tcp', 'address': lab.CLIENT, 'port': 9150, 'host': 'client',
                           **wrong})
        except AssertionError:
            continue
        raise AssertionError(f'{wrong} is taken for an answer')


CASES = [
    ('nothing-but-the-hosts', nothing_but_the_hosts, 'router'),
    ('wan-address-changes', wan_address_changes),
    ('kill-keeps-the-rules', kill_keeps_the_rules),
    ('forget-keeps-the-daemon', forget_keeps_the_daemon),
    ('restart-removes-rules-and-changes-port', restart_removes_rules_and_changes_port),
    ('closed-port-always-refuses', closed_port_always_refuses),
    ('drop-and-undrop', drop_and_undrop),
    ('router-link-flaps', router_link_flaps),
    ('client-moves', client_moves),
    ('reached-or-failed', reached_or_failed),
    ('status-passes-through', status_passes_through),
    ('nothing-survives-int', nothing_survives, signal.SIGINT),
    ('nothing-survives-term', nothing_survives, signal.SIGTERM),
    ('nothing-survives-hup', nothing_survives, signal.SIGHUP),
    ('nothing-survives-kill', nothing_survives, signal.SIGKILL),
]
