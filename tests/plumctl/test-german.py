# SPDX-License-Identifier: LGPL-2.1-or-later

"""plumctl in German: what people read is translated, and what machines read is not.

Usage: see harness.py. PLUM_LOCALE_DIR is the directory of the translations.
"""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "translations"))

import german
from fake_gateway import FakeGateway
from harness import (DEADLINE, PLUMCTL, UpnpRouter, common, contains, environment, equal, events,
                     main, plumctl, start, test, usage_error, without_network)

COMMANDS = ["status", "external", "map", "run", "unmap", "list", "monitor", "doctor", "serve",
            "backends"]
folder = tempfile.TemporaryDirectory()


def locale(charset="UTF-8"):
    return german.environment(folder.name, charset)


def in_german(*arguments, **extra):
    return plumctl(*arguments, **locale(), **extra)


def normal(text):
    """Without what differs from run to run."""
    text = re.sub(r"127\.\d+\.\d+\.\d+", "ADDRESS", text)
    return re.sub(r'in \d+[.,]\d+ s|within \d+[.,]\d+ s|"ms":\d+', "TIME", text)


def no_english(text):
    """The text contains no English sentence that the translation changes."""
    found = [part for part in german.english() if len(part) > 20 and "%" not in part and part in text]
    equal(found, [])


@test
def help():
    result = in_german("--help")
    equal(result.returncode, 0)
    contains(result.stdout, "Aufruf: plumctl BEFEHL [OPTION …] [ARGUMENT …]")
    contains(result.stdout, "  map        Ports freigeben, bis Strg-C gedrückt wird\n")
    no_english(result.stdout)


@test
def help_of_each_command():
    for command in COMMANDS:
        result = in_german(command, "--help")
        equal(result.returncode, 0)
        contains(result.stdout, "Exit-Status: ")
        no_english(result.stdout)


@test
def help_fits_the_terminal():
    """The texts that the program breaks into lines; GLib breaks none of the options."""
    for arguments in [["--help"], *([command, "--help"] for command in COMMANDS)]:
        lines = in_german(*arguments).stdout.splitlines()
        equal([line for line in lines if len(line) > 96 and not line.lstrip().startswith("-")], [])


@test
def usage_errors():
    usage_error(in_german("mpa"), "plumctl: „mpa“ ist kein Befehl; meinten Sie „map“?\n",
                "Rufen Sie „plumctl --help“ für eine Liste der Befehle auf.\n")
    usage_error(in_german("map", "tcp:0"), "„tcp:0“: Port 0 liegt außerhalb des Bereichs")
    usage_error(in_german("map", "8080"), "„8080“: erwartet wurde tcp:PORT, udp:PORT, ")
    usage_error(in_german("map", "--timeout", "0", "tcp:80"),
                "--timeout: „0“ liegt außerhalb des Bereichs, möglich sind 0,1 bis 3600 Sekunden")


@test
def map_lines():
    with FakeGateway() as gateway:
        result = in_german("map", "--once", *common(gateway), "udp:5000:6000")
        equal(result.returncode, 0)
        contains(result.stdout, "udp:5000 → 1.2.3.4:6000 mit PCP, für 7200 s")


@test
def map_refused():
    with FakeGateway(result=2) as gateway:
        result = in_german("map", "--once", *common(gateway), "tcp:8080")
        equal(result.returncode, 1)
        contains(result.stderr, "PCP: %s antwortete NOT_AUTHORIZED (2) auf „TCP-Port 8080“: die "
                                "Richtlinie des Routers untersagt es" % gateway.address)


@test
def map_without_network():
    result = without_network("map", "--once", "tcp:8080", **locale())
    equal(result.returncode, 3)
    contains(result.stderr, "Dieser Rechner ist mit keinem")


@test
def json_does_not_depend_on_the_locale():
    for gateway_options, arguments in (({}, ["map", "--once", "--json"]),
                                       ({"result": 2}, ["map", "--once", "--json"])):
        outputs = []
        for run in (plumctl, in_german):
            with FakeGateway(**gateway_options) as gateway:
                result = run(*arguments, *common(gateway), "tcp:8080")
                outputs.append((result.returncode, normal(result.stdout)))
        equal(outputs[1], outputs[0])
    equal(in_german("backends", "--json").stdout, plumctl("backends", "--json").stdout)


@test
def exit_status_does_not_depend_on_the_locale():
    for arguments in (["map", "tcp:0"], ["map", "--exact"], ["nothing"], ["backends"], ["--version"],
                      ["map", "--once", "--gateway", "127.0.0.1", "--backend", "natpmp", "tcp:80"]):
        equal(in_german(*arguments).returncode, plumctl(*arguments).returncode)


@test
def recordings_do_not_depend_on_the_locale():
    outputs = []
    for run in (plumctl, in_german):
        with FakeGateway() as gateway, tempfile.TemporaryDirectory() as path:
            run("doctor", "--no-map", "--record", os.path.join(path, "router"), *common(gateway))
            report = pathlib.Path(path, "router", "report.json").read_text(encoding="utf-8")
            outputs.append(events(report)[0]["sentence"])
    equal(outputs[1], outputs[0])


@test
def the_environment_of_a_command_is_unchanged():
    with FakeGateway() as gateway:
        result = in_german("run", "-q", *common(gateway), "tcp:8080", "--",
                           "sh", "-c", 'echo "$LC_ALL $LANGUAGE $PLUM_TCP_8080"')
        equal(result.stdout, "de_DE.UTF-8 de 1.2.3.4:8080\n")


@test
def another_charset():
    result = subprocess.run([PLUMCTL, "map", "udp:x"], capture_output=True, timeout=DEADLINE,
                            env=environment(**locale("ISO-8859-15")))
    contains(result.stderr.decode("iso-8859-15"), '"udp:x": "x" ist keine Zahl; erwartet wurde ')
    result = subprocess.run([PLUMCTL, "--help"], capture_output=True, timeout=DEADLINE,
                            env=environment(**locale("ISO-8859-15")))
    contains(result.stdout.decode("iso-8859-15"), "Strg-C gedrückt wird")


@test
def without_translations():
    result = in_german("mpa", PLUM_LOCALE_DIR="/nonexistent")
    usage_error(result, "“mpa” is not a command; did you mean “map”?")


@test
def status_lines():
    with FakeGateway() as gateway:
        result = in_german("status", *common(gateway))
        equal(result.returncode, 0)
        for line in ("Gateway   %s an " % gateway.address, "lokal     127.", "extern    1.2.3.4 (öffentlich)",
                     "Backend   pcp"):
            contains(result.stdout, line)
        no_english(result.stdout)


@test
def numbers_choose_the_plural_form():
    with tempfile.TemporaryDirectory() as path:
        file = pathlib.Path(path, "ports.conf")
        for specs, text in (([], "0 Freigaben"), (["tcp:1"], "1 Freigabe"),
                            (["tcp:1", "tcp:2"], "2 Freigaben")):
            file.write_text("".join("[%s]\n" % spec for spec in specs))
            result = in_german("serve", "--check", str(file))
            equal((result.returncode, result.stdout), (0, "%s: %s\n" % (file, text)))


@test
def errors_of_the_ports_file():
    with tempfile.TemporaryDirectory() as path:
        file = pathlib.Path(path, "ports.conf")
        for line, text in (("[tcp:0]", "Zeile 1: „tcp:0“: Port 0 liegt außerhalb des Bereichs"),
                           ("[tcp:1]\nexact=maybe", "Zeile 2: exact: „maybe“ ist ungültig"),
                           ("[tcp:1]\n[tcp:1]", "Zeile 2: TCP-Port 1 steht auch in Zeile 1")):
            file.write_text(line)
            result = in_german("serve", "--check", str(file))
            equal((result.returncode, result.stdout), (1, ""))
            contains(result.stderr, "%s: %s" % (file, text))


@test
def lists_and_removals():
    with UpnpRouter() as router:
        where = common(router, "upnp")
        equal(in_german("map", "--once", *where, "tcp:8080").returncode, 0)
        contains(in_german("list", *where).stdout, " für 7")
        result = in_german("unmap", *where, "tcp:8080")
        equal((result.returncode, result.stdout), (0, "tcp:8080 entfernt\n"))
        result = in_german("unmap", *where, "tcp:8080")
        equal(result.returncode, 4)
        contains(result.stdout, "tcp:8080: Der Router hat keine Freigabe dieses Ports")
    with FakeGateway() as gateway:
        result = in_german("list", *common(gateway))
        equal(result.returncode, 1)
        contains(result.stderr, "PCP kann die Freigaben des Routers nicht auflisten: Das kann nur UPnP")


@test
def the_journal_of_a_service_is_in_english():
    """Also the status, and the errors of a file that is loaded again."""
    outputs = []
    for extra in ({}, locale()):
        with FakeGateway() as gateway, \
                tempfile.TemporaryDirectory() as path:
            outputs.append(serve(gateway, pathlib.Path(path), extra))
    equal(outputs[1], outputs[0])
    contains(outputs[0][0], "STATUS=1 of 1 port is mapped")
    contains(outputs[0][2], "line 1: “tcp:0”: port 0 is out of range")


def serve(gateway, path, extra):
    """Runs a service until it has reported a wrong file. Returns its messages and lines."""
    file = path / "ports.conf"
    file.write_text("[tcp:8080]\n")
    messages = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path / "notify"))
        manager.settimeout(DEADLINE)
        process = start("serve", *common(gateway), str(file), NOTIFY_SOCKET=str(path / "notify"),
                        **extra)

        def wait(text):
            while text not in messages[-1:]:
                messages.extend(manager.recv(4096).decode().splitlines())

        try:
            wait("STATUS=1 of 1 port is mapped")
            file.write_text("[tcp:0]\n")
            process.send_signal(signal.SIGHUP)
            wait("READY=1")
        finally:
            process.terminate()
        out, errors = process.communicate(timeout=DEADLINE)
    equal(process.returncode, 0)
    # The file is also loaded because it has changed, before or after that.
    errors = "\n".join(dict.fromkeys(errors.splitlines()))
    return [normal(text.replace(str(path), "PATH")) for text in ("\n".join(messages), out, errors)]


if __name__ == "__main__":
    if german.find_obstacle() is not None:
        print("1..0 # SKIP " + german.find_obstacle())
        sys.exit(0)
    with folder:
        for name in ("UTF-8", "ISO-8859-15"):  # the tests run at the same time
            locale(name)
        sys.exit(main("german"))
