#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Checks the versions that the API is marked with. No part of it is newer than the library, because
valac refuses such symbols. Each function has the macro of the version that its documentation names.

Usage: test-since.py SOURCE-ROOT VERSION GENERATED-HEADER... Writes TAP.
"""

import pathlib
import re
import sys

# In a doc comment, and before a declaration.
SINCE = re.compile(r"^ \* Since: ([\d.]+)|^#?\s*PLUM_(?:AVAILABLE|DEPRECATED)_IN_(\d+_\d+)", re.MULTILINE)
NOISE = re.compile(r"/\*.*?\*/|^#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE | re.DOTALL)
# A declaration, with its macro if it has one.
FUNCTION = re.compile(r"(?:PLUM_AVAILABLE_IN_(\d+_\d+)\s+)?"
                      r"(?:G_DECLARE_\w+\s*\(\s*(\w+)|[\w\s*]*?\b(plum_\w+)\s*\()")
DOCUMENTED = re.compile(r"/\*\*\n \* (\w+):(?:(?!\*/).)*?\* Since: ([\d.]+)", re.DOTALL)


def number(text):
    return [int(part) for part in re.split(r"[._]", text)]


def newer(text, version):
    """Yields the versions in the text that are newer than the version."""
    for match in SINCE.finditer(text):
        found = match[1] or match[2]
        if number(found) > number(version):
            yield found


def declared(text):
    """Yields the functions and types that a header declares: (name, version or None)."""
    text = re.sub(r"\{[^{}]*\}", "", NOISE.sub("", text))  # no members
    for statement in re.split(r";|(?<=\))\n\n|G_BEGIN_DECLS", text):
        match = FUNCTION.match(statement.strip())
        if match and not statement.strip().startswith("typedef"):
            yield match[2] or match[3], match[1]


def type_of(function):
    """PlumState for plum_state_get_type."""
    return "".join(word.capitalize() for word in function[:-len("_get_type")].split("_"))


def unmarked(headers, documented):
    """Yields what is wrong with the macro of each function of the headers."""
    for text in headers:
        for name, macro in declared(text):
            since = documented.get(type_of(name) if name.endswith("_get_type") else name)
            if macro is None:
                yield "%s has no macro" % name
            elif since is None:
                yield "%s is not documented" % name
            elif macro != since.replace(".", "_"):
                yield "%s is marked %s, and documented since %s" % (name, macro, since)


def without_type_macro(headers):
    """Yields the types of the headers that have no PLUM_TYPE macro for their function."""
    for text in headers:
        for name, _ in declared(text):
            if name.endswith("_get_type"):
                words = name[len("plum_"):-len("_get_type")]
            elif not name.startswith("plum_"):
                words = re.sub("(?<!^)(?=[A-Z])", "_", name[len("Plum"):]).lower()
            else:
                continue
            if "#define PLUM_TYPE_%s (plum_%s_get_type ())" % (words.upper(), words) not in text:
                yield name


def read(paths):
    return [path.read_text(encoding="utf-8") for path in paths]


EXAMPLE = """
/**
 * PlumKind:
 *
 * Since: 1.0
 */
typedef enum { PLUM_KIND_A } PlumKind;
PLUM_AVAILABLE_IN_1_0
GType plum_kind_get_type (void) G_GNUC_CONST;
PLUM_AVAILABLE_IN_1_2
G_DECLARE_FINAL_TYPE (PlumThing, plum_thing, PLUM, THING, GObject)

PLUM_AVAILABLE_IN_1_0
const char *plum_thing_get_text (PlumThing *self);
void plum_thing_forgotten (PlumThing *self);
"""


def main():
    root, version = pathlib.Path(sys.argv[1]), sys.argv[2]
    paths = [path for folder in ("include", "core") for path in (root / folder).rglob("*.[ch]")]
    paths += [pathlib.Path(path) for path in sys.argv[3:]]
    texts = read(paths)
    headers = read([path for path in paths if path.parent.name == "plum-glib" and path.suffix == ".h"])
    documented = dict(match.groups() for text in texts for match in DOCUMENTED.finditer(text))
    faults = ["%s: %s is newer than %s" % (path, found, version)
              for path, text in zip(paths, texts) for found in newer(text, version)]
    faults += list(unmarked(headers, documented))
    checks = [
        ("finds-newer", list(newer(" * Since: 1.2\nPLUM_AVAILABLE_IN_1_10\nint f (void);", "1.1.9"))
         == ["1.2", "1_10"]),
        ("accepts-older", not list(newer(" * Since: 1.0\n * Since: 1.2\n", "1.2.0"))),
        ("finds-the-api", sum(len(SINCE.findall(text)) for text in texts) > 200),
        ("finds-the-functions", sum(len(list(declared(text))) for text in headers) > 200),
        ("finds-wrong-marks", list(unmarked([EXAMPLE], {"PlumKind": "1.0", "PlumThing": "1.0",
                                                         "plum_thing_get_text": "1.2"})) ==
         ["PlumThing is marked 1_2, and documented since 1.0",
          "plum_thing_get_text is marked 1_0, and documented since 1.2",
          "plum_thing_forgotten has no macro"]),
        ("finds-missing-type-macros", list(without_type_macro([EXAMPLE])) ==
         ["plum_kind_get_type", "PlumThing"]),
        ("types-have-macros", not list(without_type_macro(headers))),
        ("not-newer-and-marked", not faults),
    ]
    print("1..%d" % len(checks))
    print("".join("# %s\n" % fault for fault in faults), end="")
    for i, (name, passed) in enumerate(checks, 1):
        print("%sok %d /since/%s" % ("" if passed else "not ", i, name))
    return 0 if all(passed for _, passed in checks) else 1


sys.exit(main())
