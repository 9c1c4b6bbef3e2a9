# SPDX-License-Identifier: LGPL-2.1-or-later
"""The mapping table of a router, and the nft rules that make it true."""

import dataclasses
import fcntl
import socket
import struct
import subprocess
import threading
import time

TCP, UDP = 6, 17
SIOCGIFADDR = 0x8915  # <linux/sockios.h>
FIRST_PORT = 1024
FIRST_FREE_PORT = 49152


@dataclasses.dataclass
class Entry:
    """A mapping. Its key in the table is (protocol, external_port)."""
    protocol: int
    external_port: int
    client: str
    internal_port: int
    expires: float | None  # monotonic; None: permanent
    maker: str  # 'pcp', 'natpmp' or 'upnp'
    nonce: bytes = bytes(12)
    description: str = ''
    remotes: tuple = ()  # networks whose hosts may connect, such as '1.2.3.1/32'; none: all hosts

    @property
    def remote_host(self):
        """As UPnP names it; a UPnP entry cannot express what PCP's filters can."""
        return self.remotes[0].removesuffix('/32') if self.remotes else ''

    @property
    def source(self):
        """The match of nft for the hosts that may connect."""
        return f'ip saddr {{ {", ".join(self.remotes)} }} ' if self.remotes else ''

    @property
    def key(self):
        return self.protocol, self.external_port

    @property
    def remaining(self):
        """Seconds; 0 if the mapping is permanent."""
        return 0 if self.expires is None else max(1, round(self.expires - time.monotonic()))


class Refused(Exception):
    """The router's policy does not allow the mapping."""


class Table:
    """All methods must be called with the lock held."""

    def __init__(self, wan, lan, refuse_file, forget_file, lifetimes):
        self.lock = threading.RLock()
        self.wan = wan
        self.hairpin_lan = lan
        self.refuse_file = refuse_file
        self.forget_file = forget_file
        forget_file.unlink(missing_ok=True)
        self.shortest, self.longest = lifetimes
        self.entries = {}
        self.started = time.monotonic()
        self.address = self.read_address()
        self.write_rules()

    # The external address and the epoch.

    def read_address(self):
        """The first IPv4 address of the external interface, or None."""
        request = struct.pack('256s', self.wan.encode())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            try:
                answer = fcntl.ioctl(any_socket, SIOCGIFADDR, request)
            except OSError:
                return None
        return socket.inet_ntoa(answer[20:24])

    def refresh(self):
        """Must be called before each request: removes what has expired, and takes over the current
        address. If it has changed, the epoch restarts (RFC 6887 8.5).
        """
        if self.forget_file.exists():
            self.forget_file.unlink()
            self.remove(*list(self.entries.values()))
        now = time.monotonic()
        self.remove(*[entry for entry in self.entries.values()
                      if entry.expires is not None and entry.expires <= now])
        address = self.read_address()
        if address != self.address:
            self.address = address
            self.started = time.monotonic()
            self.write_rules()

    @property
    def epoch(self):
        return int(time.monotonic() - self.started)

    # Lookups.

    def of_client(self, protocol, client, internal_port):
        """The mapping that PCP or NAT-PMP made for an internal endpoint: at most one exists."""
        for entry in self.entries.values():
            if (entry.protocol, entry.client, entry.internal_port) == \
                    (protocol, client, internal_port) and entry.maker != 'upnp':
                return entry
        return None

    def at(self, protocol, external_port):
        return self.entries.get((protocol, external_port))

    def is_free(self, protocol, port, client):
        """The companion port of the other protocol belongs to the same client (RFC 6886 3.3)."""
        companion = self.at(TCP + UDP - protocol, port)
        return FIRST_PORT <= port <= 65535 and self.at(protocol, port) is None and \
            (companion is None or companion.client == client)

    def free_port(self, protocol, client, *preferred):
        """The first preferred port that is free, or another one, or None."""
        for port in (*preferred, *range(FIRST_FREE_PORT, 65536)):
            if self.is_free(protocol, port, client):
                return port
        return None

    def refuses(self, protocol):
        """The file has the only protocol that is refused, or nothing."""
        try:
            return self.refuse_file.read_text(encoding='ascii').strip() in ('', str(protocol))
        except FileNotFoundError:
            return False

    def lifetime(self, requested):
        return min(max(requested, self.shortest), self.longest)

    # Changes.

    def put(self, entry):
        if self.refuses(entry.protocol):
            raise Refused
        known = self.entries.get(entry.key)
        self.entries[entry.key] = entry
        if known is None or (known.client, known.internal_port, known.remotes) != \
                (entry.client, entry.internal_port, entry.remotes):
            self.write_rules()

    def remove(self, *entries):
        for entry in entries:
            del self.entries[entry.key]
        if entries:
            self.write_rules()

    def write_rules(self):
        """Replaces all rules in one transaction. Protocols are numbers, because the names need
        /etc/protocols. Neighbours may send to an old address for a while: it is not forwarded.
        """
        place = 'add rule inet filter'
        lines = [f'flush chain inet filter {chain}' for chain in
                 ('miniupnpd', 'prerouting_miniupnpd', 'postrouting_miniupnpd')]
        for entry in self.entries.values() if self.address else ():
            match = f'meta nfproto ipv4 {{}}ifname "{self.wan}" meta l4proto {entry.protocol}'
            lines += [
                f'{place} prerouting_miniupnpd {match.format("i")} {entry.source}'
                f'ip daddr {self.address} th dport {entry.external_port} '
                f'dnat ip to {entry.client}:{entry.internal_port}',
                f'{place} miniupnpd {match.format("i")} {entry.source}ip daddr {entry.client} '
                f'th dport {entry.internal_port} accept',
                # What the client sends from the port has the mapped port as well.
                f'{place} postrouting_miniupnpd {match.format("o")} ip saddr {entry.client} '
                f'th sport {entry.internal_port} masquerade to :{entry.external_port}',
            ]
            if self.hairpin_lan:
                lines += self.hairpin_rules(place, entry)
        subprocess.run(['nft', '-f', '-'], input='\n'.join(lines) + '\n', text=True, check=True)

    def hairpin_rules(self, place, entry):
        """Hosts of the own network reach the mapped port at the external address as well."""
        lan = self.hairpin_lan
        match = f'meta nfproto ipv4 iifname "{lan}" {{}}meta l4proto {entry.protocol}'
        inside = match.format(f'oifname "{lan}" {entry.source}ip daddr {entry.client} ') + \
            f' th dport {entry.internal_port}'
        return [
            f'{place} prerouting_miniupnpd {match.format("")} {entry.source}'
            f'ip daddr {self.address} th dport {entry.external_port} dnat ip to {entry.client}:{entry.internal_port}',
            f'{place} miniupnpd {inside} accept',
            f'{place} postrouting_miniupnpd {inside} masquerade',
        ]
