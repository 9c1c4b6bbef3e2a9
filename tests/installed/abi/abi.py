# SPDX-License-Identifier: LGPL-2.1-or-later

"""The binary interface of the libraries: dumps it, and compares it with a dump. Needs libabigail."""

import os
import re
import subprocess

FOLDER = os.path.dirname(os.path.abspath(__file__))
SUPPRESSIONS = os.path.join(FOLDER, "suppressions.ini")

# Name of the target: its dump, and the list of its symbols, if programs use them.
LIBRARIES = {
    "plum-glib-1.0": ("libplum-glib-1.0.abi", "symbols.txt"),
    "plum-service-1.0": ("libplum-service-1.0.abi", "service-symbols.txt"),
    "plum-abi-types": ("types.abi", None),
}

# Exit status of abidiff: an error, wrong usage, and a changed interface.
FAILED, USAGE, CHANGED = 1, 2, 4


def run(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env=dict(os.environ, LC_ALL="C"), check=False)


def output(*command):
    result = run(*command)
    if result.returncode != 0:
        raise AssertionError("%s: %d\n%s%s" % (" ".join(command), result.returncode, result.stdout,
                                               result.stderr))
    return result.stdout


def architecture(path):
    """That of a library, or of the library that a dump describes."""
    if path.endswith(".abi"):
        with open(path, encoding="utf-8") as file:
            return re.search("architecture='elf-amd-([^']*)'|$", file.read(1000))[1]
    machine = re.search(r"Machine:\s*(.*)", output("readelf", "--file-header", path))[1]
    return "x86_64" if "X86-64" in machine else machine


def has_types(path):
    """Whether a library has debug information."""
    return ".debug_info" in output("readelf", "--section-headers", "--wide", path)


def header_options(option, headers):
    return [word for folder in headers for word in (option, folder)] + ["--drop-private-types"]


def dump(library, headers, path):
    """Writes the interface that the headers in the folders declare. abidiff recognizes the types of
    these headers by the names of the files, so the dump has those names and no folders."""
    output("abidw", *header_options("--headers-dir", headers), "--no-corpus-path",
           "--no-comp-dir-path", "--short-locs", "--no-elf-needed", "--drop-undefined-syms",
           "--type-id-style", "hash", "--out-file", path, library)


def uses_padding(report):
    """Whether the only change is that virtual functions took the place of elements of the padding. A
    suppression of abidiff would also hide other changes of the class."""
    return ("0 Removed, 1 Changed" in report
            and re.search(r"underlying type 'struct _\w+Class'[^\n]*changed:\n"
                          r"\s*type size hasn't changed\n"
                          r"\s*\d+ data member insertions?:\n(?:\s*'void \([^\n]*\n)+"
                          r"\s*1 data member change:\n\s*type of 'gpointer padding\[", report)
            is not None)


def compare(path, library, headers):
    """Compares a library with a dump. Returns what is incompatible and what was added, as text."""
    def diff(*options):
        result = run("abidiff", *header_options("--headers-dir2", headers), "--suppressions",
                     SUPPRESSIONS, *options, path, library)
        if result.returncode < 0 or result.returncode & (FAILED | USAGE):
            raise AssertionError("abidiff: %d\n%s%s" % (result.returncode, result.stdout,
                                                        result.stderr))
        return result.stdout if result.returncode & CHANGED else ""

    changed = diff("--no-added-syms")
    if uses_padding(changed):
        return "", changed
    return changed, "" if changed else diff()


def versions(library):
    """Returns the exported symbols of a library with the nodes of the version script."""
    symbols = {}
    for line in output("nm", "--dynamic", "--defined-only", "--with-symbol-versions",
                       library).splitlines():
        _, kind, name = line.split()
        if kind != "A":  # the nodes themselves
            name, _, node = name.partition("@")
            symbols[name] = node.lstrip("@")
    return symbols
