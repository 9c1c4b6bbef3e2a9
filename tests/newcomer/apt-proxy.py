#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a command in a network namespace from which only Debian's packages can be reached.

Usage: apt-proxy.py PORT COMMAND [ARGUMENT...]

The namespace has only a loopback interface, so no program of the command finds a router. On its
port PORT, an HTTP proxy answers requests for files of Debian mirrors. Needs root privileges.
"""

import ctypes
import http.server
import os
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

CLONE_NEWNET = 0x40000000
HOSTS = ('deb.debian.org', 'security.debian.org')
FORWARDED = ('If-Modified-Since', 'Range', 'Cache-Control')
TIMEOUT = 60  # seconds


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.scheme != 'http' or url.hostname not in HOSTS or url.port not in (None, 80):
            self.send_error(403)
            return
        headers = {name: self.headers[name] for name in FORWARDED if name in self.headers}
        try:
            answer = urllib.request.urlopen(urllib.request.Request(self.path, headers=headers),
                                            timeout=TIMEOUT)
        except urllib.error.HTTPError as error:
            answer = error
        except OSError as error:
            self.send_error(502, str(error))
            return
        with answer:
            self.forward(answer)

    def forward(self, answer):
        length = answer.headers['Content-Length']
        self.send_response(answer.status)
        for name in ('Content-Length', 'Content-Range', 'Last-Modified', 'Content-Type'):
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        if length is None:
            self.send_header('Connection', 'close')
            self.close_connection = True
        self.end_headers()
        shutil.copyfileobj(answer, self.wfile)

    def log_message(self, *_):
        pass


def change_namespace(function, *arguments):
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), 'cannot change the network namespace')


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    with open('/proc/self/ns/net', encoding='ascii') as outside:
        # The listening socket and the command are in the new namespace, the proxy's requests are not.
        change_namespace(libc.unshare, CLONE_NEWNET)
        subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
        server = http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Proxy)
        with subprocess.Popen(sys.argv[2:]) as command:
            change_namespace(libc.setns, outside.fileno(), CLONE_NEWNET)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            return command.wait()


if __name__ == '__main__':
    os.environ['PATH'] += ':/usr/sbin:/sbin'
    sys.exit(main())
