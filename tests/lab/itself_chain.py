# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests of the lab with several routers in a row, of its provider, and of its forger. They need no
feature of plum-glib beyond a mapping on the first router.
"""

import contextlib
import os
import socket
import struct
import time

import forger
import itself
import lab
import stun_server
import traffic
from itself_mapper import ADDRESS_MISMATCH, NOT_AUTHORIZED, SUCCESS, add, exchange, pcp_map, search

ANYCAST, ANYCAST6 = '192.0.0.9', '2001:1::1'
ROUTER6 = '2a00:1111:1:1::1'
SHARED_WAN, PROVIDER = '100.64.0.2', '100.64.0.1'
DIRECT_CLIENT = '100.64.0.10'
HIDDEN_WAN, HIDDEN_PRIVATE_WAN = '1.2.9.4', '10.9.0.2'
OTHER_INNER_WAN = '192.168.0.51'
THIRD, THIRD_WAN = '10.0.0.1', '10.0.0.2'  # THIRD_WAN: of the outer router


class Chain:
    """The cases with plumctl; plumctl_map starts `plumctl map`."""

    def __init__(self, plumctl_map):
        self.plumctl_map = plumctl_map

    def map_on_inner(self, protocol, backend, port):
        """plumctl maps the port on the inner router, whose network reaches it, and removes it."""
        where = lab.INNER_WAN, port
        with traffic.echo_server(protocol, port), \
                self.plumctl_map('--backend', backend, f'{protocol}:{port}') as plumctl:
            lab.equal(plumctl.wait_for('success', protocol)['backend'], backend, 'backend')
            assert lab.rules(port), 'no rule on the inner router'
            assert lab.reached(protocol, *where, host='outer'), 'not reached from its network'
            lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
            lab.equal([lab.rules(port, name) for name in lab.ROUTERS], [[], []], 'rules left')
            assert not lab.reached(protocol, *where, lab.UNREACHED_AFTER, 'outer'), 'still reached'
            lab.equal(lab.violations(), [], 'violations of the protocols')

    def cases(self):
        return [
            ('inner-by-pcp', self.map_on_inner, 'tcp', 'pcp', 9140),
            ('inner-by-natpmp', self.map_on_inner, 'udp', 'natpmp', 9141),
            ('inner-by-upnp', self.map_on_inner, 'tcp', 'upnp', 9142),
        ]


def map_both(port, protocol='tcp', outside=None):
    """Maps the port on both routers by NAT-PMP; the outer one is asked through the inner one."""
    itself.map_port(port, lab.ROUTER, protocol)
    itself.map_port(outside or port, lab.OUTER, protocol)


def through_both(protocol):
    """A request to the outer router, through the inner one, is granted, and traffic arrives."""
    with traffic.echo_server(protocol, 9143):
        itself.map_port(9143, lab.ROUTER, protocol)
        assert not lab.reached(protocol, lab.WAN, 9143, lab.UNREACHED_AFTER), 'reached too early'
        itself.map_port(9143, lab.OUTER, protocol)
        assert any(lab.INNER_WAN in rule for rule in lab.rules(9143, 'outer')), 'no rule'
        assert lab.reached(protocol, lab.WAN, 9143), 'not reached'


def outer_by_pcp():
    """The client address of the request is the external address of the inner router."""
    nonce = os.urandom(12)
    lab.equal(pcp_map(9144, nonce, server=lab.OUTER)[0], ADDRESS_MISMATCH,
              'result for the own address')
    itself.map_port(9144)
    with traffic.echo_server('tcp', 9144):
        answer = pcp_map(9144, nonce, server=lab.OUTER, suggested=9144, address=lab.INNER_WAN)
        lab.equal(answer, (SUCCESS, 600, 9144, lab.WAN), 'answer')
        assert lab.reached('tcp', lab.WAN, 9144), 'not reached'


def outer_by_upnp():
    """A unicast search crosses the inner router; the client is the inner router."""
    place = search(lab.OUTER)
    assert place.startswith(f'http://{lab.OUTER}:'), place
    itself.map_port(9145)
    with traffic.echo_server('tcp', 9145):
        lab.equal(add(place, 9145, host=lab.INNER_WAN), {}, 'AddPortMapping')
        assert lab.reached('tcp', lab.WAN, 9145), 'not reached'


def outer_sees_another_address():
    """The inner router reports an address, but sends from another one."""
    nonce = os.urandom(12)
    with lab.other_source(OTHER_INNER_WAN):
        lab.equal(itself.query_address()[1], lab.INNER_WAN, 'reported address')
        lab.equal(pcp_map(9153, nonce, server=lab.OUTER, address=lab.INNER_WAN)[0],
                  ADDRESS_MISMATCH, 'result for the reported address')
        lab.equal(pcp_map(9153, nonce, server=lab.OUTER, address=OTHER_INNER_WAN)[0], SUCCESS,
                  'result for the other address')
        assert any(OTHER_INNER_WAN in rule for rule in lab.rules(9153, 'outer')), 'no rule'


def through_three():
    """Each router maps the port to the one before it, and reports its own address."""
    servers = [('router', lab.ROUTER, lab.INNER_WAN), ('outer', lab.OUTER, THIRD_WAN),
               ('provider', THIRD, lab.WAN)]
    lab.equal([itself.hop_at(ttl) for ttl in (1, 2, 3)], [lab.ROUTER, lab.OUTER, THIRD], 'the hops')
    with traffic.echo_server('tcp', 9154):
        for name, server, address in servers:
            assert not lab.reached('tcp', lab.WAN, 9154, lab.UNREACHED_AFTER), 'reached too early'
            lab.equal(itself.query_address(router=server)[1], address, f'address of {server}')
            itself.map_port(9154, server)
            assert lab.rules(9154, name), f'no rule on {name}'
        assert lab.reached('tcp', lab.WAN, 9154), 'not reached'


def inner_upnp_outer_natpmp():
    lab.equal(exchange(bytes(2), timeout=0.2), None, 'answer of the inner router to NAT-PMP')
    lab.equal(search(lab.OUTER, timeout=0.2), None, 'answer of the outer router to a search')
    with traffic.echo_server('tcp', 9152):
        lab.equal(add(search(lab.ROUTER), 9152), {}, 'AddPortMapping')
        itself.map_port(9152, lab.OUTER)
        assert lab.reached('tcp', lab.WAN, 9152), 'not reached'


@contextlib.contextmanager
def epoch_restarts(server):
    """Checks that the epoch of a server counts from a moment in the block."""
    lab.eventually(lambda: itself.query_address(router=server)[0] >= 3, 'an epoch of 3 s')
    since = time.monotonic()
    yield
    epoch = itself.query_address(router=server)[0]
    seconds = time.monotonic() - since
    assert epoch <= seconds + 1, f'epoch {epoch} after {seconds:.1f} s'


def restart_forgets(name, server):
    itself.map_port(9146, server)
    with epoch_restarts(server):
        lab.router(name, 'restart')
    lab.equal(lab.rules(9146, name), [], 'rules')


def refuses(name, server):
    """miniupnpd keeps its rules when it is restarted for this."""
    itself.map_port(9147, server)
    with lab.refusing(name):
        assert itself.result_of_mapping(9148, server) != 0, 'a mapping is granted'
        assert lab.rules(9147, name), 'the rules are gone'
    lab.equal(itself.result_of_mapping(9148, server), 0, 'result afterwards')


def silent(name, server):
    with lab.silent(name):
        lab.equal(exchange(bytes(2), server, timeout=0.2), None, 'answer')
    lab.equal(len(exchange(bytes(2), server)), 12, 'length of the answer afterwards')


def inner_address_changes():
    """The epoch of the inner router restarts, and the rule of the outer router leads nowhere."""
    with traffic.echo_server('tcp', 9149):
        map_both(9149)
        assert lab.reached('tcp', lab.WAN, 9149), 'not reached'
        with contextlib.ExitStack() as stack:
            with epoch_restarts(lab.ROUTER):
                stack.enter_context(
                    lab.wan_address('router', OTHER_INNER_WAN, lab.INNER_WAN))
            lab.equal(itself.query_address()[1], OTHER_INNER_WAN, 'address')
            assert not lab.reached('tcp', lab.WAN, 9149, lab.UNREACHED_AFTER), 'still reached'
            assert lab.reached('tcp', OTHER_INNER_WAN, 9149, host='outer'), 'not at the new address'
        assert lab.reached('tcp', lab.WAN, 9149), 'not reached afterwards'


def counts_what_goes_beyond():
    for name in lab.ROUTERS:
        lab.reset_beyond(name)
    itself.query_address()
    lab.equal(lab.beyond(), {}, 'after a request to the inner router')
    itself.query_address(router=lab.OUTER)
    search(lab.OUTER)
    itself.hop_at(2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b'x', ('1.2.3.1', 5350))
    lab.equal(lab.beyond(), {'pcp': 1, 'announcements': 1, 'ssdp': 1, 'other-udp': 1}, 'afterwards')
    lab.equal(lab.beyond('outer'), {'announcements': 1}, 'beyond the outer router')


def hidden_hops():
    with lab.hidden_hops():
        lab.equal(itself.hop_at(2), None, 'the second hop')
    lab.equal(itself.hop_at(2), lab.OUTER, 'the second hop afterwards')


def inner_forgets():
    """The server forgets its table as well, and then maps the port again."""
    itself.map_port(9151)
    lab.router('router', 'forget')
    lab.equal(lab.rules(9151), [], 'rules')
    itself.map_port(9151)
    assert lab.rules(9151), 'no rules'


# The forger.


def forges_icmp(address, seen):
    """The kernel itself ignores packets from some addresses."""
    with forger.icmp(address):
        lab.equal(itself.hop_at(2), seen, 'the second hop')
        lab.eventually(lambda: forger.log() == [f'forged 56 bytes from {address}'], 'one packet')
    lab.equal(itself.hop_at(2), lab.OUTER, 'the second hop afterwards')


def forges_answers():
    """Of its answers, those in the name of the outer router reach a connected socket."""
    nonce = os.urandom(12)
    with forger.answers(seen=True, alone=True):
        lab.equal(itself.query_address(router=lab.OUTER), (forger.EPOCH, forger.EXTERNAL),
                  'epoch and address')
        lab.equal(pcp_map(9150, nonce, server=lab.OUTER),
                  (SUCCESS, forger.LIFETIME, forger.EXTERNAL_PORT, forger.EXTERNAL), 'mapping')
        lab.equal(search(lab.OUTER), forger.LOCATION, 'location')
        lab.eventually(lambda: len(forger.log()) == 6, 'six forged packets')
    with forger.answers(alone=True):
        lab.equal(exchange(bytes(2), lab.OUTER, timeout=0.2), None, 'answer')
    with forger.answers():
        lab.equal(itself.query_address(router=lab.OUTER)[1], lab.WAN, 'address')
    lab.equal(lab.rules(9150, 'outer'), [], 'rules of the outer router')


# The provider.


def anycast():
    """PCP at the anycast address maps ports of the provider to the address of the first router."""
    nonce = os.urandom(12)
    itself.map_port(9160)
    with traffic.echo_server('tcp', 9160):
        answer = pcp_map(9160, nonce, server=ANYCAST, suggested=9160, address=SHARED_WAN)
        lab.equal(answer, (SUCCESS, 600, 9160, lab.WAN), 'answer')
        assert lab.reached('tcp', lab.WAN, 9160), 'not reached'
        lab.equal(pcp_map(9160, nonce, 0, server=ANYCAST, address=SHARED_WAN)[0], SUCCESS,
                  'deletion')
        lab.equal(lab.rules(9160, 'outer'), [], 'rules of the provider')
    with lab.refusing('outer'):
        lab.equal(pcp_map(9161, nonce, server=ANYCAST, address=SHARED_WAN)[0],
                  NOT_AUTHORIZED, 'result if the provider refuses')


def provider_is_silent(*servers):
    for server in servers:
        lab.equal(exchange(bytes(2), server, timeout=0.2), None, f'answer of {server}')
    lab.equal(search(PROVIDER, timeout=0.2), None, 'location')


def anycast_of_a_host():
    """A host without a router of its own."""
    with traffic.echo_server('tcp', 9162):
        answer = pcp_map(9162, os.urandom(12), server=ANYCAST, suggested=9162,
                         address=DIRECT_CLIENT)
        lab.equal(answer, (SUCCESS, 600, 9162, lab.WAN), 'answer')
        assert lab.reached('tcp', lab.WAN, 9162), 'not reached'


def anycast6_of_a_host():
    """The same over IPv6, for a pinhole in the firewall of the provider."""
    address = socket.inet_pton(socket.AF_INET6, lab.CLIENT6)
    request = struct.pack('!BBHI16s12sB3xHH16s', 2, 1, 0, 600, address, os.urandom(12), 6, 9163,
                          9163, bytes(16))
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
        client.settimeout(3.0)
        client.connect((ANYCAST6, 5351))
        client.send(request)
        answer = client.recv(2048)
    lab.equal((answer[:2], answer[3], answer[44:60]), (bytes([2, 129]), SUCCESS, address), 'answer')
    with traffic.echo_server('tcp', 9163, '::'):
        assert lab.reached('tcp', lab.CLIENT6, 9163), 'not reached'


def router_is_silent6():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
        client.settimeout(0.2)
        client.connect((ROUTER6, 5351))
        client.send(bytes([2, 0]) + bytes(6) + socket.inet_pton(socket.AF_INET6, lab.CLIENT6))
        try:
            answer = client.recv(2048)
        except OSError as error:
            lab.equal(type(error), socket.timeout, 'error')
        else:
            raise AssertionError(f'the router answers: {answer}')


# A NAT that no router reports.


def hidden_nat(server, name, reported):
    """A router maps the port and reports its address, but the internet sees another one."""
    lab.equal(itself.query_address(router=server)[1], reported, 'reported address')
    itself.map_port(9170, protocol='udp')
    if server != lab.ROUTER:
        itself.map_port(9170, server, 'udp')
    assert lab.rules(9170, name), 'no rule'
    with stun_server.stun_server():
        lab.equal(stun_server.ask(9170)[0][0], lab.WAN, 'address seen by the STUN server')
        lab.equal(stun_server.ask(9170, change=stun_server.CHANGE_BOTH,
                                  timeout=lab.UNREACHED_AFTER), None, 'answer from elsewhere')
    with traffic.echo_server('udp', 9170):
        assert not lab.reached('udp', lab.WAN, 9170, lab.UNREACHED_AFTER), 'reached'


def hairpin(address):
    """The client itself reaches the port at the external address, once it is mapped."""
    with traffic.echo_server('tcp', 9172):
        assert not lab.reached('tcp', address, 9172, lab.UNREACHED_AFTER, 'client'), 'too early'
        itself.map_port(9172)
        if address != lab.INNER_WAN:
            itself.map_port(9172, lab.OUTER)
        assert lab.reached('tcp', address, 9172, host='client'), 'not reached'


def no_hairpin():
    with traffic.echo_server('tcp', 9173):
        map_both(9173)
        assert lab.reached('tcp', lab.WAN, 9173), 'not reached from the internet'
        assert not lab.reached('tcp', lab.WAN, 9173, lab.UNREACHED_AFTER, 'client'), 'reached'


def firewall_drops():
    """The port is mapped, but the client itself drops what strangers send."""
    with stun_server.stun_server():
        map_both(9171, 'udp')
        with lab.firewall():
            lab.equal(stun_server.ask(9171)[0], (lab.WAN, 9171), 'mapped endpoint')
            lab.equal(stun_server.ask(9171, change=stun_server.CHANGE_BOTH,
                                      timeout=lab.UNREACHED_AFTER), None, 'answer from elsewhere')
            assert search(lab.ROUTER), 'no answer to a search'
        assert stun_server.ask(9171, change=stun_server.CHANGE_BOTH), 'no answer afterwards'


def suites(plumctl_map):
    """Suite name: options of the lab, cases."""
    chain = Chain(plumctl_map).cases() + [
        ('through-both-by-tcp', through_both, 'tcp'),
        ('through-both-by-udp', through_both, 'udp'),
        ('outer-by-pcp', outer_by_pcp),
        ('outer-by-upnp', outer_by_upnp),
        ('outer-sees-another-address', outer_sees_another_address),
        ('inner-restarts', restart_forgets, 'router', lab.ROUTER),
        ('outer-restarts', restart_forgets, 'outer', lab.OUTER),
        ('inner-forgets', inner_forgets),
        ('inner-refuses', refuses, 'router', lab.ROUTER),
        ('outer-refuses', refuses, 'outer', lab.OUTER),
        ('inner-silent', silent, 'router', lab.ROUTER),
        ('outer-silent', silent, 'outer', lab.OUTER),
        ('inner-address-changes', inner_address_changes),
        ('counts-what-goes-beyond', counts_what_goes_beyond),
        ('hidden-hops', hidden_hops),
        ('no-hairpin', no_hairpin),
        ('firewall-drops', firewall_drops),
    ]
    forgery = [
        ('icmp-of-another-host', forges_icmp, '192.168.1.77', '192.168.1.77'),
        ('icmp-of-a-public-address', forges_icmp, '198.51.100.1', '198.51.100.1'),
        ('icmp-of-this-host', forges_icmp, lab.CLIENT, None),
        ('icmp-of-loopback', forges_icmp, '127.0.0.1', None),
        ('icmp-of-a-group', forges_icmp, '224.0.0.1', None),
        ('answers', forges_answers),
    ]
    return {
        'itself-chain': (['--two-routers', '--stun'], chain),
        'itself-three-routers': (['--three-routers'], [
            ('through-three', through_three),
            ('third-restarts', restart_forgets, 'provider', THIRD),
        ]),
        'itself-forger': (['--two-routers'], forgery),
        'itself-carrier': (['--carrier=pcp'], [
            ('anycast', anycast),
            ('provider-is-silent', provider_is_silent, PROVIDER),
        ]),
        'itself-carrier-none': (['--carrier=none'], [
            ('provider-is-silent', provider_is_silent, PROVIDER, ANYCAST),
        ]),
        'itself-carrier-direct': (['--carrier=pcp', '--direct'], [
            ('anycast', anycast_of_a_host),
            ('provider-is-silent', provider_is_silent, PROVIDER),
        ]),
        'itself-carrier-direct6': (['--carrier=pcp', '--direct', '--ipv6'], [
            ('anycast6', anycast6_of_a_host),
            ('router-is-silent6', router_is_silent6),
            ('anycast', anycast_of_a_host),
        ]),
        'itself-hidden-nat': ([f'--hidden-nat={HIDDEN_WAN}', '--stun'], [
            ('hidden-nat', hidden_nat, lab.ROUTER, 'router', HIDDEN_WAN),
        ]),
        'itself-hidden-nat-third': (['--two-routers', f'--hidden-nat={HIDDEN_WAN}', '--stun'], [
            ('hidden-nat', hidden_nat, lab.OUTER, 'outer', HIDDEN_WAN),
        ]),
        'itself-hidden-nat-private': (
            ['--two-routers', '--outer=mapper', f'--hidden-nat={HIDDEN_PRIVATE_WAN}', '--stun'], [
                ('hidden-nat', hidden_nat, lab.OUTER, 'outer', HIDDEN_PRIVATE_WAN),
            ]),
        'itself-hairpin': (['--two-routers', '--outer=mapper', '--hairpin'], [
            ('hairpin-at-inner', hairpin, lab.INNER_WAN),
            ('hairpin-at-outer', hairpin, lab.WAN),
        ]),
        'itself-mixed': (['--two-routers', '--inner=upnp', '--outer=natpmp'], [
            ('inner-upnp-outer-natpmp', inner_upnp_outer_natpmp),
        ]),
    }
