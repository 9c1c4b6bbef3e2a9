#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""plumctl against a real router, in the lab, with real traffic. Prints TAP.

The script starts itself again inside the lab, on the client, and runs the cases of one suite there.
A case is a function that raises an exception if it fails.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback

import chain
import denied_port
import doctor_chain
import itself
import itself_chain
import itself_mapper
import lab
import libplum_api
import local_address
import port_owner
import portable
import port_set
import recovery
import router_reports
import serve
import service_program
import stun_server
import traffic
import two_routers
from commands import Commands
from outside import Outside
from plumctl import Plumctl
from remote_hosts import RemoteHosts
from two_gateways import TwoGateways
from two_hosts import TwoHosts

GONE_WITHIN = 1.0  # seconds from SIGINT until the mapping is removed
EXIT_NO_GATEWAY = 3

plumctl_path = None
commands = Commands(lambda: plumctl_path)


def say(text):
    for line in text.splitlines():
        print(f'# {line}', flush=True)


def plumctl_map(*args, env=None, prefix=()):
    return Plumctl(plumctl_path, *args, env=env, prefix=prefix,
                   on_event=lambda seconds, line: say(f'{seconds * 1000:.0f} ms: {line}'))


def assert_mapped(event, backend, internal_port, external_port=None):
    lab.equal(event['backend'], backend, 'backend')
    lab.equal(event['internal_port'], internal_port, 'internal_port')
    lab.equal(event['external_port'], external_port or internal_port, 'external_port')
    lab.equal(event['external_host'], lab.WAN, 'external_host')
    lab.equal(event['external_scope'], 'public', 'external_scope')
    lab.equal(event['error'], None, 'error')
    assert event['lifetime'] > 0, 'a lifetime of 0'


# The cases.


def nothing_is_forwarded_by_default():
    with traffic.echo_server('tcp', 9000):
        assert not lab.reached('tcp', lab.CLIENT, 9000), 'the LAN is reachable from the internet'
        assert not lab.reached('tcp', lab.WAN, 9000, lab.UNREACHED_AFTER), 'it is reached without mapping'


def map_and_remove(protocol, backend, port, *options):
    """The port is mapped, reachable at the reported address, and removed on SIGINT."""
    spec = f'{protocol}:{port}'
    with traffic.echo_server(protocol, port), plumctl_map(*options, spec) as plumctl:
        event = plumctl.wait_for('success', protocol)
        assert_mapped(event, backend, port)
        assert lab.rules(port), 'the router has no forwarding rule for the port'
        where = event['external_host'], event['external_port']
        assert lab.reached(protocol, *where), f'{where} is not reached from the internet side'

        status, seconds = plumctl.interrupt()
        lab.equal(status, 0, 'exit status after SIGINT')
        lab.equal(lab.rules(port), [], 'rules left on the router')
        assert seconds < GONE_WITHIN, f'it took {seconds:.1f} s to exit'
        assert not lab.reached(protocol, *where, lab.UNREACHED_AFTER), 'traffic still arrives'
        lab.equal(plumctl.errors, '', 'stderr')


def another_external_port(backend):
    with traffic.echo_server('tcp', 9003), plumctl_map('tcp:9003:19003') as plumctl:
        assert_mapped(plumctl.wait_for('success', 'tcp'), backend, 9003, 19003)
        assert lab.reached('tcp', lab.WAN, 19003), 'not reached at the requested port'
        lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
        lab.equal(lab.rules(19003), [], 'rules left on the router')


def port_of_another_host(backend):
    """The other host keeps the port, and plumctl reports the port that it got instead."""
    with port_owner.having(9016), traffic.echo_server('tcp', 9016), \
            plumctl_map('tcp:9016') as plumctl:
        event = plumctl.wait_for('success', 'tcp')
        lab.equal(event['backend'], backend, 'backend')
        assert event['external_port'] != 9016, 'the port of another host'
        assert lab.reached('tcp', lab.WAN, event['external_port']), 'it is not reached'
        lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
        lab.equal(lab.rules(event['external_port']), [], 'rules left on the router')
        assert any(port_owner.ADDRESS in rule for rule in lab.rules(9016)), \
            "the rule of the other host is gone"


def few_ports():
    """The router allows a few external ports only, and chooses one of them itself."""
    with traffic.echo_server('tcp', 9018), plumctl_map('tcp:9018') as plumctl:
        event = plumctl.wait_for('success', 'tcp')
        lab.equal(event['backend'], 'upnp', 'backend')
        port = event['external_port']
        assert 62816 <= port <= 62831, f'port {port} is not one of those that are allowed'
        assert lab.reached('tcp', lab.WAN, port), 'it is not reached'
        lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
        lab.equal(lab.rules(port), [], 'rules left on the router')


def few_ports_exact():
    """A required port that is not allowed: the message says so."""
    with plumctl_map('--exact', 'tcp:9018') as plumctl:
        event = plumctl.wait_for('failure', 'tcp')
        lab.equal(event['error']['code'], 'refused', 'error code')
        lab.equal(plumctl.wait(), 1, 'exit status')
    assert 'only some external ports' in event['error']['message'], event['error']['message']


def exact_port(backend, *options):
    with traffic.echo_server('tcp', 9028), \
            plumctl_map('--exact', *options, 'tcp:9028:19028') as plumctl:
        assert_mapped(plumctl.wait_for('success', 'tcp'), backend, 9028, 19028)
        assert lab.reached('tcp', lab.WAN, 19028), 'not reached at the port that is required'
        lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
        lab.equal(lab.rules(19028), [], 'rules left on the router')


def exact_port_of_another_host(entry, *options):
    """The mapping fails with an error, and the router is not changed."""
    with port_owner.having(9029):
        before = lab.run('lab-router', 'nft-table')
        with plumctl_map('--exact', *options, 'tcp:9029') as plumctl:
            event = plumctl.wait_for('failure', 'tcp')
            lab.equal(event['error']['code'], 'conflict', 'error code')
            lab.equal(plumctl.wait(), 1, 'exit status')
        message = event['error']['message']
        if entry:
            expected = f'belongs to {port_owner.ADDRESS} (its entry is called “{entry}”)'
            # The router describes the entry; miniupnpd 2.3.9 writes "TCP" in it, and 2.3.1 "tcp".
            assert expected.lower() in message.lower(), message
        lab.equal(lab.run('lab-router', 'nft-table'), before, 'the table of the router')
        assert any(port_owner.ADDRESS in rule for rule in lab.rules(9029)), \
            "the rule of the other host is gone"


def few_descriptors():
    """Twenty file descriptors are enough; with too few, plumctl reports the reason."""
    def limited(limit):
        return subprocess.run(
            ['sh', '-c', f'ulimit -n {limit} && exec "$@"', 'sh', plumctl_path, 'map', '--once',
             'tcp:9017'], text=True, check=False, capture_output=True, timeout=60)

    done = limited(20)
    lab.equal((done.returncode, done.stderr), (0, ''), 'with 20 descriptors')
    assert f'{lab.WAN}:9017' in done.stdout, done.stdout
    done = limited(6)
    assert done.returncode > 0, f'with 6 descriptors: {done.returncode}'
    assert 'Too many open files' in done.stderr, done.stderr


def two_at_once(backend):
    with contextlib.ExitStack() as stack:
        for protocol in ('tcp', 'udp'):
            stack.enter_context(traffic.echo_server(protocol, 9004))
        plumctl = stack.enter_context(plumctl_map('tcp:9004', 'udp:9004'))
        for protocol in ('tcp', 'udp'):
            event = plumctl.wait_for('success', protocol)
            assert_mapped(event, backend, 9004)
            assert lab.reached(protocol, lab.WAN, 9004), f'{protocol} is not reached'
        lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
        lab.equal(lab.rules(9004), [], 'rules left on the router')


def once_keeps_the_mapping(backend):
    with traffic.echo_server('tcp', 9002), plumctl_map('--once', 'tcp:9002') as plumctl:
        event = plumctl.wait_for('success', 'tcp')
        assert_mapped(event, backend, 9002)
        lab.equal(plumctl.wait(), 0, 'exit status')
        say(f'total time: {(time.monotonic() - plumctl.started) * 1000:.0f} ms')
        assert lab.reached('tcp', lab.WAN, 9002), 'not reached after plumctl has exited'


def ipv6_pinhole(backend, port):
    """The firewall blocks all ports, then allows the mapped port, then blocks it again."""
    host = lab.CLIENT6
    with traffic.echo_server('tcp', port, '::'), traffic.echo_server('tcp', port + 1, '::'):
        assert not lab.reached('tcp', host, port, lab.UNREACHED_AFTER), 'it is reached without mapping'
        with plumctl_map('--family', '6', f'tcp:{port}') as plumctl:
            event = plumctl.wait_for('success', 'tcp')
            lab.equal(event['backend'], backend, 'backend')
            lab.equal(event['external_scope'], 'public', 'external_scope')
            lab.equal(event['external_port'], port, 'external_port')
            lab.equal(event['external_host'], host, 'external_host')
            assert lab.reached('tcp', host, port), f'{host} is not reached'
            assert not lab.reached('tcp', host, port + 1, lab.UNREACHED_AFTER), 'other ports are open'
            lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
        # With PCP, miniupnpd 2.3.1 does not delete pinholes: they expire with their lease.
        if backend == 'upnp':
            lab.equal(lab.rules(port), [], 'rules left on the router')
            assert not lab.reached('tcp', host, port, lab.UNREACHED_AFTER), 'traffic still arrives'


def ipv6_exact_pinhole(backend, port):
    """A pinhole keeps its port."""
    with traffic.echo_server('tcp', port, '::'):
        with plumctl_map('--family', '6', '--exact', f'tcp:{port}') as plumctl:
            event = plumctl.wait_for('success', 'tcp')
            lab.equal((event['backend'], event['external_port']), (backend, port), 'endpoint')
            assert lab.reached('tcp', lab.CLIENT6, port), 'not reached'
            lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')


def ipv6_pinhole_after_restart():
    """The router restarts: the pinhole is created again automatically."""
    with traffic.echo_server('tcp', 9024, '::'), \
            plumctl_map('--family', '6', 'tcp:9024') as plumctl:
        lab.equal(plumctl.wait_for('success', 'tcp')['backend'], 'upnp', 'backend')
        lab.run('lab-router', 'stop')
        lab.run('lab-router', 'forget')
        lab.run('lab-router', 'start')
        lab.eventually(lambda: lab.rules(9024), 'a new pinhole', 15)
        assert lab.reached('tcp', lab.CLIENT6, 9024), 'not reached after the restart'
        lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
        lab.equal(lab.rules(9024), [], 'rules left on the router')


def ipv6_address_changes():
    """The address is deprecated: the pinhole moves to the new address."""
    new = lab.CLIENT6[:-2] + '11'
    with traffic.echo_server('tcp', 9026, '::'), \
            plumctl_map('--family', '6', 'tcp:9026') as plumctl:
        lab.equal(plumctl.wait_for('success', 'tcp')['external_host'], lab.CLIENT6, 'first address')
        lab.run('ip', 'address', 'add', new + '/64', 'dev', 'eth0', 'nodad')
        lab.run('ip', 'address', 'change', lab.CLIENT6 + '/64', 'dev', 'eth0', 'preferred_lft', '0')
        plumctl.wait_until(lambda event: event['external_host'] == new, 10)
        assert lab.reached('tcp', new, 9026), 'not reached at the new address'
        lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
    lab.run('ip', 'address', 'change', lab.CLIENT6 + '/64', 'dev', 'eth0', 'preferred_lft',
            'forever')
    lab.run('ip', 'address', 'del', new + '/64', 'dev', 'eth0')


def both_families(backend):
    """Maps one endpoint per family; both are reachable from the internet."""
    with traffic.echo_server('tcp', 9020, '::'), \
            plumctl_map('--family', 'both', '--once', 'tcp:9020') as plumctl:
        hosts = []
        while len(hosts) < 2:
            event = plumctl.wait_until(lambda event: event['state'] == 'success', 5)
            hosts.append(event['external_host'])
            lab.equal(event['backend'], backend, 'backend')
            lab.equal(event['external_scope'], 'public', 'external_scope')
            assert lab.reached('tcp', event['external_host'], event['external_port']), \
                f'{event["external_host"]} is not reached'
        lab.equal(sorted(hosts), [lab.WAN, lab.CLIENT6], 'endpoints')
        lab.equal(plumctl.wait(), 0, 'exit status')


def doctor(verdict, backends):
    """Checks the verdict, the available backends, and that no mapping is left behind."""
    before = lab.run('lab-router', 'nft-table')
    done = subprocess.run([plumctl_path, 'doctor', '--json'], check=False, text=True, timeout=30,
                          stdout=subprocess.PIPE)
    report = json.loads(done.stdout)
    lab.equal(report['verdict'], verdict, 'verdict')
    probes = {probe['name']: probe['outcome'] for probe in report['gateways'][0]['probes']}
    lab.equal(sorted(set(probes) - {'direct'}), ['natpmp', 'pcp', 'upnp'], 'probes')
    lab.equal(sorted(name for name in probes if probes[name] == 'success'), backends, 'backends')
    lab.equal(lab.run('lab-router', 'nft-table'), before, 'the table of the router')


def command_with_a_port():
    """plumctl run: the port is mapped while the command runs; plumctl exits with its status."""
    done = subprocess.run([plumctl_path, 'run', 'tcp:9011', '--', 'sh', '-c',
                           'echo $PLUM_TCP_9011; exit 7'], check=False, text=True, timeout=30,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    lab.equal(done.returncode, 7, 'exit status')
    lab.equal(done.stdout, f'{lab.WAN}:9011\n', 'output of the command')
    lab.equal(lab.rules(9011), [], 'rules left on the router')


def no_router_answers():
    with plumctl_map('tcp:9006') as plumctl:
        lab.equal(plumctl.wait(15), EXIT_NO_GATEWAY, 'exit status')
        seconds = time.monotonic() - plumctl.started
        say(f'verdict in {seconds:.2f} s: {plumctl.errors.strip()}')
        # The answers of a slow router count for almost ten seconds.
        assert seconds < 11.5, f'the verdict took {seconds:.1f} s'
        for name in ('PCP', 'NAT-PMP', 'UPnP'):
            assert name in plumctl.errors, f'the reason of {name} is missing: {plumctl.errors}'


def no_network():
    lab.run('lab-client', 'link', 'down')
    with plumctl_map('tcp:9007') as plumctl:
        lab.equal(plumctl.wait(10), EXIT_NO_GATEWAY, 'exit status')
        assert plumctl.errors.strip(), 'no reason on stderr'
    for family in '6', 'both':
        with plumctl_map('--family', family, 'tcp:9007') as plumctl:
            lab.equal(plumctl.wait(10), EXIT_NO_GATEWAY, 'exit status')
            assert 'not connected to an IPv6 network' in plumctl.errors, plumctl.errors
    lab.run('lab-client', 'link', 'up')


def full(backend, neighbours_entry):
    return [
        ('nothing-is-forwarded-by-default', nothing_is_forwarded_by_default),
        ('map-and-remove-tcp', map_and_remove, 'tcp', backend, 9000),
        ('map-and-remove-udp', map_and_remove, 'udp', backend, 9001),
        ('another-external-port', another_external_port, backend),
        ('port-of-another-host', port_of_another_host, backend),
        ('exact-port', exact_port, backend),
        ('exact-port-of-another-host', exact_port_of_another_host, neighbours_entry),
        ('two-at-once', two_at_once, backend),
        ('once-keeps-the-mapping', once_keeps_the_mapping, backend),
    ]


def mapper(backend, neighbours_entry):
    return full(backend, neighbours_entry) + [
        ('violates-no-protocol', lambda: lab.equal(lab.violations(), [], 'violations')),
    ]


# Suite: options of the lab, cases (name, function, arguments).
REMOTE_HOSTS = RemoteHosts(lambda: plumctl_path, plumctl_map, traffic.echo_server, say)

SUITES = {
    'itself': (['--router=all'], itself.CASES),
    'itself-stun': (['--stun'], stun_server.CASES),
    'itself-two-routers': (['--two-routers', '--router=all'], itself.TWO_ROUTERS),
    'itself-mapper': (['--two-routers', '--min-lifetime=1'], itself_mapper.CASES),
    'itself-mapper-permanent': (['--two-routers', '--inner=upnp-permanent'],
                                [('permanent-leases', itself_mapper.permanent_leases)]),
    'pcp': (['--router=pcp'], full('pcp', None)),
    'natpmp': (['--router=pcp'], [
        ('map-and-remove-tcp', map_and_remove, 'tcp', 'natpmp', 9000, '--backend', 'natpmp'),
        ('map-and-remove-udp', map_and_remove, 'udp', 'natpmp', 9001, '--backend', 'natpmp'),
        ('exact-port', exact_port, 'natpmp', '--backend', 'natpmp'),
        ('exact-port-of-another-host', exact_port_of_another_host, None, '--backend', 'natpmp'),
    ]),
    'upnp': (['--router=upnp'], full('upnp', 'neighbour')),
    'upnp1': (['--router=upnp1'], full('upnp', 'neighbour')),
    # The lab's own server, with a public address.
    'mapper-pcp': (['--router=mapper-pcp'], mapper('pcp', None)),
    'mapper-natpmp': (['--router=mapper-natpmp'], mapper('natpmp', None)),
    'mapper-upnp': (['--router=mapper-upnp'], mapper('upnp', 'neighbour')),
    'upnp-few-ports': (['--router=upnp', '--ports=62816-62831'], [
        ('few-ports', few_ports),
        ('few-ports-exact', few_ports_exact),
    ]),
    'upnp-dropped': (['--router=upnp', '--drop'], [
        ('once-keeps-the-mapping', once_keeps_the_mapping, 'upnp'),
    ]),
    'all': (['--router=all'], full('pcp', 'NAT-PMP 9029 tcp') + [
        ('map-and-remove-tcp-by-upnp', map_and_remove, 'tcp', 'upnp', 9008, '--backend', 'upnp'),
        ('command-with-a-port', command_with_a_port),
        ('few-descriptors', few_descriptors),
        ('doctor', doctor, 'works', ['natpmp', 'pcp', 'upnp']),
        ('doctor-of-one-router', two_routers.TwoRouters(commands).one_router),
    ]),
    'service': (['--router=all'], service_program.cases('pcp', 'natpmp', 'upnp')),
    'libplum-api': (['--router=all'], libplum_api.cases(say)),
    'commands': (['--router=all'], [
        ('status', commands.status, 'pcp'),
        ('external', commands.external),
        ('list-not-supported', commands.list_not_supported),
        ('unmap-by-natpmp', commands.unmap_by_natpmp),
        ('unmap-by-pcp', commands.unmap_by_pcp),
        ('run-killed-by-signal', commands.run_killed_by_signal),
        ('monitor', commands.monitor),
    ]),
    'commands-upnp': (['--router=upnp'], [
        ('status', commands.status, 'upnp'),
        ('list-and-unmap', commands.list_and_unmap),
        ('unmap-all-mine', commands.unmap_all_mine),
    ]),
    # The daemon runs, but maps nothing while its external address is private.
    'private-wan': (['--router=all', '--wan=10.0.0.5'], [
        ('doctor', commands.doctor_private_wan),
    ]),
    'private-wan-upnp': (['--router=upnp', '--wan=10.0.0.5'], [
        ('doctor', commands.doctor_private_wan),
    ]),
    # miniupnpd monitors its external address only if UPnP is enabled, and announces a change only
    # with PCP and NAT-PMP.
    'recovery-pcp': (['--router=all'], recovery.cases(plumctl_map, say, 'pcp')),
    'recovery-natpmp': (['--router=all'], recovery.cases(plumctl_map, say, 'natpmp')),
    'recovery-upnp': (['--router=upnp'], recovery.cases(plumctl_map, say, 'upnp')),
    'ipv6': (['--router=all', '--ipv6'], [
        ('pinhole', ipv6_pinhole, 'pcp', 9022),
        ('exact-pinhole', ipv6_exact_pinhole, 'pcp', 9030),
        ('both-families', both_families, 'pcp'),
        *local_address.ipv6_cases(plumctl_map),
    ]),
    'ipv6-upnp': (['--router=upnp', '--ipv6'], [
        ('pinhole', ipv6_pinhole, 'upnp', 9022),
        ('exact-pinhole', ipv6_exact_pinhole, 'upnp', 9030),
        ('both-families', both_families, 'upnp'),
        *local_address.ipv6_cases(plumctl_map),
        ('pinhole-after-restart', ipv6_pinhole_after_restart),
        ('address-changes', ipv6_address_changes),
    ]),
    'two-gateways': (['--router=all', '--two-gateways'],
                     TwoGateways(lambda: plumctl_path, plumctl_map, say).cases()),
    'two-hosts': (['--router=upnp'], TwoHosts(lambda: plumctl_path, plumctl_map, say).cases()),
    'two-hosts-upnp1': (['--router=upnp1'],
                        TwoHosts(lambda: plumctl_path, plumctl_map, say).cases()),
    'remote-hosts': (['--router=all'], REMOTE_HOSTS.cases()),
    'remote-hosts-open': (['--router=all', '--open'], REMOTE_HOSTS.open_cases()),
    'remote-hosts-mapper': (['--router=mapper'], REMOTE_HOSTS.mapper_cases()),
    'remote-hosts-ipv6': (['--router=upnp', '--ipv6'], REMOTE_HOSTS.ipv6_cases()),
    'serve': (['--router=all'], serve.cases(lambda: plumctl_path)),
    'local-address': (['--router=all'], local_address.cases(plumctl_map)),
    'router-reports': (['--router=all'],
                       router_reports.cases(commands, plumctl_map, say)),
    'port-set': (['--router=all'], port_set.cases(plumctl_map, say)),
    'denied-port': (['--router=all', '--quiet'], denied_port.cases(plumctl_map, say)),
    'none': (['--router=none'], [
        ('no-router-answers', no_router_answers),
        ('doctor', doctor, 'switched-off', []),
        ('doctor-sentence', commands.doctor, 'switched-off'),
        ('doctor-television', commands.doctor_television),
        ('doctor-twin', commands.doctor_twin),
        ('doctor-no-network', commands.doctor_no_network),
        ('no-network', no_network),
    ]),
    'none-dropped': (['--router=none', '--drop'], [
        ('no-router-answers', no_router_answers),
        ('doctor', commands.doctor, 'silent'),
    ]),
    **Outside(commands, plumctl_map).suites(),
    **two_routers.suites(commands),
    **itself_chain.suites(plumctl_map),
    **chain.suites(plumctl_map, commands, say),
    **doctor_chain.suites(commands),
}


def run_cases(cases, reason_to_skip):
    failures = 0
    print(f'1..{len(cases)}', flush=True)
    for number, (name, function, *args) in enumerate(cases, 1):
        reason = reason_to_skip(name)
        if reason:
            print(f'ok {number} - {name} # SKIP {reason}', flush=True)
            continue
        try:
            function(*args)
            print(f'ok {number} - {name}', flush=True)
        except Exception as error:  # the other cases still run
            failures += 1
            print(f'not ok {number} - {name}', flush=True)
            say(str(error) if isinstance(error, AssertionError) else traceback.format_exc())
    if failures:
        log = subprocess.run(['lab-router', 'log'], check=False, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        say('\n'.join(["end of the router's log:", *log.splitlines()[-30:]] if log else []))
    return 1 if failures else 0


def enter_lab(args, options):
    os.environ.setdefault('PLUM_LAB_CACHE', args.cache)
    program = str(lab.HERE / 'lab')
    check = subprocess.run([program, *options, '--check'], check=False, text=True,
                           stderr=subprocess.PIPE)
    if check.returncode == 0:
        os.execv(program, [program, *options, '--', sys.executable, str(lab.HERE / 'test-lab.py'),
                       '--inside', '--plumctl', os.path.abspath(args.plumctl), '--platform', args.platform,
                       args.suite])
    reason = check.stderr.strip() or f'status {check.returncode}'
    if check.returncode == 77 and os.environ.get('CI') != 'true':
        print(f'1..0 # SKIP {reason.splitlines()[-1]}')
        return 0
    print('1..1\nnot ok 1 - the lab runs on this machine')
    say(reason)
    return 1


def main():
    global plumctl_path

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--plumctl', required=True, help='the program to test')
    parser.add_argument('--cache', default='_build/lab', help='directory of the router of the lab')
    parser.add_argument('--platform', default='linux', help='how plumctl was built (-Dplatform)')
    parser.add_argument('--inside', action='store_true', help=argparse.SUPPRESS)
    parser.add_argument('suite', choices=SUITES)
    args = parser.parse_args()

    options, cases = SUITES[args.suite]
    assert not list(portable.unknown(SUITES)), f'portable.py: {list(portable.unknown(SUITES))}'
    if not args.inside:
        return enter_lab(args, options)
    plumctl_path = args.plumctl
    # The records of other routers, and the user's own, must not have an effect.
    with tempfile.TemporaryDirectory() as state:
        os.environ['XDG_STATE_HOME'] = state
        return run_cases(cases, lambda case: portable.reason_to_skip(args.suite, case)
                         if args.platform == 'portable' else None)


if __name__ == '__main__':
    sys.exit(main())
