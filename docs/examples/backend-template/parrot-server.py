#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A server for the Parrot protocol, which maps nothing.

Usage: parrot-server.py ADDRESS [PORT]
Prints its table at start and after each change; an empty one as "(empty)".
"""

import socket
import sys

PORT = 5999
EXTERNAL = "203.0.113.7"
LONGEST = 3600  # s


def answer(table, host, words):
    """Returns the words after the number."""
    if words == ["HELLO"]:
        return "OK " + EXTERNAL

    if words[0] == "MAP" and len(words) == 5:
        protocol, internal, external, seconds = words[1:]
        key = (host, protocol, int(internal))
        if int(seconds) == 0:
            table.pop(key, None)
            return "OK " + EXTERNAL
        external = int(external) or int(internal)
        if any(held == external and other != key for other, held in table.items()):
            return "NO another host has port %d" % external
        table[key] = external
        return "OK %s %d %d" % (EXTERNAL, external, min(int(seconds), LONGEST))

    if words[0] == "ASK" and len(words) == 3:
        key = (host, words[1], int(words[2]))
        return "OK " + EXTERNAL if key in table else "NO nothing is mapped there"

    return "NO unknown request"


def show(table):
    print(" ".join("%s:%d:%d" % (key[1], key[2], external)
                   for key, external in sorted(table.items())) or "(empty)", flush=True)


def serve(address, port=PORT):
    table = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, int(port)))
        show(table)
        while True:
            question, peer = server.recvfrom(256)
            words = question.decode("ascii", "replace").split()
            if len(words) < 3 or words[0] != "PARROT/1":
                continue
            before = dict(table)
            try:
                said = answer(table, peer[0], words[2:])
            except ValueError:
                said = "NO invalid number"
            server.sendto(("PARROT/1 %s %s" % (words[1], said)).encode("ascii", "replace"), peer)
            if table != before:
                show(table)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    serve(*sys.argv[1:])
