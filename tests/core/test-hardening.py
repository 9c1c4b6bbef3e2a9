#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Verifies that the installed binaries have full RELRO and a non-executable stack.

Reads the ELF files in the arguments; see elf(5).
"""

import struct
import sys

PT_DYNAMIC, PT_GNU_STACK, PT_GNU_RELRO = 2, 0x6474e551, 0x6474e552
PF_X = 1
DT_BIND_NOW, DT_FLAGS, DT_FLAGS_1 = 24, 30, 0x6ffffffb
DF_BIND_NOW, DF_1_NOW = 8, 1


def program_headers(elf):
    """Yields (type, flags, offset, size) of each header of a 32-bit or 64-bit file."""
    order = '<' if elf[5] == 1 else '>'
    if elf[4] == 2:
        offset, size, count = (struct.unpack_from(order + 'Q', elf, 32)[0],
                               *struct.unpack_from(order + 'HH', elf, 54))
        for i in range(count):
            kind, flags, at, _, _, length = struct.unpack_from(order + 'IIQQQQ', elf,
                                                               offset + i * size)
            yield kind, flags, at, length
    else:
        offset, size, count = (struct.unpack_from(order + 'I', elf, 28)[0],
                               *struct.unpack_from(order + 'HH', elf, 42))
        for i in range(count):
            kind, at, _, _, length, _, flags = struct.unpack_from(order + 'IIIIIII', elf,
                                                                  offset + i * size)
            yield kind, flags, at, length


def is_bound_now(elf, at, length):
    form = ('<' if elf[5] == 1 else '>') + ('qQ' if elf[4] == 2 else 'iI')
    for tag, value in struct.iter_unpack(form, elf[at:at + length]):
        if tag == DT_BIND_NOW or (tag == DT_FLAGS and value & DF_BIND_NOW) or \
           (tag == DT_FLAGS_1 and value & DF_1_NOW):
            return True
    return False


def faults(path):
    with open(path, 'rb') as file:
        elf = file.read()
    headers = {kind: (flags, at, length) for kind, flags, at, length in program_headers(elf)}
    if PT_GNU_RELRO not in headers:
        yield 'has no RELRO segment'
    if PT_DYNAMIC in headers and not is_bound_now(elf, *headers[PT_DYNAMIC][1:]):
        yield 'does not bind all symbols at start-up'
    if headers.get(PT_GNU_STACK, (PF_X,))[0] & PF_X:
        yield 'has an executable stack'


def main():
    print(f'1..{len(sys.argv) - 1}')
    failed = False
    for number, path in enumerate(sys.argv[1:], 1):
        found = list(faults(path))
        failed = failed or bool(found)
        name = path.rsplit('/', 1)[-1]
        print(f'{"not " if found else ""}ok {number} /hardening/{name}')
        for fault in found:
            print(f'# {path}: {fault}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
