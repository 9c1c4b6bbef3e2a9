#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Checks that no part of the API is newer than the library: valac refuses such symbols.

Usage: test-since.py SOURCE-ROOT VERSION. Writes TAP.
"""

import pathlib
import re
import sys

# In a doc comment, and before a declaration.
SINCE = re.compile(r"^ \* Since: ([\d.]+)|^#?\s*PLUM_(?:AVAILABLE|DEPRECATED)_IN_(\d+_\d+)", re.MULTILINE)


def number(text):
    return [int(part) for part in re.split(r"[._]", text)]


def newer(text, version):
    """Yields the versions in the text that are newer than the version."""
    for match in SINCE.finditer(text):
        found = match[1] or match[2]
        if number(found) > number(version):
            yield found


def main():
    root, version = pathlib.Path(sys.argv[1]), sys.argv[2]
    paths = [path for folder in ("include", "core") for path in (root / folder).rglob("*.[ch]")]
    faults = ["%s: %s is newer than %s" % (path.relative_to(root), found, version)
              for path in paths for found in newer(path.read_text(encoding="utf-8"), version)]
    n_found = sum(len(SINCE.findall(path.read_text(encoding="utf-8"))) for path in paths)
    checks = [
        ("finds-newer", list(newer(" * Since: 1.2\nPLUM_AVAILABLE_IN_1_10\nint f (void);", "1.1.9"))
         == ["1.2", "1_10"]),
        ("accepts-older", not list(newer(" * Since: 1.0\n * Since: 1.2\n", "1.2.0"))),
        ("finds-the-api", n_found > 200),
        ("not-newer-than-the-library", not faults),
    ]
    print("1..%d" % len(checks))
    print("".join("# %s\n" % fault for fault in faults), end="")
    for i, (name, passed) in enumerate(checks, 1):
        print("%sok %d /since/%s" % ("" if passed else "not ", i, name))
    return 0 if all(passed for _, passed in checks) else 1


sys.exit(main())
