# SPDX-License-Identifier: LGPL-2.1-or-later

"""Tests how the bench shows its figures.

Usage: test-report.py BENCH-FOLDER. Prints TAP.
"""

import sys
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])

import report

NOTE = "*Not measured* means that the other program is not installed, or did not end."
MEASURED = {"curve": "upnp", "name": "plum-glib", "n": 10, "ms": 9.66, "ok": True}
MISSING = {"curve": "upnp", "name": "gupnp-igd", "n": 10, "ms": None, "ok": True}
ALONE = {"case": "one more", "ours": 0.19, "unit": "ms", "against": None, "other": None,
         "ratio": None}
COMPARED = {"case": "one mapping", "ours": 2.0, "unit": "ms", "against": "gupnp-igd", "other": 2.4,
            "ratio": 0.83}


def equal(got, expected):
    assert got == expected, "got %r, expected %r" % (got, expected)


def complete():
    lines = report.tables([MEASURED, dict(MISSING, ms=8.8), COMPARED, ALONE])
    equal([line for line in lines if "gupnp-igd" in line],
          ["| gupnp-igd | 8.80 |", "| one mapping | 2.00 ms | gupnp-igd | 2.40 ms | 0.83 |"])
    assert "| one more | 0.19 ms |  |  |  |" in lines, lines
    assert NOTE not in lines, lines


def curve_is_missing():
    lines = report.tables([MEASURED, MISSING])
    assert "| gupnp-igd | not measured |" in lines, lines
    equal(lines[-1], NOTE)


def comparison_is_missing():
    lines = report.tables([dict(COMPARED, other=None, ratio=None)])
    assert "| one mapping | 2.00 ms | gupnp-igd | not measured |  |" in lines, lines
    equal(lines[-1], NOTE)


def plot_without_a_missing_curve():
    picture = report.Plot([MEASURED, MISSING]).render()
    assert "plum-glib" in picture and "gupnp-igd" not in picture, picture


TESTS = [complete, curve_is_missing, comparison_is_missing, plot_without_a_missing_curve]


def main():
    failed = 0
    print("1..%d" % len(TESTS))
    for number, function in enumerate(TESTS, 1):
        trace = ""
        try:
            function()
        except Exception:
            trace = traceback.format_exc()
        failed += bool(trace)
        print("%s %d /report/%s" % ("not ok" if trace else "ok", number,
                                    function.__name__.replace("_", "-")))
        for line in trace.splitlines():
            print("# " + line)
    return 1 if failed else 0


sys.exit(main())
