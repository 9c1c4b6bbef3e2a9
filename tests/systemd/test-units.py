# SPDX-License-Identifier: LGPL-2.1-or-later

"""The units of systemd: their syntax, and how exposed the services are.

Usage: test-units.py PLUMCTL SYSTEM-UNIT USER-UNIT   Prints TAP.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

PLUMCTL, SYSTEM_UNIT, USER_UNIT = map(os.path.abspath, sys.argv[1:])
EXPOSURE_MAX = 2.0  # of 10, as systemd-analyze rates it


def run(*command):
    with tempfile.TemporaryDirectory() as runtime:
        return subprocess.run(command, capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, LC_ALL="C.UTF-8", SYSTEMD_PAGER="",
                                       XDG_RUNTIME_DIR=runtime))


def install(unit, folder):
    """A copy of the unit that starts the program of the build."""
    with open(unit) as file:
        text = file.read()
    text, n = re.subn(r"^ExecStart=\S+/plumctl ", "ExecStart=%s " % PLUMCTL, text, flags=re.M)
    assert n == 1, text
    path = os.path.join(folder, "plumctl.service")
    with open(path, "w") as file:
        file.write(text)
    return path


def verify(unit, *options):
    with tempfile.TemporaryDirectory() as folder:
        result = run("systemd-analyze", *options, "verify", "--man=no", install(unit, folder))
        lines = [line for line in result.stderr.splitlines() if "plumctl" in line]
        assert result.returncode == 0 and not lines, result.stderr


def system_unit():
    verify(SYSTEM_UNIT)


def user_unit():
    verify(USER_UNIT, "--user")


def exposure():
    with tempfile.TemporaryDirectory() as folder:
        result = run("systemd-analyze", "security", "--offline=true", "--no-pager",
                     install(SYSTEM_UNIT, folder))
        found = re.search(r"Overall exposure level for plumctl.service: ([0-9.]+)", result.stdout)
        assert found is not None, result.stdout + result.stderr
        print("# exposure: %s" % found.group(1))
        assert float(found.group(1)) <= EXPOSURE_MAX, result.stdout


def no_capabilities():
    with open(SYSTEM_UNIT) as file:
        lines = file.read().splitlines()
    for line in ("DynamicUser=yes", "CapabilityBoundingSet=", "AmbientCapabilities=",
                 "StateDirectory=plumctl", "ProtectSystem=strict", "Type=notify"):
        assert line in lines, line


def main():
    cases = [no_capabilities, system_unit, user_unit, exposure]
    able = shutil.which("systemd-analyze") is not None
    failed = 0

    print("1..%d" % len(cases))
    for number, case in enumerate(cases, 1):
        name = "/systemd/" + case.__name__.replace("_", "-")
        if case is not no_capabilities and not able:
            print("ok %d %s # SKIP systemd-analyze is not installed" % (number, name))
            continue
        try:
            case()
            print("ok %d %s" % (number, name))
        except Exception as error:
            failed += 1
            print("not ok %d %s" % (number, name))
            for line in str(error).splitlines():
                print("# " + line)
    return 1 if failed else 0


sys.exit(main())
