# SPDX-License-Identifier: LGPL-2.1-or-later
"""The cases that need more than POSIX: they are skipped with -Dplatform=portable."""

ICMP = 'needs ICMP errors, which show the router beyond the gateway'
INTERFACE = 'needs a socket that is restricted to one interface'
ROUTES = 'needs the address of the IPv6 router from the routing table'
DESCRIPTORS = 'needs some of the descriptors for GNetworkMonitor'

# suite: (reason, cases; None: all of them)
SKIPPED = {
    'all': (DESCRIPTORS, ['few-descriptors']),
    'carrier-none': (ICMP, ['doctor']),
    'chain-doctor': (ICMP, ['one-hop', 'second-refuses', 'second-silent']),
    'chain-forged': (ICMP, ['hop-is-public']),
    'chain-shown': (ICMP, ['silent']),
    'doctor-between': (ICMP, None),
    'doctor-second-shared': (ICMP, None),
    'doctor-three-routers': (ICMP, ['third-not-asked', 'second-not-asked']),
    'ipv6-upnp': (ROUTES, ['pinhole-after-restart']),
    'outside': (INTERFACE, ['proven-by-name', 'proven-by-address', 'proven-by-address-and-port',
                            'blocked-by-a-firewall', 'server-with-one-address', 'no-answer',
                            'recording-is-masked', 'interrupted']),
    'outside-chain': (INTERFACE, ['proven', 'blocked-by-a-firewall']),
    'outside-chain-hidden-nat': (INTERFACE, None),
    'outside-hidden-nat': (INTERFACE, None),
    'outside-ipv6': (INTERFACE, ['both-families']),
    'outside-map': (INTERFACE, ['map-proven', 'map-blocked', 'map-other-port', 'map-text',
                                'address-changes', 'run']),
    'outside-two-gateways': (INTERFACE, None),
    'outside-upnp': (INTERFACE, None),
    'two-routers': (ICMP, None),
    'two-routers-cgnat': (ICMP, None),
    'two-routers-cgnat-maps': (ICMP, None),
    'two-routers-maps': (ICMP, None),
}


def reason_to_skip(suite, case):
    """Why a case cannot pass, or None."""
    reason, cases = SKIPPED.get(suite, (None, []))
    return reason if cases is None or case in cases else None


def unknown(suites):
    """The names above that no suite has: of renamed suites and cases."""
    for suite, (_, cases) in SKIPPED.items():
        if suite not in suites:
            yield suite
        else:
            names = [case[0] for case in suites[suite][1]]
            yield from (f'{suite}/{case}' for case in cases or [] if case not in names)
