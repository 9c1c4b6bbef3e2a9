# SPDX-License-Identifier: LGPL-2.1-or-later

"""A router on loopback that supports PCP (RFC 6887) or NAT-PMP (RFC 6886), in a separate thread.

It has its own address in 127.0.0.0/8 and uses the real port, so plumctl and the library need no
hooks for tests. At an IPv6 address, it opens pinholes by PCP.
"""

import contextlib
import itertools
import os
import select
import socket
import struct
import threading
import time

PORT = 5351

PCP_VERSION = 2
PCP_ANNOUNCE = 0
PCP_MAP = 1
PCP_NOT_AUTHORIZED = 2
PCP_UNSUPPORTED_OPCODE = 4

IANA_TO_NAME = {6: "tcp", 17: "udp"}
NATPMP_TO_NAME = {1: "udp", 2: "tcp"}

FOREVER = 0xFFFFFFFF

_numbers = itertools.count(os.getpid() * 251 % 60000)


def free_address():
    """An address that other tests on this machine are unlikely to use at the same time."""
    n = next(_numbers) % 60000
    return "127.77.%d.%d" % (n // 250, n % 250 + 2)


class FakeGateway:
    def __init__(self, protocol="pcp", external="1.2.3.4", result=0, lifetime=None, silent=False,
                 answer_from=None, address_result=0, keeps_all=False, address=None,
                 ignores_maps=False):
        self.address = address or free_address()
        self.protocol = protocol
        self.external = external
        self.result = result          # of every MAP
        self.lifetime = lifetime      # granted instead of the requested one
        self.silent = silent
        self.answer_from = answer_from
        self.address_result = address_result  # of the NAT-PMP address request
        self.keeps_all = keeps_all    # ignores deletes, and does not answer them
        self.ignores_maps = ignores_maps  # does not answer them
        self.table = {}               # (protocol, internal port) -> (external port, nonce)
        self.requests = 0
        self.changed = threading.Condition()
        self._start = time.monotonic()

    def __enter__(self):
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.bind((self.address, PORT))
        self._answers = self._socket
        if self.answer_from is not None:
            self._answers = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._answers.bind((self.answer_from, PORT))
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *unused):
        os.write(self._wake_write, b"x")
        self._thread.join()
        for descriptor in (self._wake_read, self._wake_write):
            os.close(descriptor)
        self._socket.close()
        if self._answers is not self._socket:
            self._answers.close()

    def wait_for(self, condition, timeout=10):
        """Waits until condition(table) is true. Returns False after the timeout."""
        with self.changed:
            return self.changed.wait_for(lambda: condition(self.table), timeout)

    def _serve(self):
        while True:
            ready, _, _ = select.select([self._socket, self._wake_read], [], [])
            if self._wake_read in ready:
                return
            request, peer = self._socket.recvfrom(1500)
            with self.changed:
                self.requests += 1
                answer = self._answer(request, peer)
                self.changed.notify_all()
            if answer is not None and not self.silent and not self._is_ignored(request):
                with contextlib.suppress(OSError):
                    self._answers.sendto(answer, peer)

    def _is_ignored(self, request):
        lifetime = request[4:8] if self.protocol == "pcp" else request[8:12]
        is_delete = lifetime == bytes(4)
        return request[1] != 0 and (self.ignores_maps or (self.keeps_all and is_delete))

    def _epoch(self):
        return int(time.monotonic() - self._start) + 1000

    def _answer(self, request, peer):
        if len(request) < 2:
            return None
        if self.protocol == "pcp":
            return self._answer_pcp(request)
        return self._answer_natpmp(request)

    def _set(self, key, external_port, nonce, lifetime):
        if lifetime == 0 and self.keeps_all:
            return
        if lifetime == 0:
            self.table.pop(key, None)
        else:
            self.table[key] = (external_port, nonce)

    def _granted(self, requested):
        return requested if requested == 0 or self.lifetime is None else self.lifetime

    # RFC 6887

    def _pcp_head(self, opcode, result, lifetime):
        return struct.pack("!BBBBII12x", PCP_VERSION, 0x80 | opcode, 0, result, lifetime,
                           self._epoch())

    def _answer_pcp(self, request):
        if request[0] != PCP_VERSION:
            # The answer to an unsupported version (section 9).
            return self._pcp_head(request[1] & 0x7F, 1, 30)
        opcode = request[1] & 0x7F
        if opcode == PCP_ANNOUNCE:
            return self._pcp_head(PCP_ANNOUNCE, 0, 0)
        if opcode != PCP_MAP or len(request) < 60:
            return self._pcp_head(opcode, PCP_UNSUPPORTED_OPCODE, 1800) + request[24:]
        return self._answer_pcp_map(request)

    def _answer_pcp_map(self, request):
        lifetime = self._granted(struct.unpack_from("!I", request, 4)[0])
        nonce = request[24:36]
        protocol = IANA_TO_NAME.get(request[36], "other")
        internal, external = struct.unpack_from("!HH", request, 40)
        held = self.table.get((protocol, internal))
        result = self.result

        if result == 0 and held is not None and held[1] != nonce:
            result = PCP_NOT_AUTHORIZED
        if result != 0:
            return self._pcp_head(PCP_MAP, result, 30) + request[24:60]

        external = external or internal
        address = b"\0" * 10 + b"\xff\xff" + socket.inet_aton(self.external)
        if ":" in self.address:  # a firewall changes neither the address nor the port
            external, address = internal, request[8:24]
        self._set((protocol, internal), external, nonce, lifetime)
        return (self._pcp_head(PCP_MAP, 0, lifetime) + request[24:42]
                + struct.pack("!H", external) + address)

    # RFC 6886

    def _answer_natpmp(self, request):
        version, opcode = request[0], request[1]
        if version != 0:
            return struct.pack("!BBHI", 0, 128 + opcode, 1, self._epoch())
        if opcode == 0:
            address = self.external if self.address_result == 0 else "0.0.0.0"
            return (struct.pack("!BBHI", 0, 128, self.address_result, self._epoch())
                    + socket.inet_aton(address))
        if opcode not in NATPMP_TO_NAME or len(request) < 12:
            return struct.pack("!BBHI", 0, 128 + opcode, 5, self._epoch())

        internal, external, requested = struct.unpack_from("!HHI", request, 4)
        lifetime = self._granted(requested)
        if self.result == 0:
            external = 0 if lifetime == 0 else external or internal
            self._set((NATPMP_TO_NAME[opcode], internal), external, b"", lifetime)
        return struct.pack("!BBHIHHI", 0, 128 + opcode, self.result, self._epoch(), internal,
                           external, lifetime)
