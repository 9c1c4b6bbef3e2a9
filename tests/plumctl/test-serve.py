# SPDX-License-Identifier: LGPL-2.1-or-later

"""plumctl serve, with a fake router, files that change, and a service manager that listens.

Usage: see harness.py.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import tempfile
import threading
import time

from fake_gateway import FakeGateway
from harness import (DEADLINE, UpnpRouter, common, contains, equal, main, plumctl, start,
                     start_with_nohup, test)


class Served:
    """A run of plumctl serve: its events, its messages to the service manager, and its file."""

    def __init__(self, gateway, text, *options, start=start, **environment):
        self.gateway = gateway
        self.first = text
        self.options = options
        self.start = start
        self.environment = environment
        self.events = []
        self.messages = []
        self.other_lines = []
        self.errors = ""
        self.changed = threading.Condition()

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self._folder.name, "ports.conf")
        self.write(self.first)
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = os.path.join(self._folder.name, "notify")
        self._manager.bind(name)
        backend = "upnp" if isinstance(self.gateway, UpnpRouter) else "pcp"
        self.process = self.start("serve", "--json", *common(self.gateway, backend),
                                  *self.options, self.path, NOTIFY_SOCKET=name,
                                  OUT=self.file("out"), **self.environment)
        threading.Thread(target=self._read_messages, daemon=True).start()
        self._readers = [threading.Thread(target=read, daemon=True)
                         for read in (self._read_events, self._read_errors)]
        for reader in self._readers:
            reader.start()
        return self

    def __exit__(self, *unused):
        self.process.kill()
        self.process.wait()
        self._manager.close()
        self._folder.cleanup()

    def file(self, name):
        return os.path.join(self._folder.name, name)

    def read(self, name):
        with contextlib.suppress(FileNotFoundError), open(self.file(name)) as file:
            return file.read()
        return ""

    def write(self, text):
        with open(self.path, "w") as file:
            file.write(text)

    def replace(self, text):
        """As an editor does: a new file takes the place of the old one."""
        with open(self.path + ".new", "w") as file:
            file.write(text)
        os.rename(self.path + ".new", self.path)

    def _add(self, add):
        with self.changed:
            add()
            self.changed.notify_all()

    def _read_events(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                self._add(lambda: self.events.append(json.loads(line)))
            else:
                self.other_lines.append(line)

    def _read_errors(self):
        for line in self.process.stderr:
            def add():
                self.errors += line
            self._add(add)

    def _read_messages(self):
        with contextlib.suppress(OSError):
            while True:
                text = self._manager.recv(4096).decode()
                self._add(lambda: self.messages.extend(text.splitlines()))

    def wait(self, condition, what):
        with self.changed:
            assert self.changed.wait_for(condition, DEADLINE), \
                "%s: %r, %r, %r" % (what, self.events, self.messages, self.errors)

    def wait_message(self, text):
        self.wait(lambda: text in self.messages, "no message " + text)

    def wait_error(self, text):
        self.wait(lambda: text in self.errors, "no error " + text)

    def wait_file(self, name, condition):
        deadline = time.monotonic() + DEADLINE
        while not condition(self.read(name)):
            assert time.monotonic() < deadline, repr(self.read(name))
            time.sleep(0.02)

    def states(self, port):
        return [event["state"] for event in self.events if event["internal_port"] == port]

    def count(self, state):
        return sum(event["state"] == state for event in self.events)

    def failures(self):
        return [event["error"] for event in self.events if event["error"] is not None]

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        status = self.process.wait(DEADLINE)
        for reader in self._readers:    # the output may not be read yet
            reader.join(DEADLINE)
        return status


def table(gateway):
    return sorted((protocol, port, external) for (protocol, port), (external, _)
                  in gateway.table.items())


# The hosts at both ends

PRINTER = "[tcp:9100]\nfor=127.99.0.50\n"


@test
def serve_for_another_host():
    with UpnpRouter("other-clients=1") as router, \
            Served(router, PRINTER + "[tcp:9100]\n") as served:
        served.wait_message("STATUS=2 of 2 ports are mapped")
        served.replace(PRINTER)
        served.wait_message("STATUS=1 of 1 port is mapped")
        served.replace("[tcp:9101]\nfor=127.99.0.50\n")
        served.wait(lambda: "destroyed" in served.states(9100), "the old port")
        served.wait(lambda: "success" in served.states(9101), "the new port")
        equal(router.table(), ["tcp:9101:127.99.0.50:9101"])
        equal(served.stop(), 0)
        equal(router.table(), [])


@test
def serve_changes_the_remote_host():
    """A port that is open to one host is never open to all in between."""
    with UpnpRouter("remote-hosts=1") as router, \
            Served(router, "[tcp:8080]\nfrom=203.0.113.7\n") as served:
        served.wait_message("STATUS=1 of 1 port is mapped")
        equal(served.events[-1]["remote_addresses"], ["203.0.113.7"])
        served.replace("[tcp:8080]\nfrom=203.0.113.8\n")
        served.wait(lambda: any(event["remote_address"] == "203.0.113.8"
                                and event["state"] == "success" for event in served.events),
                    "the new host")
        equal(served.states(8080).count("destroyed"), 1)
        served.replace("[tcp:8080]\nfrom=203.0.113.8\n# the same\n")
        served.write("[tcp:8080]\nfrom=nowhere\n")
        served.wait_error("line 2: from: “nowhere” is invalid")
        equal(served.states(8080).count("destroyed"), 1)
        equal(served.stop(), 0)


# The life of the service

@test
def serve_holds_and_removes():
    with FakeGateway() as gateway, \
            Served(gateway, "[tcp:8080]\nexternal=80\n[udp:5000-5001]\n") as served:
        served.wait_message("STATUS=3 of 3 ports are mapped")
        contains("\n".join(served.messages), "READY=1")
        equal(table(gateway), [("tcp", 8080, 80), ("udp", 5000, 5000), ("udp", 5001, 5001)])
        equal(served.stop(), 0)
        equal(table(gateway), [])
        contains("\n".join(served.messages), "STOPPING=1")
        equal(served.errors, "")


@test
def serve_one_port():
    with FakeGateway() as gateway, Served(gateway, "[tcp:8080]\n") as served:
        served.wait_message("STATUS=1 of 1 port is mapped")
        equal(served.stop(signal.SIGINT), 0)


@test
def serve_is_ready_without_a_router():
    with FakeGateway(silent=True) as gateway, Served(gateway, "[tcp:8080]\n") as served:
        served.wait_message("READY=1")
        served.wait_message("STATUS=0 of 1 port is mapped")
        equal(served.stop(), 0)


@test
def serve_watchdog():
    with FakeGateway() as gateway, \
            Served(gateway, "[tcp:8080]\n", WATCHDOG_USEC="100000") as served:
        served.wait(lambda: served.messages.count("WATCHDOG=1") >= 3, "no watchdog messages")
        equal(served.stop(), 0)


@test
def serve_watchdog_of_another_process():
    with FakeGateway() as gateway, \
            Served(gateway, "[tcp:8080]\n", WATCHDOG_USEC="20000", WATCHDOG_PID="1") as served:
        served.wait_message("STATUS=1 of 1 port is mapped")
        time.sleep(0.2)
        equal(served.messages.count("WATCHDOG=1"), 0)


@test
def serve_an_empty_file():
    with FakeGateway() as gateway, Served(gateway, "# later\n") as served:
        served.wait_message("STATUS=0 of 0 ports are mapped")
        equal(gateway.requests, 0)
        served.replace("[tcp:8080]\n")
        served.wait_message("STATUS=1 of 1 port is mapped")
        equal(served.stop(), 0)


# Reload

def assert_reload(change):
    with FakeGateway() as gateway, Served(gateway, "[tcp:8080]\n[tcp:8081]\n") as served:
        served.wait_message("STATUS=2 of 2 ports are mapped")
        kept = gateway.table[("tcp", 8080)]
        change(served, "[tcp:8080]\n[udp:9000]\n")
        assert gateway.wait_for(lambda now: ("udp", 9000) in now and ("tcp", 8081) not in now)
        served.wait(lambda: "destroyed" in served.states(8081), "8081 is not removed")
        equal(served.states(8080), ["pending", "success"])
        equal(gateway.table[("tcp", 8080)], kept)
        served.wait_message("RELOADING=1")
        equal(served.stop(), 0)
        equal(table(gateway), [])


@test
def serve_reload_by_signal():
    def change(served, text):
        served.write(text)
        served.process.send_signal(signal.SIGHUP)
    assert_reload(change)


@test
def serve_reload_by_signal_with_nohup():
    with FakeGateway() as gateway, \
            Served(gateway, "[tcp:8080]\n", start=start_with_nohup) as served:
        served.wait_message("READY=1")
        served.process.send_signal(signal.SIGHUP)
        served.wait_message("RELOADING=1")
        equal(served.stop(), 0)


@test
def serve_reload_by_writing():
    assert_reload(Served.write)


@test
def serve_reload_by_replacing():
    assert_reload(Served.replace)


@test
def serve_reload_is_ignored_while_it_stops():
    """A reload that follows the stop does not leave the ports on the router."""
    with FakeGateway(keeps_all=True) as gateway, Served(gateway, "[tcp:8080]\n") as served:
        served.wait_message("STATUS=1 of 1 port is mapped")
        served.process.send_signal(signal.SIGTERM)
        served.wait_message("STOPPING=1")
        served.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        equal(served.process.poll(), None)
        equal(served.messages.count("RELOADING=1"), 0)
        equal(served.errors, "")
        # A second request to stop still ends it at once.
        equal(served.stop(), 128 + signal.SIGTERM)
        contains(served.errors, "interrupted: the router may still have tcp:8080")


@test
def serve_reload_twice():
    with FakeGateway() as gateway, Served(gateway, "[tcp:8080]\n") as served:
        served.wait_message("STATUS=1 of 1 port is mapped")
        for port in (9001, 9002):
            served.replace("[tcp:8080]\n[tcp:%d]\n" % port)
            assert gateway.wait_for(
                lambda now: sorted(now) == [("tcp", 8080), ("tcp", port)]), gateway.table
        equal(served.states(8080), ["pending", "success"])


@test
def serve_another_external_port():
    """The old mapping is removed before the new one is requested."""
    with FakeGateway() as gateway, Served(gateway, "[tcp:8080]\n") as served:
        served.wait_message("STATUS=1 of 1 port is mapped")
        served.replace("[tcp:8080]\nexternal=9000\n")
        assert gateway.wait_for(
            lambda now: [entry[0] for entry in now.values()] == [9000]), gateway.table
        served.wait(lambda: served.states(8080).count("success") == 2, "not up again")
        equal([state for state in served.states(8080) if state in ("success", "destroyed")],
              ["success", "destroyed", "success"])


@test
def serve_changes_while_it_is_removed():
    """The last version of the file counts, whatever the order of the answers."""
    with FakeGateway() as gateway, Served(gateway, "[tcp:8080]\n") as served:
        served.wait_message("STATUS=1 of 1 port is mapped")
        for text in ("", "[tcp:8080]\nexternal=9000\n", "[tcp:8080]\nexternal=9001\n"):
            served.write(text)
            served.process.send_signal(signal.SIGHUP)
            time.sleep(0.02)
        assert gateway.wait_for(
            lambda now: [entry[0] for entry in now.values()] == [9001]), gateway.table


# Symbolic links to the file

def replace(path, text):
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


def switch(link, target):
    """As "ln -sfn" and kubelet do: a new link takes the place of the old one."""
    os.symlink(target, link + "_tmp")
    os.rename(link + "_tmp", link)


class Linked(Served):
    """ports.conf is a link. prepare(folder, text) makes its target, and returns the text of the link."""

    def __init__(self, gateway, prepare):
        super().__init__(gateway, "[tcp:8080]\n")
        self.prepare = prepare

    def write(self, text):
        os.symlink(self.prepare(self.file(""), text), self.path)


def make(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def assert_noticed(prepare, *changes):
    """Each change has to make the file map only another port, which is 9001, 9002, ..."""
    with FakeGateway() as gateway, Linked(gateway, prepare) as served:
        served.wait_message("STATUS=1 of 1 port is mapped")
        for port, change in enumerate(changes, 9001):
            change(served.file(""), "[tcp:%d]\n" % port)
            assert gateway.wait_for(lambda now: list(now) == [("tcp", port)]), \
                (port, gateway.table, served.errors)
        equal(served.stop(), 0)


def one_link(folder, text):
    make(folder + "store/real.conf", text)
    return "store/real.conf"


def three_links(folder, text):
    """A relative link, an absolute one, and one of a directory, with dots on the way."""
    make(folder + "a/real/ports", text)
    os.symlink("real/", folder + "a/directory")
    os.mkdir(folder + "b")
    os.symlink(folder + "a/./directory/../directory/ports", folder + "b/second")
    return "a/../b/second"


def data_directory(folder, text):
    """A ConfigMap of Kubernetes."""
    make(folder + "..1/ports.conf", text)
    os.symlink("..1", folder + "..data")
    return "..data/ports.conf"


@test
def serve_link_target_is_written():
    assert_noticed(one_link, *2 * [lambda folder, text: make(folder + "store/real.conf", text)])


@test
def serve_link_target_is_replaced():
    assert_noticed(one_link, *2 * [lambda folder, text: replace(folder + "store/real.conf", text)])


@test
def serve_link_is_switched():
    def change(folder, text):
        name = "store/" + text[5:9]
        make(folder + name, text)
        switch(folder + "ports.conf", name)

    def write(folder, text):
        make(folder + "store/9001", text)
    assert_noticed(one_link, change, write, change)


@test
def serve_chain_of_links():
    def directory(folder, text):
        make(folder + "a/other/ports", text)
        switch(folder + "a/directory", "other")

    def second(folder, text):
        make(folder + "c/last", text)
        switch(folder + "b/second", "../c/last")
    assert_noticed(three_links, lambda folder, text: make(folder + "a/real/ports", text), directory,
                   lambda folder, text: replace(folder + "a/other/ports", text), second,
                   lambda folder, text: make(folder + "c/last", text))


@test
def serve_data_directory_is_switched():
    def change(folder, text):
        old = os.readlink(folder + "..data")
        make(folder + ".." + text[5:9] + "/ports.conf", text)
        switch(folder + "..data", ".." + text[5:9])
        shutil.rmtree(folder + old)
    assert_noticed(data_directory, change, change, change)


@test
def serve_directory_is_replaced():
    """No link is switched, but the directory that the file is in."""
    def change(folder, text):
        make(folder + "new/real.conf", text)
        os.rename(folder + "store", folder + "old" + text[5:9])
        os.rename(folder + "new", folder + "store")
    assert_noticed(one_link, change, lambda folder, text: make(folder + "store/real.conf", text),
                   change)


@test
def serve_link_without_target():
    """The ports stay, and a target that appears later is used."""
    with FakeGateway() as gateway, Linked(gateway, one_link) as served:
        served.wait_message("STATUS=1 of 1 port is mapped")
        switch(served.path, "later/deep/ports")
        served.wait_error("the ports stay as they are\n")
        equal(table(gateway), [("tcp", 8080, 8080)])
        make(served.file("later/deep/ports"), "[tcp:9001]\n")
        assert gateway.wait_for(lambda now: list(now) == [("tcp", 9001)]), served.errors


@test
def serve_link_to_itself():
    with FakeGateway() as gateway, Linked(gateway, one_link) as served:
        served.wait_message("STATUS=1 of 1 port is mapped")
        switch(served.path, "ports.conf")
        served.wait_error("the ports stay as they are\n")
        switch(served.path, "store/real.conf")
        make(served.file("store/real.conf"), "[tcp:9001]\n")
        assert gateway.wait_for(lambda now: list(now) == [("tcp", 9001)]), served.errors


# An external port that goes from one port of the file to another

def assert_external_port_moves(first, second, entries):
    """There and back, because either port may be the first one in the table of ports."""
    with UpnpRouter("other-clients=1") as router, Served(router, first) as served:
        served.wait_message("STATUS=1 of 1 port is mapped")
        for n, (text, entry) in enumerate(zip((second, first), entries), 1):
            served.replace(text)
            served.wait(lambda: served.count("destroyed") == n
                        and served.events[-1]["state"] == "success", "the new port")
            equal(router.table(), [entry])
        equal(served.failures(), [])
        equal(served.stop(), 0)
        equal(router.table(), [])
        equal(served.errors, "")


FOR_HOST = "[tcp:9443]\nfor=127.99.0.50\n", "[tcp:9443]\nfor=127.99.0.51\n"
TO_PORT = "[tcp:8080]\nexternal=8000\n", "[tcp:9090]\nexternal=8000\n"


@test
def serve_external_port_moves_to_another_host():
    assert_external_port_moves(*FOR_HOST,
                               ("tcp:9443:127.99.0.51:9443", "tcp:9443:127.99.0.50:9443"))


@test
def serve_exact_external_port_moves_to_another_host():
    assert_external_port_moves(*(text + "exact=true\n" for text in FOR_HOST),
                               ("tcp:9443:127.99.0.51:9443", "tcp:9443:127.99.0.50:9443"))


@test
def serve_external_port_moves_to_another_port():
    assert_external_port_moves(*TO_PORT, ("tcp:8000:127.0.0.1:9090", "tcp:8000:127.0.0.1:8080"))


@test
def serve_exact_external_port_moves_to_another_port():
    assert_external_port_moves(*(text + "exact=true\n" for text in TO_PORT),
                               ("tcp:8000:127.0.0.1:9090", "tcp:8000:127.0.0.1:8080"))


@test
def serve_external_ports_are_exchanged():
    """Each of both is added when the other one is released, and none waits for ever."""
    text = "[tcp:8080:%d]\nexact=true\n[tcp:8081:%d]\nexact=true\n"
    with UpnpRouter() as router, Served(router, text % (8000, 8001)) as served:
        served.wait_message("STATUS=2 of 2 ports are mapped")
        served.replace(text % (8001, 8000))
        served.wait(lambda: all(served.states(port).count("success") == 2 for port in (8080, 8081)),
                    "the exchanged ports")
        equal(sorted(router.table()),
              ["tcp:8000:127.0.0.1:8081", "tcp:8001:127.0.0.1:8080"])
        equal(served.failures(), [])


@test
def serve_waits_only_for_the_external_port():
    """The router never confirms the release of 8080. release-timeout ends the wait."""
    with FakeGateway(keeps_all=True) as gateway, \
            Served(gateway, "[tcp:8080]\nexternal=8000\n") as served:
        served.wait_message("STATUS=1 of 1 port is mapped")
        served.replace("[tcp:9090]\nexternal=8000\n[udp:9091]\nexternal=8000\n[tcp:9092]\n")
        served.wait(lambda: "success" in served.states(9092), "an unrelated port")
        served.wait(lambda: "success" in served.states(9091), "a port of another protocol")
        equal(served.states(8080)[-1], "destroying")
        equal(served.states(9090), [])
        served.wait(lambda: "success" in served.states(9090), "the port that waited")
        equal(served.states(8080)[-1], "destroyed")
        contains(served.errors, "tcp:8080: the router may still have the mapping: ")


@test
def serve_waits_for_the_external_port_no_longer():
    """The file changes again during the wait."""
    with FakeGateway(keeps_all=True) as gateway, \
            Served(gateway, "[tcp:8080]\nexternal=8000\n") as served:
        served.wait_message("STATUS=1 of 1 port is mapped")
        served.replace("[tcp:9090]\nexternal=8000\n[tcp:9091]\nexternal=8000\n[tcp:9092]\n")
        served.wait(lambda: "success" in served.states(9092), "an unrelated port")
        served.replace("[tcp:9090]\nexternal=8001\n[tcp:9092]\n")
        served.wait(lambda: "success" in served.states(9090), "the port that need not wait")
        equal(served.states(8080)[-1], "destroying")
        served.wait(lambda: served.states(8080)[-1] == "destroyed", "the release")
        served.wait_message("STATUS=2 of 2 ports are mapped")
        equal(served.states(9091), [])


# A file that is wrong or missing

@test
def serve_wrong_line():
    with FakeGateway() as gateway, Served(gateway, "[tcp:8080]\n") as served:
        served.wait_message("STATUS=1 of 1 port is mapped")
        served.replace("[tcp:9000]\n\nexact=perhaps\n")
        served.wait_error("ports.conf: line 3: exact: “perhaps” is invalid, must be true or false\n")
        served.wait_error("the ports stay as they are\n")
        equal(table(gateway), [("tcp", 8080, 8080)])
        served.replace("[tcp:9000]\n")
        assert gateway.wait_for(lambda now: sorted(now) == [("tcp", 9000)]), gateway.table


@test
def serve_deleted_file():
    with FakeGateway() as gateway, Served(gateway, "[tcp:8080]\n") as served:
        served.wait_message("STATUS=1 of 1 port is mapped")
        os.unlink(served.path)
        served.process.send_signal(signal.SIGHUP)
        served.wait_error("the ports stay as they are\n")
        equal(table(gateway), [("tcp", 8080, 8080)])


@test
def serve_removal_is_not_confirmed():
    """What the router did not confirm is not reported as removed."""
    with FakeGateway(keeps_all=True) as gateway, Served(gateway, "[tcp:8080]\n") as served:
        served.wait_message("STATUS=1 of 1 port is mapped")
        served.replace("[tcp:9000]\n")
        served.wait_error("tcp:8080: the router may still have the mapping: ")


@test
def serve_text_names_what_was_up():
    with FakeGateway(silent=True) as gateway:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "ports.conf")
            with open(path, "w") as file:
                file.write("[tcp:8080]\n")
            process = start("serve", *common(gateway), path)
            equal(process.stdout.readline(), "tcp:8080 pending\n")
            process.send_signal(signal.SIGTERM)
            output, _ = process.communicate(timeout=DEADLINE)
            assert "removed" not in output, output


@test
def serve_json_has_only_objects():
    with FakeGateway() as gateway, Served(gateway, "[tcp:8080]\n") as served:
        served.wait_message("STATUS=1 of 1 port is mapped")
        served.replace("[tcp:8080]\n[tcp:8081]\n")
        served.wait_message("STATUS=2 of 2 ports are mapped")
        equal(served.stop(), 0)
        equal(served.other_lines, [])


# Commands

LOG = "on-change=sh -c 'echo \"$PLUM_STATE $PLUM_TCP_8080 $PLUM_EXTERNAL_ADDRESS\" >>\"$OUT\"'\n"


@test
def serve_command():
    with FakeGateway() as gateway, Served(gateway, "[tcp:8080]\n" + LOG) as served:
        served.wait_file("out", lambda text: text == "success 1.2.3.4:8080 1.2.3.4\n")
        # Another command, or another port, is no change of this one.
        served.replace("[tcp:8080]\non-change=touch %s\n[tcp:8081]\n" % served.file("touched"))
        assert gateway.wait_for(lambda now: ("tcp", 8081) in now)
        equal(served.states(8080), ["pending", "success"])
        assert not os.path.exists(served.file("touched"))
        equal(served.stop(), 0)
        equal(served.read("out").count("\n"), 1)


@test
def serve_command_has_no_notify_socket():
    command = "on-change=sh -c 'echo \"${NOTIFY_SOCKET-unset} ${WATCHDOG_USEC-unset}\" >\"$OUT\"'\n"
    with FakeGateway() as gateway, \
            Served(gateway, "[tcp:8080]\n" + command, WATCHDOG_USEC="9000000") as served:
        served.wait_file("out", lambda text: text == "unset unset\n")


@test
def serve_command_prints_on_standard_error():
    with FakeGateway() as gateway, \
            Served(gateway, "[tcp:8080]\non-change=sh -c 'echo out; echo err >&2'\n") as served:
        served.wait_error("out\nerr\n")
        equal(served.stop(), 0)
        equal(served.other_lines, [])


@test
def serve_command_fails():
    with FakeGateway() as gateway, \
            Served(gateway, "[tcp:8080]\non-change=sh -c 'exit 7'\n"
                            "[tcp:8081]\non-change=/nonexistent\n") as served:
        served.wait_error("the command “sh” ended with status 7\n")
        served.wait_error("the command “/nonexistent” was not started: ")
        served.wait_message("STATUS=2 of 2 ports are mapped")


@test
def serve_command_when_the_port_is_refused():
    with FakeGateway(result=2) as gateway, Served(gateway, "[tcp:8080]\n" + LOG) as served:
        served.wait_file("out", lambda text: text == "failure  \n")


# Errors and usage

@test
def serve_check():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "ports.conf")
        with open(path, "w") as file:
            file.write("[tcp:8000-8002]\nfamily=both\n")
        result = plumctl("serve", "--check", path)
        equal((result.returncode, result.stdout, result.stderr), (0, path + ": 6 mappings\n", ""))
        with open(path, "w") as file:
            file.write("[tcp:0]\n")
        result = plumctl("serve", "--check", path)
        equal((result.returncode, result.stdout), (1, ""))
        contains(result.stderr, path + ": line 1: “tcp:0”: port 0 is out of range")


@test
def serve_missing_file():
    result = plumctl("serve", "/nonexistent/ports.conf")
    equal(result.returncode, 1)
    contains(result.stderr, "/nonexistent/ports.conf")


@test
def serve_file_of_the_user():
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "plumctl"))
        path = os.path.join(folder, "plumctl", "ports.conf")
        with open(path, "w") as file:
            file.write("[tcp:80]\n")
        result = plumctl("serve", "--check", XDG_CONFIG_HOME=folder)
        equal((result.returncode, result.stdout), (0, path + ": 1 mapping\n"))


@test
def serve_two_files():
    result = plumctl("serve", "a", "b")
    equal(result.returncode, 2)
    contains(result.stderr, "“b”: only one FILE can be served")


main("serve")
