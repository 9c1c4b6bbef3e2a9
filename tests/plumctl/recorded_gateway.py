# SPDX-License-Identifier: LGPL-2.1-or-later

"""A router on loopback that replays a recording of `plumctl doctor --record` (docs/plumctl-json.md
documents the format).

Each request is matched with the most similar recorded request: the n-th request of a kind gets the
answer to the n-th recorded one, with the same delay; further requests get the last answer. Values
that differ between runs are translated: nonces, ports, the addresses of the router and the host.
Unrequested messages and answers to searches are sent at the recorded time after the first search.

Limitations: IPv4 only; no second router; chunked bodies are not translated.
"""

import csv
import json
import os
import re
import select
import socket
import threading

from fake_gateway import free_address

PORT_MAPPING = 5351
SSDP = 1900
PATIENCE = 10  # s; limit for a client that does not finish its request

SENT, RECEIVED = "sent", "received"


FAULT = (b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
         b'<faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>'
         b'<UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>714</errorCode>'
         b'<errorDescription>NoSuchEntryInArray</errorDescription></UPnPError></detail></s:Fault>'
         b'</s:Body></s:Envelope>')
NO_ENTRY = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: %d\r\n\r\n%s" % (len(FAULT), FAULT)


class Event:
    def __init__(self, folder, row):
        self.ms = int(row["ms"])
        self.backend = row["backend"]
        self.direction = row["direction"]
        self.peer = row["peer"]
        self.port = int(row["port"])
        self.data = b""
        if row["file"]:
            with open(os.path.join(folder, row["file"]), "rb") as file:
                self.data = file.read()

    def is_ssdp(self):
        """Whether this is a search, an answer to a search or a notification; HTTP looks similar."""
        if self.data.startswith((b"M-SEARCH", b"NOTIFY")):
            return True
        head = self.data.split(b"\r\n\r\n")[0].upper()
        return head.startswith(b"HTTP/") and (b"\nST:" in head or b"\nUSN:" in head)

    def is_http(self):
        return self.backend == "upnp" and bool(self.data) and not self.is_ssdp()


class Exchange:
    """A recorded request and its answers."""

    def __init__(self, request):
        self.request = request
        self.answers = []


def datagram_kind(data):
    """The key of a PCP or NAT-PMP request, which ignores ports and nonce."""
    if data[0] == 0 and len(data) >= 12:
        return data[:2], data[8:12] == bytes(4)
    if data[0] == 2 and len(data) >= 60:
        return data[:2], data[36], data[4:8] == bytes(4)
    return data[:2]


def ports_of_datagram(data):
    if data[0] == 0 and len(data) >= 12:
        return [int.from_bytes(data[at:at + 2], "big") for at in (4, 6)]
    if data[0] == 2 and len(data) >= 60:
        return [int.from_bytes(data[at:at + 2], "big") for at in (40, 42)]
    return []


def element(name, data):
    found = re.search(rb"<%s>([^<]*)<" % name, data)
    return found.group(1) if found else None


def http_kind(data):
    action = re.search(rb"(?im)^soapaction:.*#(\w+)", data)
    return (data.split(b"\r\n")[0], action.group(1) if action else None,
            element(b"NewPortMappingIndex", data), element(b"NewProtocol", data))


def ports_of_http(data):
    ports = [element(name, data) for name in (b"NewInternalPort", b"NewExternalPort")]
    return [int(port) if port else 0 for port in ports]


class RecordedGateway:
    def __init__(self, folder):
        with open(os.path.join(folder, "report.json")) as file:
            self.report = json.load(file)
        with open(os.path.join(folder, "index.tsv"), newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))

        self.address = free_address()
        seen = self.report["gateways"][0]
        self._recorded, self._recorded_host = seen["address"], seen["local_address"]
        others = {router["address"] for router in self.report.get("routers", [])
                  if router["role"] != "asked"}
        self._events = [event for event in (Event(folder, row) for row in rows)
                        if event.data and event.peer not in others and event.backend != "path"]
        self._refused = "refused" in [probe["outcome"] for probe in seen["probes"]]
        self._places = {self._recorded: self.address}  # recorded address -> current address
        self._ports = {}                               # recorded port -> current port
        self._counts = {}
        self._lock = threading.Lock()
        self._datagrams = self._pair(datagram_kind, lambda event: event.port == PORT_MAPPING)
        self._requests = self._pair(http_kind, Event.is_http)
        self._searched = False

    def events(self):
        return self._events

    # The recording

    def _pair(self, kind, condition):
        exchanges = {}
        last = {}
        for event in filter(condition, self._events):
            # The answer to a datagram may come from another address (a stray answer).
            server = event.backend, event.port, event.is_http() and event.peer
            if event.direction == SENT:
                exchange = Exchange(event)
                exchanges.setdefault(kind(event.data), []).append(exchange)
                last.setdefault(server, []).append(exchange)
            else:
                requests = last.get(server, [])
                if requests:
                    self._choose(requests, event).answers.append(event)
        return exchanges

    @staticmethod
    def _choose(requests, answer):
        """The request of an answer: the one with the same nonce or port, else the last."""
        for exchange in reversed(requests):
            request = exchange.request.data
            if answer.port != PORT_MAPPING:
                break
            if answer.data[1] & 0x7F != request[1]:
                continue
            if answer.data[0] == 2 and len(answer.data) >= 60 <= len(request):
                if answer.data[24:36] + answer.data[40:42] != request[24:36] + request[40:42]:
                    continue
            elif len(answer.data) >= 16 and len(request) >= 12:
                if answer.data[8:10] != request[4:6]:
                    continue
            return exchange
        return requests[-1]

    def _find(self, exchanges, kind):
        """The n-th exchange of a kind; None if no such request was recorded."""
        with self._lock:
            known = exchanges.get(kind)
            number = self._counts.get(kind, 0)
            self._counts[kind] = number + 1
        return known[min(number, len(known) - 1)] if known else None

    # Translation of values that differ between runs

    def _learn_ports(self, then, now):
        with self._lock:
            self._ports.update({a: b for a, b in zip(then, now) if a and b})

    def _translate_datagram(self, answer, request, actual):
        data = bytearray(answer)
        pcp = data[0] == 2 and len(data) >= 60
        if pcp and data[24:36] == request[24:36]:
            data[24:36] = actual[24:36]
        for at in (40, 42) if pcp else (8, 10) if data[0] == 0 and len(data) >= 16 else ():
            port = int.from_bytes(data[at:at + 2], "big")
            data[at:at + 2] = self._ports.get(port, port).to_bytes(2, "big")
        return bytes(data)

    def _translate_text(self, data, host):
        def translate_port(match):
            port = int(match.group(2))
            return match.group(1) + str(self._ports.get(port, port)).encode()

        places = dict(self._places)
        places[self._recorded_host] = host
        pattern = b"|".join(re.escape(address.encode()) for address in places)
        data = re.sub(rb"(?<![\d.])(%s)(?![\d.])" % pattern,
                      lambda match: places[match.group(1).decode()].encode(), data)
        return re.sub(rb"(New(?:In|Ex)ternalPort(?:>|&gt;))(\d+)", translate_port, data)

    def _translate_http(self, data, host):
        head, gap, body = data.partition(b"\r\n\r\n")
        translated = self._translate_text(body, host)
        if re.search(rb"(?im)^transfer-encoding:", head):
            translated = body
        head = re.sub(rb"(?im)^(content-length:\s*)(\d+)",
                      lambda match: match.group(1) + b"%d" % (int(match.group(2)) + len(translated)
                                                              - len(body)), head)
        return self._translate_text(head, host) + gap + translated

    # The network

    def __enter__(self):
        self._wake_read, self._wake_write = os.pipe()
        self._sockets = {}
        self._timers = []
        self._connections = []
        received = [event for event in self._events if event.direction == RECEIVED]

        for peer in {event.peer for event in received} - {self._recorded}:
            self._places[peer] = free_address()
        if any(event.port == PORT_MAPPING and event.backend != "stray" for event in received) \
                or not self._refused:
            self._open(socket.SOCK_DGRAM, self.address, PORT_MAPPING, self._on_datagram)
        self._open(socket.SOCK_DGRAM, self.address, SSDP, self._on_search)
        for event in received:
            if event.is_http():
                self._open(socket.SOCK_STREAM, self._places[event.peer], event.port,
                           self._on_connection)

        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *unused):
        os.write(self._wake_write, b"x")
        self._thread.join()
        for timer in self._timers:
            timer.cancel()
        for end in [sock for sock, _ in self._sockets.values()] + self._connections:
            end.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _open(self, kind, address, port, handler):
        key = (kind, address, port)
        if key not in self._sockets:
            sock = socket.socket(socket.AF_INET, kind)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((address, port))
            if kind == socket.SOCK_STREAM:
                sock.listen()
            self._sockets[key] = (sock, handler)
        return self._sockets[key][0]

    def _serve(self):
        handlers = dict(self._sockets.values())
        while True:
            ready, _, _ = select.select([self._wake_read, *handlers], [], [])
            if self._wake_read in ready:
                return
            for sock in ready:
                handlers[sock](sock)

    def _later(self, ms, function, *args):
        timer = threading.Timer(max(ms, 0) / 1000, function, args)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    @staticmethod
    def _send(sock, data, to):
        try:
            sock.sendto(data, to)
        except OSError:  # the client has exited
            pass

    def _on_datagram(self, sock):
        actual, client = sock.recvfrom(2048)
        exchange = self._find(self._datagrams, datagram_kind(actual))
        if exchange is None:
            return
        request = exchange.request
        self._learn_ports(ports_of_datagram(request.data), ports_of_datagram(actual))
        for answer in exchange.answers:
            end = sock
            if answer.peer != self._recorded:
                end = self._open(socket.SOCK_DGRAM, self._places[answer.peer], PORT_MAPPING, None)
            self._later(answer.ms - request.ms, self._send, end,
                        self._translate_datagram(answer.data, request.data, actual), client)

    def _on_search(self, sock):
        client = sock.recvfrom(2048)[1]
        searches = [event for event in self._events
                    if event.direction == SENT and event.is_ssdp()]
        if self._searched or not searches:
            return
        self._searched = True
        for answer in self._events:
            if answer.direction == RECEIVED and answer.is_ssdp() \
                    and not answer.data.startswith(b"M-SEARCH"):
                end = self._open(socket.SOCK_DGRAM, self._places[answer.peer], answer.port, None)
                self._later(answer.ms - searches[0].ms, self._send, end,
                            self._translate_text(answer.data, client[0]), client)

    def _on_connection(self, sock):
        connection, client = sock.accept()
        connection.settimeout(PATIENCE)
        self._connections.append(connection)
        threading.Thread(target=self._answer_http, args=(connection, client[0]),
                         daemon=True).start()

    def _answer_http(self, connection, host):
        actual = b""
        try:
            while not self._is_whole(actual):
                piece = connection.recv(4096)
                if not piece:
                    return
                actual += piece
            exchange = self._find(self._requests, http_kind(actual))
            if exchange is None and b"#GetSpecificPortMappingEntry" in actual:
                # The recording is of a version that did not look before it added an entry.
                connection.sendall(NO_ENTRY)
                connection.close()
                return
            if exchange is None or not exchange.answers:
                return  # the connection stays open until the client times out
            self._learn_ports(ports_of_http(exchange.request.data), ports_of_http(actual))
            self._later(exchange.answers[-1].ms - exchange.request.ms, self._finish_http,
                        connection, exchange, host)
        except OSError:
            connection.close()

    def _finish_http(self, connection, exchange, host):
        data = b"".join(answer.data for answer in exchange.answers)
        try:
            connection.sendall(self._translate_http(data, host))
        except OSError:
            pass
        connection.close()

    @staticmethod
    def _is_whole(data):
        head, gap, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?im)^content-length:\s*(\d+)", head)
        return bool(gap) and len(body) >= (int(length.group(1)) if length else 0)
