# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host with two addresses maps the same port for both, with real traffic to each."""

import contextlib

import lab
import traffic

SECOND = '192.168.1.11'
SECOND6 = lab.CLIENT6[:-2] + '11'


@contextlib.contextmanager
def second_address(address):
    """Gives the client another address, which is not the one it prefers."""
    lab.run('ip', 'address', 'add', address, 'dev', 'eth0', *(['nodad'] if ':' in address else []))
    if ':' in address:
        lab.run('ip', 'address', 'change', address, 'dev', 'eth0', 'preferred_lft', '0')
    try:
        yield
    finally:
        lab.run('ip', 'address', 'del', address, 'dev', 'eth0')


def cases(plumctl_map):
    def two_addresses(backend, port):
        """Each address has an entry and an external port of its own."""
        with second_address(SECOND + '/24'), \
                traffic.echo_server('tcp', port, lab.CLIENT), \
                traffic.echo_server('tcp', port, SECOND), \
                plumctl_map('--backend', backend, f'tcp:{port}') as first, \
                plumctl_map('--backend', backend, '--local-address', SECOND,
                            f'tcp:{port}:{port + 1}') as second:
            lab.equal(first.wait_for('success', 'tcp')['external_port'], port, 'first port')
            lab.equal(second.wait_for('success', 'tcp')['external_port'], port + 1, 'second port')
            assert any(SECOND in rule for rule in lab.rules(port + 1)), lab.rules(port + 1)
            assert not any(SECOND in rule for rule in lab.rules(port)), lab.rules(port)
            assert lab.reached('tcp', lab.WAN, port), 'the first address is not reached'
            assert lab.reached('tcp', lab.WAN, port + 1), 'the second address is not reached'
            lab.equal(second.interrupt()[0], 0, 'exit status of the second')
            lab.equal(lab.rules(port + 1), [], 'rules left of the second')
            assert lab.reached('tcp', lab.WAN, port), 'the first address is no longer reached'
            lab.equal(first.interrupt()[0], 0, 'exit status of the first')
            lab.equal(lab.rules(port), [], 'rules left of the first')

    def address_returns(port):
        """The address goes: the mapping waits for it, and comes up again with it."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(second_address(SECOND + '/24'))
            plumctl = stack.enter_context(plumctl_map('--local-address', SECOND, f'tcp:{port}'))
            plumctl.wait_for('success', 'tcp')
            lab.run('ip', 'address', 'del', SECOND + '/24', 'dev', 'eth0')
            plumctl.wait_until(lambda event: event['state'] == 'pending', 10)
            lab.run('ip', 'address', 'add', SECOND + '/24', 'dev', 'eth0')
            plumctl.wait_until(lambda event: event['state'] == 'success', 15)
            assert any(SECOND in rule for rule in lab.rules(port)), lab.rules(port)
            lab.equal(plumctl.interrupt()[0], 0, 'exit status')
            lab.equal(lab.rules(port), [], 'rules left on the router')

    def not_of_this_host():
        for arguments in (['--local-address', '192.168.1.77'], ['--local-address', '127.0.0.1']):
            with plumctl_map(*arguments, 'tcp:9048') as plumctl:
                lab.equal(plumctl.wait(), 3, f'exit status with {arguments[1]}')

    return [
        ('two-addresses-pcp', two_addresses, 'pcp', 9040),
        ('two-addresses-natpmp', two_addresses, 'natpmp', 9042),
        ('two-addresses-upnp', two_addresses, 'upnp', 9044),
        ('address-returns', address_returns, 9046),
        ('not-of-this-host', not_of_this_host),
    ]


def ipv6_cases(plumctl_map):
    def second_pinhole(port):
        """The pinhole is for the requested address, which the client does not prefer."""
        with second_address(SECOND6 + '/64'), traffic.echo_server('tcp', port, '::'), \
                plumctl_map('--local-address', SECOND6, f'tcp:{port}') as plumctl:
            event = plumctl.wait_for('success', 'tcp')
            lab.equal(event['external_host'], SECOND6, 'external_host')
            assert lab.reached('tcp', SECOND6, port), 'the address is not reached'
            assert not lab.reached('tcp', lab.CLIENT6, port, lab.UNREACHED_AFTER), \
                'the other address is reached'
            lab.equal(plumctl.interrupt()[0], 0, 'exit status')

    return [('second-pinhole', second_pinhole, 9050)]
