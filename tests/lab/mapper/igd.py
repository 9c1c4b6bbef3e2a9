# SPDX-License-Identifier: LGPL-2.1-or-later
"""An Internet Gateway Device (InternetGatewayDevice:2): SSDP, the description, and SOAP.

The actions themselves are in actions.py.
"""

import contextlib
import http.server
import re
import socket
import socketserver
import threading
import time
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

from actions import FAULTS, Actions, Fault

GROUP, SSDP_PORT = '239.255.255.250', 1900
VALID_FOR = 1800  # seconds
SERVER = 'Lab/1.0 UPnP/1.1 Mapper/1.0'
SCHEMAS = 'urn:schemas-upnp-org:'
SERVICE = SCHEMAS + 'service:WANIPConnection:'
DEVICES = ['InternetGatewayDevice', 'WANDevice', 'WANConnectionDevice']  # each in the one before
VERSION = 2
CONTROL = '/ctl/IPConn'
ENVELOPE = '{http://schemas.xmlsoap.org/soap/envelope/}'
LARGEST_BODY = 65536


def service_xml():
    return (f'<serviceList><service><serviceType>{SERVICE}{VERSION}</serviceType>'
            '<serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId><SCPDURL>/wan.xml</SCPDURL>'
            f'<controlURL>{CONTROL}</controlURL><eventSubURL>/evt/IPConn</eventSubURL></service>'
            '</serviceList>')


def description(uuid):
    """The root device contains the others, and the last one contains the service."""
    inner = service_xml()
    for level, kind in reversed(list(enumerate(DEVICES))):
        inner = (f'<device><deviceType>{SCHEMAS}device:{kind}:{VERSION}</deviceType>'
                 '<friendlyName>Lab mapper</friendlyName><manufacturer>Lab</manufacturer>'
                 f'<modelName>Mapper</modelName><UDN>uuid:{device_uuid(uuid, level)}</UDN>{inner}'
                 '</device>')
        if level > 0:
            inner = f'<deviceList>{inner}</deviceList>'
    return ('<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0" configId="1">'
            f'<specVersion><major>1</major><minor>1</minor></specVersion>{inner}</root>')


def device_uuid(uuid, level):
    return f'{uuid[:-1]}{(int(uuid[-1], 16) + level) % 16:x}'


def targets(uuid):
    """The search targets of the device, each with its USN (UPnP Device Architecture 1.1, 1.3.2)."""
    root = f'uuid:{uuid}'
    found = {'upnp:rootdevice': f'{root}::upnp:rootdevice', root: root}
    for level, kind in enumerate(DEVICES):
        for version in range(1, VERSION + 1):
            target = f'{SCHEMAS}device:{kind}:{version}'
            found[target] = f'uuid:{device_uuid(uuid, level)}::{target}'
    for version in range(1, VERSION + 1):
        found[f'{SERVICE}{version}'] = \
            f'uuid:{device_uuid(uuid, len(DEVICES) - 1)}::{SERVICE}{version}'
    return found


class HttpServer(socketserver.ThreadingTCPServer):
    """Unlike http.server.HTTPServer, does not look up its own name."""
    allow_reuse_address = True
    daemon_threads = True


class Igd:
    def __init__(self, table, address, port, uuid, permanent, say, delay):
        self.address = address
        self.uuid = uuid
        self.say = say
        self.delay = delay  # returns the time before requests for mappings are answered
        self.actions = Actions(table, permanent, say)
        self.location = f'http://{address}:{port}/root.xml'
        self.boot = int(time.time())
        self.http = HttpServer((address, port), self.handler())
        self.sender = self.udp_socket(address)
        self.sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
        self.group = self.udp_socket(GROUP)
        self.group.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                              socket.inet_aton(GROUP) + socket.inet_aton(address))

    @staticmethod
    def udp_socket(address):
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bound.bind((address, SSDP_PORT))
        return bound

    def start(self):
        for function in (self.http.serve_forever,
                         lambda: self.serve_searches(self.sender, {'HOST', 'MAN', 'ST'}),
                         lambda: self.serve_searches(self.group, {'HOST', 'MAN', 'ST', 'MX'})):
            threading.Thread(target=function, daemon=True).start()
        self.notify('ssdp:alive')
        self.say(f'UPnP at {self.location}')

    def goodbye(self):
        self.notify('ssdp:byebye')

    # SSDP.

    def headers(self):
        return (f'LOCATION: {self.location}\r\nSERVER: {SERVER}\r\n'
                f'CACHE-CONTROL: max-age={VALID_FOR}\r\n')

    def notify(self, event):
        for target, usn in targets(self.uuid).items():
            text = (f'NOTIFY * HTTP/1.1\r\nHOST: {GROUP}:{SSDP_PORT}\r\nNT: {target}\r\n'
                    f'NTS: {event}\r\nUSN: {usn}\r\n'
                    + (self.headers() if event == 'ssdp:alive' else '')
                    + f'BOOTID.UPNP.ORG: {self.boot}\r\nCONFIGID.UPNP.ORG: 1\r\n\r\n')
            with contextlib.suppress(OSError):  # the link is down
                self.sender.sendto(text.encode(), (GROUP, SSDP_PORT))

    def serve_searches(self, listener, required):
        while True:
            request, peer = listener.recvfrom(4096)
            for answer in self.search_answers(request, peer, required):
                with contextlib.suppress(OSError):
                    self.sender.sendto(answer.encode(), peer)

    def search_answers(self, request, peer, required):
        """Answers at once, although MX allows a delay. A unicast search needs no MX (1.3.2)."""
        first, *lines = request.decode('latin-1').split('\r\n')
        fields = {name.strip().upper(): value.strip()
                  for name, _, value in (line.partition(':') for line in lines)}
        if not first.startswith('M-SEARCH'):
            return  # the announcement of a device
        if first != 'M-SEARCH * HTTP/1.1' or fields.get('MAN') != '"ssdp:discover"' or \
                not required <= fields.keys() or lines[-2:] != ['', '']:
            self.say(f'violation: search of {peer[0]}: {request}')
            return
        for target, usn in targets(self.uuid).items():
            if fields.get('ST') in ('ssdp:all', target):
                yield (f'HTTP/1.1 200 OK\r\nST: {target}\r\nUSN: {usn}\r\nEXT:\r\n'
                       f'{self.headers()}BOOTID.UPNP.ORG: {self.boot}\r\n\r\n')

    # HTTP.

    def service_description(self):
        actions = ''
        for name, (_, inputs, outputs) in self.actions.all.items():
            arguments = ''.join(
                f'<argument><name>New{argument}</name><direction>{direction}</direction>'
                f'<relatedStateVariable>{argument}</relatedStateVariable></argument>'
                for direction, names in (('in', inputs), ('out', outputs)) for argument in names)
            actions += (f'<action><name>{name}</name><argumentList>{arguments}</argumentList>'
                        '</action>')
        return ('<?xml version="1.0"?><scpd xmlns="urn:schemas-upnp-org:service-1-0"><specVersion>'
                '<major>1</major><minor>0</minor></specVersion>'
                f'<actionList>{actions}</actionList></scpd>')

    def control(self, header, body, client):
        """Returns the HTTP status and the answer to a SOAP request."""
        try:
            match = re.fullmatch(rf'"({re.escape(SERVICE)}[12])#(\w+)"', header)
            root = ET.fromstring(body)
            call = root.find(f'{ENVELOPE}Body/*')
            if match is None or root.tag != ENVELOPE + 'Envelope' or call is None or \
                    call.tag != '{%s}%s' % match.groups():
                self.say(f'violation: SOAP request of {client} with {header}')
                raise Fault(401)
            service, action = match.groups()
            arguments = [(child.tag, child.text or '') for child in call]
            if len(dict(arguments)) != len(arguments):
                raise Fault(402)
            results = self.actions.invoke(action, dict(arguments), client)
        except ET.ParseError:
            self.say(f'violation: SOAP request of {client} without XML')
            return 400, ''
        except Fault as fault:
            self.say(f'UPnP: {header} of {client}: error {fault.code}')
            return 500, envelope(
                '<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring>'
                '<detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0">'
                f'<errorCode>{fault.code}</errorCode>'
                f'<errorDescription>{FAULTS[fault.code]}</errorDescription></UPnPError></detail>'
                '</s:Fault>')
        self.say(f'UPnP: {action} {dict(arguments)} of {client}: {results}')
        if action.startswith('Add'):
            time.sleep(self.delay())
        return 200, envelope(f'<u:{action}Response xmlns:u="{service}">' + ''.join(
            f'<{name}>{escape(value)}</{name}>' for name, value in results)
            + f'</u:{action}Response>')

    def handler(self):
        igd = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            server_version, sys_version = SERVER, ''
            timeout = 10
            wbufsize = -1  # head and body in one packet
            disable_nagle_algorithm = True

            def do_GET(self):
                pages = {'/root.xml': lambda: description(igd.uuid),
                         '/wan.xml': igd.service_description}
                page = pages.get(self.path)
                self.answer(200 if page else 404, page() if page else '')

            def do_POST(self):
                length = self.headers.get('Content-Length', '')
                if self.path != CONTROL or not length.isdigit() or int(length) > LARGEST_BODY:
                    self.close_connection = True
                    return self.answer(404 if self.path != CONTROL else 411, '')
                body = self.rfile.read(int(length))
                return self.answer(*igd.control(self.headers.get('SOAPAction', ''), body,
                                                self.client_address[0]))

            def answer(self, status, text):
                data = text.encode()
                self.send_response(status)
                self.send_header('Content-Type', 'text/xml; charset="utf-8"')
                self.send_header('Content-Length', str(len(data)))
                self.send_header('EXT', '')
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        return Handler


def envelope(body):
    return ('<?xml version="1.0"?>\r\n<s:Envelope '
            'xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
            's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">'
            f'<s:Body>{body}</s:Body></s:Envelope>')
