#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tools/structure finds each kind of fault, and none in the tree.

Usage: test-structure.py TOOL ROOT
"""

import pathlib
import subprocess
import sys
import tempfile

TOOL, ROOT = sys.argv[1:3]

LOWER_H = '#pragma once\nvoid lower (void);\n'
UPPER_H = '#pragma once\nvoid upper (void);\n'
LOWER_C = '#include "lower.h"\n\nvoid\nlower (void)\n{\n}\n'
UPPER_C = '#include "upper.h"\n#include "lower.h"\n\nvoid\nupper (void)\n{\n  lower ();\n}\n'
GOOD = {
    'core/value/lower.h': LOWER_H,
    'core/value/lower.c': LOWER_C,
    'core/time/upper.h': UPPER_H,
    'core/time/upper.c': UPPER_C,
}

# name: (files that replace or join the good ones, a part of the finding)
FAULTS = {
    'include-of-a-higher-layer': (
        {'core/value/lower.c': '#include "upper.h"\n' + LOWER_C},
        'core/value/lower.c: core/value includes "upper.h" of core/time'),
    'include-by-a-path': (
        {'core/value/lower.c': '#include "../time/upper.h"\n' + LOWER_C},
        'core/value/lower.c: includes "../time/upper.h" by a path'),
    'backend-includes-core': (
        {'backends/pcp/pcp.c': '#include "lower.h"\n'},
        'backends/pcp/pcp.c: a backend includes "lower.h" of core/value'),
    'system-function': (
        {'core/value/lower.c': LOWER_C.replace('{\n}', '{\n  getrandom (0, 0, 0);\n}')},
        'core/value/lower.c: names getrandom, which depends on the operating system'),
    'system-option-in-a-tool': (
        {'tools/plumctl/tool.c': 'static int option = SO_BINDTODEVICE;\n'},
        'tools/plumctl/tool.c: names SO_BINDTODEVICE, which depends on the operating system'),
    'system-macro-in-a-backend': (
        {'backends/pcp/pcp.c': '#ifdef __linux__\n#endif\n'},
        'backends/pcp/pcp.c: names __linux__, which depends on the operating system'),
    'system-header': (
        {'backends/pcp/pcp.c': '#include <sys/socket.h>\n'},
        'backends/pcp/pcp.c: names sys/socket.h, which depends on the operating system'),
    'system-in-a-comment': (
        {'backends/pcp/pcp.c': '/* Windows reports a closed port so. */\n'},
        'backends/pcp/pcp.c: names Windows, which depends on the operating system'),
    'system-path': (
        {'core/value/lower.c': LOWER_C.replace('{\n}', '{\n  open ("/proc/net/route");\n}')},
        'core/value/lower.c: names /proc/net/route, which depends on the operating system'),
    'include-cycle': (
        {'core/value/a.h': '#include "b.h"\n', 'core/value/b.h': '#include "a.h"\n'},
        'include cycle: core/value/a.h, core/value/b.h'),
    'call-cycle': (
        {'core/time/other.c': 'void\nother (void)\n{\n  upper ();\n}\n',
         'core/time/upper.c': UPPER_C.replace('lower ();', 'other ();')},
        'call cycle: core/time/other.c, core/time/upper.c'),
    'call-cycle-of-three': (
        {'core/value/a.c': 'void\na (void)\n{\n  b ();\n}\n',
         'core/value/b.c': 'void\nb (void)\n{\n  c ();\n}\n',
         'core/value/c.c': 'void\nc (void)\n{\n  a ();\n}\n'},
        'call cycle: core/value/a.c, core/value/b.c, core/value/c.c'),
    'long-file': (
        {'core/value/long.c': 'int number;\n' * 601}, 'core/value/long.c: 601 lines'),
    'long-function': (
        {'tools/long.c': 'void\nlong_one (void)\n{\n' + '  lower ();\n' * 60 + '}\n'},
        'tools/long.c: long_one () has 63 lines'),
}

# These are no faults.
HARMLESS = {
    'call-in-a-comment': {'core/value/lower.c': LOWER_C.replace('{\n}', '{\n  /* upper () */\n}')},
    'call-in-a-string': {'core/value/lower.c': LOWER_C.replace('{\n}', '{\n  log ("upper");\n}')},
    'static-of-the-same-name': {
        'core/value/lower.c': 'static void\nupper (void)\n{\n}\n' + LOWER_C.replace(
            '{\n}', '{\n  upper ();\n}')},
    'system-function-in-its-folder': {
        'core/net/linux/random.c': 'void\nrandom_bytes (void)\n{\n  getrandom (0, 0, 0);\n}\n',
        'core/net/portable/random.c': 'void\nrandom_bytes (void)\n{\n  getentropy (0, 0);\n}\n'},
    'system-in-a-comment-in-its-folder': {
        'core/net/windows/lower.c': '/* Windows reports a closed port so. */\n'},
    'system-function-in-a-comment': {
        'core/value/lower.c': LOWER_C.replace('{\n}', '{\n  /* getrandom () */\n}')},
    'cycle-between-systems': {
        'core/net/linux/a.c': 'void\na (void)\n{\n  b ();\n}\n',
        'core/net/linux/b.c': 'void\nb (void)\n{\n}\n',
        'core/net/portable/a.c': 'void\na (void)\n{\n}\n',
        'core/net/portable/b.c': 'void\nb (void)\n{\n  a ();\n}\n'},
    'longest-file': {'core/value/long.c': 'int number;\n' * 600},
}


def run(root):
    result = subprocess.run([sys.executable, TOOL, str(root)], capture_output=True, text=True)
    return result.returncode, result.stdout + result.stderr


def run_on(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**GOOD, **files}.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding='utf-8')
        return run(folder)


results = [('tree', run(ROOT), lambda code, output: (code, output) == (0, ''))]
results += [('harmless/' + name, run_on(files), lambda code, output: (code, output) == (0, ''))
            for name, files in {'nothing': {}, **HARMLESS}.items()]
results += [('fault/' + name, run_on(files),
             lambda code, output, finding=finding: code == 1 and finding in output)
            for name, (files, finding) in FAULTS.items()]

print(f'1..{len(results)}')
failed = 0
for number, (name, (code, output), is_right) in enumerate(results, 1):
    right = is_right(code, output)
    failed += not right
    print(f'{"" if right else "not "}ok {number} /structure/{name}')
    if not right:
        print(''.join(f'# {line}\n' for line in [f'exit status {code}', *output.splitlines()]), end='')
sys.exit(1 if failed else 0)
