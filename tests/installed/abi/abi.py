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


# The lines of a report that describe nothing but an addition to a struct that is prepared for it: a
# virtual function in place of an element of the padding, or a member at the end of a struct that begins
# with its size. A suppression of abidiff would also hide other changes of the struct.
HARMLESS = [re.compile(pattern) for pattern in (
    r"(Functions|Variables) changes summary: 0 Removed, \d+ Changed( \(\d+ filtered out\))?, 0 Added .*",
    r"\d+ functions? with some indirect sub-type changes?:",
    r"\[C\] 'function .*'.* has some indirect sub-type changes:",
    r"parameter \d+ of type '.*' has sub-type changes:",
    r"in (pointed to|unqualified underlying) type '.*'.*:",
    r"\d+ data member insertions?:",
)]
PADDED = [re.compile(pattern) for pattern in (
    r"underlying type 'struct _\w+Class'.* changed:",
    r"type size hasn't changed",
    r"'.*\(.*\)\* \w+', at offset \d+ \(in bits\).*",
    r"1 data member change:",
    r"type of 'gpointer padding\[\d+\]' changed:",
    r"type name changed from 'gpointer\[\d+\]' to 'gpointer\[\d+\]'",
    r"array type (size changed|subrange 1 changed length) from \d+ to \d+",
    r"and offset changed from \d+ to \d+ \(in bits\).*",
)]
SIZED = [re.compile(pattern) for pattern in (
    r"underlying type 'struct PlumService(Config|Mapping|Request)'.* changed:",
    r"type size changed from \d+ to \d+ \(in bits\)",
    r"'.*', at offset \d+ \(in bits\).*",
)]


def is_addition(report):
    """Whether the changes of a report are such additions."""
    def only(patterns):
        return all(any(pattern.fullmatch(line.strip()) for pattern in patterns)
                   for line in report.splitlines() if line.strip())

    if only(HARMLESS + PADDED):
        return True
    old_sizes = [int(size) for size in re.findall(r"type size changed from (\d+)", report)]
    offsets = [int(offset) for offset in re.findall(r", at offset (\d+)", report)]
    return only(HARMLESS + SIZED) and min(offsets, default=0) >= max(old_sizes, default=0)


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
    if not changed:
        return "", diff()
    if is_addition(changed):
        return "", changed
    return changed, ""


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
