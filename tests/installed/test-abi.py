# SPDX-License-Identifier: LGPL-2.1-or-later

"""Compares the binary interface of the libraries with that of the last release.

Usage: test-abi.py SOURCE-ROOT BUILD-ROOT COMPILER [GIR=FILE] [NAME=LIBRARY...]
COMPILER is gcc, clang, ... Each NAME is one of abi.LIBRARIES. Writes TAP.

A removed or changed symbol or type is a failure. An added one is not, but is reported. Types are only
compared if the library has debug information, and was built with gcc for the machine of the dump:
other compilers describe the same types differently. Symbols are always compared.
"""

import os
import re
import subprocess
import sys
import tempfile
import traceback
import xml.etree.ElementTree

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "abi"))

import abi  # noqa: E402

SOURCE, BUILD, COMPILER = sys.argv[1:4]
FILES = dict(word.split("=", 1) for word in sys.argv[4:])
GIR = FILES.pop("GIR", None)
HEADERS = [os.path.join(root, "include") for root in (SOURCE, BUILD)]
SAME, ADDITION, SKIP = "the interface is the same", "an addition", "SKIP "

CHANGED = """%s no longer has the binary interface of the last release.
Programs that were built with that release may crash. Restore what is listed here as changed or removed,
and add new functions instead: see "Compatibility" in docs/CONTRIBUTING.md.
%s"""
ADDED = """%s has additions to the interface of the last release:
%s
For the next release, run tools/abi-dump and commit the result."""


def equal(got, expected):
    assert got == expected, "got %r, expected %r" % (got, expected)


def note(text):
    print("".join("# %s\n" % line for line in text.splitlines()), end="", flush=True)


# The libraries

def why_not(dump, library):
    """Returns the reason why the types of a library cannot be compared with a dump."""
    if not abi.has_types(library):
        return "the library has no debug information"
    if COMPILER != "gcc":
        return "%s describes types differently than gcc" % COMPILER
    if abi.architecture(dump) != abi.architecture(library):
        return "the dump is for %s" % abi.architecture(dump)
    return None


def compare_types(name, library):
    dump = os.path.join(abi.FOLDER, abi.LIBRARIES[name][0])
    reason = why_not(dump, library)
    if reason is not None:
        return SKIP + reason
    incompatible, added = abi.compare(dump, library, HEADERS)
    assert not incompatible, CHANGED % (name, incompatible)
    if added:
        note(ADDED % (name, added))
    return None


def compare_symbols(name, library):
    """The symbols are those of the list, without the need for libabigail."""
    with open(os.path.join(os.path.dirname(abi.FOLDER), abi.LIBRARIES[name][1]),
              encoding="utf-8") as file:
        listed = set(file.read().split())
    found = set(abi.versions(library))
    assert listed <= found, CHANGED % (name, "\n".join("removed: " + each
                                                       for each in sorted(listed - found)))
    assert found <= listed, ADDED % (name, "\n".join(sorted(found - listed)))


def library_version():
    with open(os.path.join(SOURCE, "meson.build"), encoding="utf-8") as file:
        return re.search(r"^  version: '(\d+)\.(\d+)\.(\d+)'", file.read(), re.MULTILINE).groups()


def since_by_symbol():
    """Returns the version of each function, from the introspection data."""
    namespaces = {"": "http://www.gtk.org/introspection/core/1.0",
                  "c": "http://www.gtk.org/introspection/c/1.0",
                  "glib": "http://www.gtk.org/introspection/glib/1.0"}
    c, glib = ("{%s}" % namespaces[name] for name in ("c", "glib"))
    found = {}
    for element in xml.etree.ElementTree.parse(GIR).iter():
        for attribute in (c + "identifier", glib + "get-type"):
            if attribute in element.attrib:
                found[element.attrib[attribute]] = element.attrib.get("version")
    return found


def check_nodes(library):
    """Each symbol has the version in which its function appeared."""
    since = since_by_symbol()
    wrong = ["%s has %s and appeared in %s" % (name, node, since[name])
             for name, node in abi.versions(library).items()
             if name in since and node != "LIBPLUM_GLIB_" + str(since[name])]
    equal(wrong, [])
    assert len(since) > 200, "only %u functions were found" % len(since)


def check_one_node(library):
    equal(set(abi.versions(library).values()), {"LIBPLUM_SERVICE_1.0"})


def check_file_name(name, library):
    """The soversion is 0 as long as the API version is 1.0; the rest counts the releases."""
    major, minor, micro = map(int, library_version())
    equal(major, 1)
    equal(os.path.basename(library), "lib%s.so.0.%u.0" % (name, 100 * minor + micro))
    dynamic = abi.output("readelf", "--dynamic", "--wide", library)
    equal(re.search(r"Library soname: \[(.*)\]", dynamic)[1], "lib%s.so.0" % name)


# The comparison itself: small libraries that differ in one thing

EXAMPLE_H = """
#include <glib-object.h>
typedef enum { EXAMPLE_A, EXAMPLE_B } ExampleKind;
typedef struct _Private Private;
typedef struct _PlumBackend PlumBackend;
typedef struct _PlumBackendClass PlumBackendClass;
struct _PlumBackend { GObject parent_instance; };
struct _PlumBackendClass
{
  GObjectClass parent_class;
  void (*map) (PlumBackend *self, int n);
  gpointer padding[7];
};
typedef struct { int number; } Plain;
ExampleKind example_get_kind (PlumBackend *self, int flag, const char *name);
typedef struct { size_t size; int flags[2]; } PlumServiceRequest;
void example_use (PlumBackendClass *klass, Plain *plain);
void example_request (const PlumServiceRequest *request);
int example_get_private (Private *self);
"""
EXAMPLE_C = """
#include "example.h"
struct _Private { int hidden; };
ExampleKind example_get_kind (PlumBackend *self, int flag, const char *name) { return EXAMPLE_A; }
void example_use (PlumBackendClass *klass, Plain *plain) { plain->number = klass->map != NULL; }
void example_request (const PlumServiceRequest *request) { }
int example_get_private (Private *self) { return self->hidden; }
"""
# What is replaced; then what the report of an incompatible change contains, or what else is found.
CHANGES = {
    "nothing": ("", "", SAME),
    "parameter-removed": (" int flag,", "", "parameter 2"),
    "parameter-type": (" int flag,", " long flag,", "parameter 2"),
    "function-removed": ("example_use", "example_other_use", "example_use"),
    "result-type": ("int example_get_private", "char *example_get_private", "example_get_private"),
    "function-of-class-inserted": ("  void (*map)", "  void (*early) (void);\n  void (*map)", "early"),
    "parameter-of-class-removed": ("PlumBackend *self, int n);\n  g", "PlumBackend *self);\n  g", "map"),
    "member-added": ("int number;", "int number; int other;", "other"),
    "value-changed": ("EXAMPLE_A, ", "EXAMPLE_A = 7, ", "EXAMPLE_A"),
    "value-removed": (", EXAMPLE_B", "", "EXAMPLE_B"),
    "value-added": ("EXAMPLE_B }", "EXAMPLE_B, EXAMPLE_C }", SAME),
    "padding-used": ("  gpointer padding[7];", "  void (*more) (void);\n  gpointer padding[6];", ADDITION),
    "padding-used-twice": ("  gpointer padding[7];", "  void (*more) (void);\n  void (*most) (int a);\n"
                           "  gpointer padding[5];", ADDITION),
    "padding-used-and-function-changed": (
        "int n);\n  gpointer padding[7];", "long n);\n  void (*more) (void);\n  gpointer padding[6];",
        "more"),
    "padding-used-and-size-changed": ("  gpointer padding[7];", "  void (*more) (void);\n"
                                      "  gpointer padding[7];", "more"),
    "sized-struct-grows": ("int flags[2];", "int flags[2]; int more; char *text;", ADDITION),
    "sized-struct-has-insertion": ("int flags[2];", "int more[2]; int flags[2];", "more"),
    "sized-struct-has-other-member": ("int flags[2];", "int flags[3];", "flags"),
    "private-struct": ("int hidden;", "char *first; int hidden;", SAME),
    "function-added": ("void example_use", "void example_new (void);\nvoid example_use", ADDITION),
}


def build_example(folder, before, after):
    """Compiles the example, with one text replaced."""
    def changed(text):
        return text.replace(before, after) if before else text

    os.makedirs(os.path.join(folder, "include"))
    header = os.path.join(folder, "include", "example.h")
    source, library = (os.path.join(folder, name) for name in ("example.c", "libexample.so"))
    code = changed(EXAMPLE_C)
    if "example_new" in after:
        code = EXAMPLE_C + "void example_new (void) {}\n"
    for path, text in ((header, changed(EXAMPLE_H)), (source, code)):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    flags = abi.output("pkg-config", "--cflags", "gobject-2.0").split()
    abi.output(COMPILER, "-g", "-shared", "-fPIC", "-I" + os.path.dirname(header), source, "-o", library,
               *flags)
    return library, [os.path.dirname(header)]


def check_change(change):
    before, after, expected = CHANGES[change]
    with tempfile.TemporaryDirectory() as folder:
        dump = os.path.join(folder, "old.abi")
        abi.dump(*build_example(os.path.join(folder, "old"), "", ""), dump)
        library, headers = build_example(os.path.join(folder, "new"), before, after)
        incompatible, added = abi.compare(dump, library, headers)
    if expected in (SAME, ADDITION):
        equal((incompatible, bool(added)), ("", expected == ADDITION))
    else:
        assert expected in incompatible, "got %r" % incompatible


def tests():
    """Yields the tests: (path, function, arguments, whether it needs libabigail)."""
    for name, library in FILES.items():
        if abi.LIBRARIES[name][1] is not None:
            yield name + "/symbols", compare_symbols, (name, library), False
            yield name + "/file-name", check_file_name, (name, library), False
        yield name + "/types", compare_types, (name, library), True
    if "plum-service-1.0" in FILES:
        yield "plum-service-1.0/versions", check_one_node, (FILES["plum-service-1.0"],), False
    if GIR is not None:
        yield "plum-glib-1.0/versions", check_nodes, (FILES["plum-glib-1.0"],), False
    if COMPILER == "gcc":
        for change in CHANGES:
            yield "comparison/" + change, check_change, (change,), True


def have_libabigail():
    try:
        return abi.run("abidiff", "--version").returncode == 0
    except FileNotFoundError:
        return False


def main():
    failed = 0
    missing = not have_libabigail()
    todo = list(tests())
    print("1..%d" % len(todo))
    for number, (path, function, arguments, needed) in enumerate(todo, 1):
        line = "ok %d /abi/%s" % (number, path)
        try:
            if needed and missing:
                assert "CI" not in os.environ, "abidiff is not installed (Debian: abigail-tools)"
                line += " # SKIP abidiff is not installed"
            else:
                reason = function(*arguments)
                line += " # " + reason if reason else ""
        except AssertionError as error:
            failed += 1
            line = "not " + line
            note(str(error))
        except (OSError, subprocess.SubprocessError, ValueError, TypeError):
            failed += 1
            line = "not " + line
            note(traceback.format_exc())
        print(line, flush=True)
    return 1 if failed else 0


sys.exit(main())
