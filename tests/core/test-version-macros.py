#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Checks the macros for versions: what a program sees that supports, or uses, certain versions only.

Usage: test-version-macros.py SOURCE-ROOT BUILD-ROOT VERSION COMPILER... The compiler is a C compiler.
Writes TAP.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import traceback

SOURCE, BUILD = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
VERSION, COMPILER = sys.argv[3], sys.argv[4:]
GLIB_FLAGS = subprocess.run(["pkg-config", "--cflags", "gio-2.0"], check=True, capture_output=True,
                            text=True).stdout.split()
HEADERS = SOURCE / "include" / "plum-glib"
SERIES = "_".join(VERSION.split(".")[:2])

# Functions of the imagined version 1.4.
FUTURE = """
#include <plum-version-macros.h>
PLUM_AVAILABLE_IN_1_0 void since_1_0 (void);
PLUM_AVAILABLE_IN_1_2 void since_1_2 (void);
PLUM_AVAILABLE_IN_1_4 void since_1_4 (void);
PLUM_DEPRECATED_IN_1_2 void old_1_2 (void);
PLUM_DEPRECATED_IN_1_4_FOR (since_1_4) void old_1_4 (void);
enum { VALUE_1_0, VALUE_1_2 PLUM_AVAILABLE_ENUMERATOR_IN_1_2,
       OLD_VALUE PLUM_DEPRECATED_ENUMERATOR_IN_1_4_FOR (VALUE_1_2) };
typedef int New PLUM_AVAILABLE_TYPE_IN_1_4;
"""

TESTS = []


def test(function):
    TESTS.append((function.__name__.replace("_", "-"), function))
    return function


def equal(got, expected):
    assert got == expected, "got %r, expected %r" % (got, expected)


def compile_text(text, *options):
    """Returns the warnings and errors of a compilation, one for each line."""
    command = [*COMPILER, "-x", "c", "-std=c11", "-Wall", "-Wextra", "-fsyntax-only", *GLIB_FLAGS,
               *options, "-"]
    result = subprocess.run(command, input=text, capture_output=True, text=True,
                            env=dict(os.environ, LC_ALL="C"), check=False)
    found = re.findall(r"(?:warning|error): (.*?)(?: \[-W[^\]]*\])?$", result.stderr, re.MULTILINE)
    assert found or result.returncode == 0, result.stderr
    return found


def future(folder, body, *defines):
    """Compiles a function with the headers of an imagined version 1.4."""
    (folder / "plum-version-macros.h").write_text(generated("1.4.0"))
    return compile_text(FUTURE + "void program (void);\nvoid program (void) { %s }\n" % body,
                        "-DPLUM_INSIDE", "-I%s" % folder, *defines)


def generated(version):
    script = HEADERS / "gen-version-macros.py"
    return subprocess.run([sys.executable, script, version], check=True, capture_output=True,
                          text=True).stdout


def program(*defines, body=""):
    """Compiles a program with the headers of the library."""
    return compile_text("#include <plum-glib/plum-glib.h>\nint main (void) { %s return 0; }\n" % body,
                        *defines, "-I%s" % (BUILD / "include"), "-I%s" % (SOURCE / "include"))


ALLOW = "-DPLUM_VERSION_MAX_ALLOWED=PLUM_VERSION_"
REQUIRE = "-DPLUM_VERSION_MIN_REQUIRED=PLUM_VERSION_"


@test
def newer_function_warns(folder):
    body = "since_1_0 (); since_1_2 (); since_1_4 ();"
    found = future(folder, body, REQUIRE + "1_0", ALLOW + "1_2")
    equal(len(found), 1)
    assert "since_1_4" in found[0] and "Not available before 1.4" in found[0], found


@test
def allowed_functions_do_not_warn(folder):
    equal(future(folder, "since_1_0 (); since_1_2 ();", REQUIRE + "1_0", ALLOW + "1_2"), [])
    equal(future(folder, "since_1_0 (); since_1_2 (); since_1_4 ();"), [])


@test
def deprecated_function_warns_from_its_version_on(folder):
    equal(future(folder, "old_1_2 (); old_1_4 ();", REQUIRE + "1_0"), [])
    found = future(folder, "old_1_2 (); old_1_4 ();", REQUIRE + "1_2")
    equal(len(found), 1)
    assert "old_1_2" in found[0] and "deprecated" in found[0], found


@test
def deprecated_function_warns_by_default_and_names_its_successor(folder):
    found = future(folder, "old_1_4 ();")
    equal(len(found), 1)
    assert "old_1_4" in found[0] and "since_1_4" in found[0], found


@test
def warnings_can_be_disabled(folder):
    equal(future(folder, "old_1_2 (); old_1_4 ();", "-DPLUM_DISABLE_DEPRECATION_WARNINGS"), [])


@test
def enumerators_and_types_warn(folder):
    found = future(folder, "New value = VALUE_1_2; (void) value;", REQUIRE + "1_0", ALLOW + "1_0")
    equal(len(found), 2)
    found = future(folder, "int value = OLD_VALUE; (void) value;")
    equal(len(found), 1)
    assert "VALUE_1_2" in found[0], found
    equal(future(folder, "int value = OLD_VALUE; (void) value;", REQUIRE + "1_2"), [])


@test
def current_and_previous_series(folder):
    for version, current, previous in (("1.0.0", "1_0", "1_0"), ("1.0.7", "1_0", "1_0"),
                                       ("1.1.3", "1_2", "1_0"), ("1.2.0", "1_2", "1_0"),
                                       ("1.4.1", "1_4", "1_2")):
        text = generated(version)
        assert "PLUM_VERSION_CUR_STABLE (PLUM_VERSION_%s)" % current in text, version
        assert "PLUM_VERSION_PREV_STABLE (PLUM_VERSION_%s)" % previous in text, version


@test
def program_of_the_current_series_compiles(folder):
    body = "plum_manager_new (); plum_mapping_new (PLUM_PROTOCOL_TCP, 80); plum_get_version ();"
    equal(program(body=body), [])
    equal(program(REQUIRE + SERIES, ALLOW + SERIES, body=body), [])


@test
def limits_in_the_wrong_order_are_an_error(folder):
    found = program("-DPLUM_VERSION_MAX_ALLOWED=1")
    assert any("must not be older" in each for each in found), found


@test
def unknown_series_is_an_error(folder):
    """An undefined macro has the value 0."""
    found = program(REQUIRE + "1_98")
    assert any("must be PLUM_VERSION_1_0 or later" in each for each in found), found
    found = program(ALLOW + "1_98")
    assert any("must not be older" in each for each in found), found


@test
def check_version_compares(folder):
    major, minor, micro = map(int, VERSION.split("."))
    for numbers, expected in (((major, minor, micro), True), ((major, minor, micro + 1), False),
                              ((major, minor + 1, 0), False), ((major + 1, 0, 0), False),
                              ((major - 1, minor + 1, micro + 1), True)):
        condition = "PLUM_CHECK_VERSION (%u, %u, %u)" % numbers
        text = "#if !(%s)\n#error wrong\n#endif\n" % (condition if expected else "!" + condition)
        equal(compile_text("#include <plum-glib/plum-glib.h>\n" + text,
                           "-I%s" % (BUILD / "include"), "-I%s" % (SOURCE / "include")), [])


def main():
    failed = 0
    print("1..%d" % len(TESTS))
    for number, (name, function) in enumerate(TESTS, 1):
        line = "ok %d /version-macros/%s" % (number, name)
        with tempfile.TemporaryDirectory() as folder:
            try:
                function(pathlib.Path(folder))
            except Exception:
                failed += 1
                line = "not " + line
                print("".join("# %s\n" % text for text in traceback.format_exc().splitlines()),
                      end="")
        print(line, flush=True)
    return 1 if failed else 0


sys.exit(main())
