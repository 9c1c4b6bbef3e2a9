# SPDX-License-Identifier: LGPL-2.1-or-later

"""The completions, as the shells use them. bash is always tested, zsh and fish if installed.

Usage: see harness.py.
"""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time

from harness import (PLUMCTL, Skip, contains, environment, equal, main, plumctl, test)

COMPLETIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data",
                           "completions")
DEADLINE = 20  # s; reached only if a test fails


def complete(*arguments):
    return [line.split("\t")[0] for line in plumctl("__complete", *arguments).stdout.splitlines()]


# The candidates

@test
def commands():
    equal(complete("ma"), ["map"])
    equal(complete("help", "do"), ["doctor"])


@test
def options_without_a_command():
    equal(complete("-"), ["--help", "--version"])
    equal(complete("--v"), ["--version"])


@test
def options():
    equal(complete("map", "--ke"), ["--keep-trying"])
    contains(complete("map", "--"), "--family")
    assert "--" not in complete("map", "--")


@test
def values():
    equal(complete("map", "--family", ""), ["4", "6", "both"])
    equal(complete("doctor", "--family", "b"), ["both"])
    equal(complete("run", "-w", ""), ["yes", "no"])
    equal(complete("map", "--lifetime", ""), [])
    equal(complete("map", "--gateway", "-"), [])


@test
def values_in_the_same_word():
    equal(complete("map", "--family="), ["--family=4", "--family=6", "--family=both"])
    equal(complete("map", "--family=b"), ["--family=both"])
    equal(complete("map", "--json="), [])
    equal(complete("map", "--no-such-option="), [])


@test
def interfaces():
    contains(complete("map", "--interface", ""), "lo")
    equal(complete("map", "-i", "lo"), ["lo"])
    equal(complete("map", "--interface=lo"), ["--interface=lo"])


@test
def several_backends():
    known = complete("map", "--backend", "")
    assert known
    equal(complete("map", "--backend", known[0] + ","), [known[0] + "," + name for name in known])
    equal(complete("map", "--backend=" + known[0]), ["--backend=" + known[0]])


@test
def specs():
    equal(complete("map", "t"), ["tcp:"])
    equal(complete("map", "--family", "both", ""), ["tcp:", "udp:"])
    equal(complete("list", ""), [])


@test
def separator():
    contains(complete("run", "tcp:80", "--"), "--")
    equal(complete("map", "--", ""), ["tcp:", "udp:"])
    equal(complete("map", "--", "-"), [])
    equal(complete("run", "tcp:80", "--", ""), [])
    equal(complete("run", "tcp:80", "--", "server", "--"), [])


# The shells

def own_path():
    """The environment of a shell that finds the program of the build tree."""
    folder = os.path.dirname(os.path.abspath(PLUMCTL))
    return environment(PATH=folder + ":" + os.environ["PATH"])


BASH = r"""
source "$1/plumctl.bash"
COMP_LINE=$2 COMP_POINT=${#2}
# As bash splits the line: at blanks, and around the characters of COMP_WORDBREAKS.
read -r -a COMP_WORDS <<< "$(sed -E 's/([:=])/ \1 /g' <<< "$2")"
[[ $2 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
compopt () { echo "compopt $*"; }
_plumctl
printf '%s\n' "${COMPREPLY[@]}"
"""


def in_bash(line):
    result = subprocess.run(["bash", "--norc", "-c", BASH, "bash", COMPLETIONS, line],
                            env=own_path(), text=True, capture_output=True, timeout=DEADLINE)
    equal(result.stderr, "")
    return result.stdout.split("\n")[:-1]


@test
def bash():
    equal(in_bash("plumctl ma"), ["map"])
    equal(in_bash("plumctl map --fam"), ["--family"])
    equal(in_bash("plumctl map --family "), ["4", "6", "both"])
    equal(in_bash("plumctl map --family="), ["4", "6", "both"])
    equal(in_bash("plumctl map --interface lo"), ["lo"])
    equal(in_bash("plumctl map t"), ["compopt -o nospace", "tcp:"])
    equal(in_bash("plumctl map -- u"), ["compopt -o nospace", "udp:"])
    contains(in_bash("plumctl run tcp:8080 -- ca"), "cat")


FISH = r"""
source $argv[1]/plumctl.fish
complete -C $argv[2]
"""


def in_fish(line):
    if shutil.which("fish") is None:
        raise Skip("fish is not installed")
    result = subprocess.run(["fish", "--no-config", "-c", FISH, COMPLETIONS, line],
                            env=own_path(), text=True, capture_output=True, timeout=DEADLINE)
    equal(result.stderr, "")
    return [text.split("\t")[0] for text in result.stdout.splitlines()]


@test
def fish():
    equal(in_fish("plumctl ma"), ["map"])
    equal(in_fish("plumctl map --fam"), ["--family"])
    equal(in_fish("plumctl map --family "), ["4", "6", "both"])
    equal(in_fish("plumctl map --family=b"), ["--family=both"])
    equal(in_fish("plumctl map --interface lo"), ["lo"])
    equal(in_fish("plumctl map t"), ["tcp:"])
    equal(in_fish("plumctl map -- u"), ["udp:"])
    contains(in_fish("plumctl run tcp:8080 -- ca"), "cat")
    contains(in_fish("plumctl serve " + COMPLETIONS + "/plumctl.b"),
             COMPLETIONS + "/plumctl.bash")


# Completes at the cursor without a menu, and prints the line that results.
ZSH = r"""
PS1= RPS1= fpath=(%s $fpath)
autoload -Uz compinit && compinit -D -u
zstyle ':completion:*' list-colors ''
show () { print -r -- "LINE<$BUFFER>"; }
zle -N show
bindkey '^T' show
LISTMAX=1000
print READY
"""


class Zsh:
    """An interactive zsh on a terminal: its completion works only there."""

    def __init__(self):
        if shutil.which("zsh") is None:
            raise Skip("zsh is not installed")
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            os.execvpe("zsh", ["zsh", "-f", "-i"], dict(own_path(), TERM="dumb"))
        self.send((ZSH % COMPLETIONS).strip().replace("\n", "; ") + "\n", r"\nREADY")

    def send(self, text, expected):
        os.write(self.terminal, text.encode())
        output, deadline = "", time.monotonic() + DEADLINE
        while not re.search(expected, output.replace("\r", "")):
            assert time.monotonic() < deadline, "%r shows %r" % (text, output)
            if select.select([self.terminal], [], [], 1)[0]:
                output += os.read(self.terminal, 4096).decode(errors="replace")
        return output

    def complete(self, line):
        """The line after Tab."""
        output = self.send("\x15" + line + "\t\x14", r"LINE<([^>]*)>")
        return re.search(r"LINE<([^>]*)>", output)[1]

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        os.close(self.terminal)
        os.kill(self.child, 9)
        os.waitpid(self.child, 0)


@test
def zsh():
    with Zsh() as shell:
        equal(shell.complete("plumctl ma"), "plumctl map ")
        equal(shell.complete("plumctl map --fam"), "plumctl map --family ")
        equal(shell.complete("plumctl map --family b"), "plumctl map --family both ")
        equal(shell.complete("plumctl map --family=b"), "plumctl map --family=both ")
        equal(shell.complete("plumctl map --interface l"), "plumctl map --interface lo ")
        equal(shell.complete("plumctl map t"), "plumctl map tcp:")
        equal(shell.complete("plumctl map -- u"), "plumctl map -- udp:")
        equal(shell.complete("plumctl run tcp:8080 -- sha256su"),
              "plumctl run tcp:8080 -- sha256sum ")


sys.exit(main("plumctl-completion"))
