# SPDX-License-Identifier: LGPL-2.1-or-later

"""Usage errors, help, the manual and the list of backends.

Usage: see harness.py.
"""

import os
import re
import sys
import tempfile

from harness import (BACKEND_PATH, contains, each_in_own_network, equal, events, main, need_backend,
                     plumctl, test, usage_error)


# Usage

@test
def usage_no_command():
    result = plumctl()
    usage_error(result, "Usage: plumctl COMMAND")


@test
def usage_unknown_command():
    usage_error(plumctl("mpa"), "“mpa” is not a command", "did you mean “map”?")


@test
def usage_unknown_command_without_suggestion():
    result = plumctl("frobnicate")
    usage_error(result, "“frobnicate” is not a command")
    assert "did you mean" not in result.stderr


@test
def usage_map_without_spec():
    usage_error(plumctl("map"), "no SPEC")


@test
def usage_invalid_specs():
    for word, part in (("tcp:0", "port 0 is out of range, must be 1 to 65535"),
                       ("tcp:65536", "port 65536 is out of range, must be 1 to 65535"),
                       ("8080", "expected tcp:PORT"),
                       ("icmp:80", "“icmp” is not a protocol"),
                       ("tcp:90-80", "the first port of the range 90-80 is greater than the last")):
        usage_error(plumctl("map", "udp:1", word), "“%s”" % word, part)


@test
def usage_ascii_quotes_in_the_c_locale():
    usage_error(plumctl("map", "tcp:0", LC_ALL="C"), 'plumctl: "tcp:0": port 0 is out of range')


@test
def usage_invalid_gateway():
    usage_error(plumctl("map", "--gateway", "my.router", "tcp:80"),
                "--gateway: “my.router” is not an IP address")


@test
def usage_unknown_interface():
    usage_error(plumctl("status", "--interface", "nosuch0"), "no network interface “nosuch0”")


@test
def usage_local_address():
    usage_error(plumctl("map", "--local-address", "my.host", "tcp:80"),
                "--local-address: “my.host” is not an IP address")
    usage_error(plumctl("run", "--local-address", "", "tcp:80", "--", "true"),
                "--local-address: “” is not an IP address")
    usage_error(plumctl("map", "--local-address", "2001:db8::1", "--family", "4", "tcp:80"),
                "2001:db8::1 is an IPv6 address, which --family=4 excludes")
    usage_error(plumctl("map", "--local-address", "192.0.2.1", "--family", "both", "tcp:80"),
                "192.0.2.1 is an IPv4 address, which --family=both excludes")


@test
def usage_exact_external_port_of_a_pinhole():
    for family in "6", "both":
        usage_error(plumctl("map", "--exact", "--family", family, "tcp:80:81"),
                    "“tcp:80:81”: --exact: an IPv6 pinhole keeps the port")


@test
def usage_unknown_backend():
    usage_error(plumctl("map", "--backend", "pcp2", "tcp:80"), "no backend “pcp2”",
                "available backends:")


@test
def usage_unknown_backend_among_several():
    need_backend("pcp")
    usage_error(plumctl("map", "--backend", "pcp,bogus", "tcp:80"), "no backend “bogus”")


@test
def usage_timeout():
    for word in ("0", "-1", "nan", "1e9"):
        usage_error(plumctl("map", "--timeout=" + word, "tcp:80"), "--timeout")
    usage_error(plumctl("map", "--timeout", "soon", "tcp:80"), "soon")


@test
def usage_lifetime():
    for word in ("-5", "604801", "4294967295"):
        usage_error(plumctl("map", "--lifetime=" + word, "tcp:80"), "--lifetime", word,
                    "1 to 604800")


ODD = ("", " ", "0", "-1", "+1", "1e3", "0x10", "nan", "inf", "-inf", "65536", "604801", "4294967295",
       "4294967296", "18446744073709551616", "99999999999999999999999", "1x", "tcp:", "tcp:0",
       "tcp:65536", "tcp:-1", "tcp:1-0", "tcp:1-70000", "tcp:1:", "tcp:1:0", "tcp:1:2:3", "tcp:1e3",
       "udp:0x1", ":80", "TCP", "tcp:80 ", "a" * 5000, "\u202e", "255.255.255.255", "::", "%s%n")


@test
def usage_max_hops():
    for word in ("0", "-1", "4", "4294967297"):
        usage_error(plumctl("map", "--max-hops=" + word, "tcp:80"), "--max-hops" if len(word) < 5 else word)
        usage_error(plumctl("serve", "--max-hops=" + word, os.devnull),
                    "--max-hops" if len(word) < 5 else word)
    usage_error(plumctl("map", "--max-hops", "two", "tcp:80"), "two")


@test
def usage_max_hops_in_each_command_that_contacts_a_router():
    for command in "map", "run", "serve", "unmap", "list", "status", "external", "monitor", "doctor":
        contains(plumctl(command, "--help").stdout, "--max-hops=N")


@test
def usage_odd_words_cause_no_critical():
    """Whatever the word is, no command reaches a critical message, which would abort it here.

    The search for leaks would take half of the time, and is done in the other tests.
    """
    numbers = [("map", "--lifetime=%s", "tcp:80"), ("map", "--timeout=%s", "tcp:80"),
               ("map", "--max-hops=%s", "tcp:80"), ("doctor", "--max-hops=%s"),
               ("map", "--family=%s", "tcp:80"), ("map", "%s"), ("unmap", "%s"),
               ("unmap", "--family=%s", "tcp:80"), ("run", "%s", "--", "true"),
               ("run", "--wait=%s", "tcp:80", "--", "true"), ("status", "--gateway=%s"),
               ("status", "--interface=%s"), ("status", "--backend=%s"), ("external", "--timeout=%s"),
               ("map", "--stun=%s", "udp:80"), ("doctor", "--stun=%s"), ("list", "--timeout=%s"), ("monitor", "--interface=%s"), ("doctor", "--timeout=%s")]

    lines = [[word.replace("%s", odd) if "%s" in word else word for word in words]
             for words in numbers for odd in ODD]
    results = each_in_own_network(lines, G_DEBUG="fatal-criticals", ASAN_OPTIONS=os.environ.get(
        "ASAN_OPTIONS", "") + ":exitcode=99:detect_leaks=0")
    for line, (status, errors) in zip(lines, results):
        assert status >= 0 and status != 99 and "CRITICAL" not in errors, (line, status, errors)


@test
def usage_stun():
    for word in ("", ":1", "a b", "host:0", "host:65536", "stun:host:1"):
        for command in (["map", "udp:80"], ["run", "udp:80", "--", "true"], ["doctor"]):
            usage_error(plumctl(command[0], "--stun=" + word, *command[1:]),
                        "--stun: “%s” is invalid, must be HOST or HOST:PORT" % word)


@test
def usage_stun_without_a_udp_port():
    message = "--stun: no SPEC is a UDP port, and STUN cannot test others"
    usage_error(plumctl("map", "--stun", "host", "tcp:80"), message)
    usage_error(plumctl("run", "--stun", "host", "tcp:80", "--", "true"), message)


@test
def usage_stun_with_too_many_ports():
    usage_error(plumctl("map", "--stun", "host", "udp:1-17"),
                "--stun: 17 UDP ports are too many, at most 16 can be tested")


@test
def usage_stun_without_a_test():
    usage_error(plumctl("doctor", "--stun", "host", "--no-map"),
                "--stun needs a trial mapping, which --no-map leaves out")
    usage_error(plumctl("run", "--stun", "host", "--wait=no", "udp:80", "--", "true"),
                "--stun tests the ports before the command starts, which --wait=no forbids")


@test
def usage_option_of_a_backend():
    for word in ("", "upnp", "upnp.location", "location=x", "=.", "Upnp.location=x", "upnp.=x", ".a=x",
                 "upnp.Location=x"):
        usage_error(plumctl("status", "--option=" + word), "--option")


@test
def usage_unknown_option():
    usage_error(plumctl("map", "--forever", "tcp:80"), "--forever")


@test
def usage_unexpected_argument():
    for command in ("status", "external", "list", "backends", "monitor", "doctor"):
        usage_error(plumctl(command, "surplus"), "“surplus”")


@test
def usage_run_without_command():
    usage_error(plumctl("run", "tcp:80"), "no command")
    usage_error(plumctl("run", "tcp:80", "--"), "no command")


@test
def usage_run_wait():
    usage_error(plumctl("run", "--wait=perhaps", "tcp:80", "--", "true"), "“perhaps”")


@test
def usage_all_mine_with_spec():
    usage_error(plumctl("unmap", "--all-mine", "tcp:80"), "“tcp:80”")


@test
def usage_record_into_existing_recording():
    with tempfile.TemporaryDirectory() as folder:
        open(os.path.join(folder, "index.tsv"), "w").close()
        usage_error(plumctl("doctor", "--record", folder), "already contains a recording")


# Help

@test
def help_of_all_commands():
    result = plumctl("--help")
    equal(result.returncode, 0)
    contains(result.stdout, "tcp:8000-8010:9000")
    for command in ("map", "run", "unmap", "list", "status", "external", "monitor", "doctor",
                    "backends"):
        contains(result.stdout, "  %s " % command)
        own = plumctl(command, "--help")
        equal(own.returncode, 0)
        contains(own.stdout, "plumctl %s" % command)
        contains(own.stdout, "Exit status:")
        contains(own.stdout, "Example")
        contains(own.stdout, "\n  plumctl %s" % command)
        equal(own.stderr, "")


@test
def help_fits_the_terminal():
    """The texts that the program breaks into lines; GLib breaks none of the options."""
    for command in ((), ("map",), ("run",), ("unmap",), ("list",), ("status",), ("external",),
                    ("monitor",), ("doctor",), ("serve",), ("backends",)):
        lines = plumctl(*command, "--help").stdout.splitlines()
        assert lines, command
        equal([line for line in lines if len(line) > 96 and not line.lstrip().startswith("-")], [])


@test
def help_as_a_command():
    equal(plumctl("help", "map").stdout, plumctl("map", "--help").stdout)
    usage_error(plumctl("help", "nothing"), "“nothing” is not a command")


@test
def version():
    result = plumctl("--version")
    equal(result.returncode, 0)
    equal(result.stdout.split()[0], "plumctl")
    assert result.stdout.split()[1][0].isdigit()


def complete(*arguments):
    return [line.split("\t")[0] for line in plumctl("__complete", *arguments).stdout.splitlines()]


@test
def manual_has_every_command_and_option():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data", "plumctl.1")
    with open(path) as file:
        manual = file.read().replace("\\-", "-")
    for command in complete(""):
        contains(manual, command)
        for option in complete(command, "--"):
            contains(manual, option)
    for section in ("NAME", "SYNOPSIS", "EXIT STATUS", "ENVIRONMENT", "SEE ALSO"):
        contains(manual, "\n.SH %s\n" % section)
    contains(manual, "\n.B tcp:8000-8010:9000\n")


def options_in_the_manual(manual):
    """Returns the commands that each option of the manual names: {long option: set}."""
    section = manual.partition(".SH OPTIONS\n")[2].partition("\n.SH ")[0]
    found = {}
    for entry in re.split(r"^\.TP\n", section, flags=re.MULTILINE)[1:]:
        option = re.search(r"--[a-z-]+", entry)
        if option is not None:
            commands = re.findall(r"^\.RB \( ?(.*?) ?\)$", entry, re.MULTILINE)
            found[option[0]] = set(re.findall(r"[a-z]+", " ".join(commands)))
    return found


@test
def manual_names_the_commands_of_each_option():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data", "plumctl.1")
    with open(path) as file:
        found = options_in_the_manual(file.read().replace("\\-", "-"))
    commands = [command for command in complete("") if not command.startswith("-")]
    accepted = {}
    for command in set(commands) - {"help"}:
        for option in set(complete(command, "--")) - {"--"}:
            accepted.setdefault(option.rstrip("="), set()).add(command)

    everywhere = set(commands) - {"help"}
    for option, names in accepted.items():
        equal((option, found[option]), (option, set() if names == everywhere else names))


# Backends

@test
def backends_lines():
    result = plumctl("backends")
    equal(result.returncode, 0)
    assert result.stdout


@test
def backends_json():
    found = events(plumctl("backends", "--json").stdout)
    titles = {"pcp": "PCP", "natpmp": "NAT-PMP", "upnp": "UPnP IGD", "direct": "Direct"}

    for event in found:
        equal(sorted(event), ["description", "error", "event", "name", "path", "priority", "title"])
        equal(event["title"], titles.get(event["name"], event["name"]))


@test
def backends_broken_module():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "libplum-backend-broken.so")
        with open(path, "w") as file:
            file.write("not a module")
        result = plumctl("backends", "--json",
                         PLUM_BACKEND_PATH=folder + ":" + BACKEND_PATH)
        equal(result.returncode, 0)
        broken = [event for event in events(result.stdout) if event["error"] is not None]
        equal(len(broken), 1)
        equal(broken[0]["error"]["code"], "module")
        contains(broken[0]["error"]["message"], path)


sys.exit(main("plumctl-usage"))
