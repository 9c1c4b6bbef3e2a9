# SPDX-License-Identifier: LGPL-2.1-or-later

"""The module plum_service with a fake router. Prints TAP."""

import logging
import re
import subprocess
import sys
import threading
import traceback

import plum_service
from fake_gateway import PCP_NOT_AUTHORIZED, FakeGateway
from plum_service import ErrorCode

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def equal(got, expected):
    assert got == expected, "got %r, expected %r" % (got, expected)


def fails(code, function, *arguments, **named):
    try:
        function(*arguments, **named)
    except plum_service.Error as error:
        equal(error.code, code)
        return str(error)
    raise AssertionError("no error")


def open_service(gateway, **options):
    return plum_service.Service(gateway_address=gateway.address, backends=["pcp"], **options)


@test
def maps_and_unmaps_blocking():
    lines = []
    with FakeGateway() as gateway, open_service(gateway, log=lambda *line: lines.append(line)) as service:
        mapping = service.map("tcp", 2234, description="sharing")
        equal((mapping.external_host, mapping.external_port), ("1.2.3.4", 2234))
        equal((mapping.state, mapping.external_scope), (plum_service.State.SUCCESS,
                                                        plum_service.Scope.PUBLIC))
        equal(list(gateway.table), [("tcp", 2234)])
        equal(mapping.exists, True)
        mapping.unmap()
        equal(gateway.table, {})
        equal(mapping.exists, False)
        fails(ErrorCode.NOT_FOUND, mapping.query)
    equal(lines, [(logging.INFO, "TCP 2234 (sharing) is mapped at 1.2.3.4 port 2234, by pcp")])


@test
def maps_from_a_thread_with_local_address():
    results = []
    with FakeGateway() as gateway, open_service(gateway) as service:
        def work():
            results.append(service.map("udp", 2234, local_address=service.get_local_address()))
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        equal(results[0].query().protocol, "udp")
        for address in "192.0.2.1", "2001:db8::7":   # not of this host
            text = fails(ErrorCode.NO_GATEWAY, service.map, "tcp", 2234, local_address=address)
            assert address in text, text
        fails(ErrorCode.INVALID_ARGUMENT, service.map, "tcp", 2234, local_address="2001:db8::7",
              family=4)


@test
def reports_changes():
    states = []
    done = threading.Event()

    def on_change(snapshot):
        states.append(snapshot.state.name)
        if snapshot.state == plum_service.State.SUCCESS:
            done.set()

    with FakeGateway() as gateway, open_service(gateway) as service:
        mapping = service.add("tcp", 2234, callback=on_change)
        assert done.wait(10)
        equal(mapping.wait(timeout=1).external_port, 2234)
        mapping.unmap()
    equal(states, ["SUCCESS", "DESTROYING", "DESTROYED"])


@test
def failure_raises_the_error():
    with FakeGateway(result=PCP_NOT_AUTHORIZED) as gateway, open_service(gateway) as service:
        text = fails(ErrorCode.REFUSED, service.map, "tcp", 2234)
        assert "PCP" in text, text


@test
def close_unmaps_and_is_final():
    with FakeGateway() as gateway:
        service = open_service(gateway)
        service.map("tcp", 2234)
        service.close()
        equal(gateway.table, {})
        service.close()
        fails(ErrorCode.CLOSED, service.map, "tcp", 2234)


@test
def program_ends_without_close():
    script = ("import plum_service, sys; service = plum_service.Service(backends=['pcp'],"
              " gateway_address=sys.argv[1], log=lambda *line: None);"
              " service.map('tcp', 2234, callback=lambda snapshot: None)")
    with FakeGateway() as gateway:
        subprocess.run([sys.executable, "-c", script, gateway.address], check=True, timeout=20)
        equal(gateway.table, {})


@test
def forked_child_leaves_the_ports():
    """The child cannot use the service, and ends without an effect on that of its parent."""
    program = """
import gc, os, sys
import plum_service
with plum_service.Service(gateway_address=sys.argv[1], backends=["pcp"]) as service:
    mapping = service.map("tcp", 2234)
    child = os.fork()
    if child == 0:
        for use in (mapping.query, lambda: service.map("tcp", 2235)):
            try:
                use()
            except RuntimeError:
                continue
            os._exit(4)
        service.close()
        gc.collect()
        sys.exit(3)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(status, mapping.query().state.name, flush=True)
"""
    with FakeGateway() as gateway:
        result = subprocess.run([sys.executable, "-c", program, gateway.address],
                                capture_output=True, text=True, timeout=60)
        equal((result.returncode, result.stdout, result.stderr), (0, "3 SUCCESS\n", ""))
        equal(gateway.table, {})


@test
def callback_cannot_wait():
    codes = []
    done = threading.Event()

    with FakeGateway() as gateway, open_service(gateway) as service:
        def on_change(snapshot):
            try:
                service.close()
            except plum_service.Error as error:
                codes.append(error.code)
            done.set()
        service.add("tcp", 2234, callback=on_change)
        assert done.wait(10)
    equal(codes[0], ErrorCode.WOULD_BLOCK)


@test
def error_codes_are_those_of_the_header():
    with open(sys.argv[1]) as file:
        codes = re.findall(r"PLUM_SERVICE_ERROR_(\w+) = (-\d+)", file.read())
    equal({name: int(code) for name, code in codes},
          {code.name: code.value for code in ErrorCode})


@test
def structs_are_those_of_the_header():
    with open(sys.argv[1]) as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
    for name in "Config", "Mapping", "Request":
        members = re.search(r"typedef struct\s*\{([^}]*)\} PlumService%s;" % name, text)[1]
        equal([field for field, *_ in getattr(plum_service, "_" + name)._fields_],
              re.findall(r"(\w+)(?:\[\d+\])?;", members))


@test
def max_hops_is_accepted():
    """test-config.c shows what the library does with it."""
    for number in None, 1, 3, 99:
        with FakeGateway() as gateway, open_service(gateway, max_hops=number) as service:
            equal(service.map("tcp", 2234).external_port, 2234)


@test
def log_level():
    for level, lines in (logging.INFO, 1), (logging.WARNING, 0), (logging.DEBUG, 1):
        seen = []
        with FakeGateway() as gateway, \
                open_service(gateway, log_level=level,
                             log=lambda *line, seen=seen: seen.append(line)) as service:
            service.map("tcp", 2234)
        equal(len(seen), lines)


@test
def invalid_arguments():
    fails(ErrorCode.INVALID_ARGUMENT, plum_service.Service, gateway_address="router")
    with FakeGateway() as gateway, open_service(gateway) as service:
        fails(ErrorCode.INVALID_ARGUMENT, service.add, "tcp", 0)
        try:
            service.add("tcp", 0)
        except plum_service.Error as error:
            equal(str(error), "internal_port is 0, but must be from 1 to 65535")
        for arguments, family, text in (
                (("tcp", 65536), None, "internal_port is 65536, but must be from 1 to 65535"),
                (("sctp", 1), None, "protocol is 'sctp', but must be 'tcp' or 'udp'"),
                (("tcp", 1), 5, "family is 5, but must be 4 or 6")):
            try:
                service.add(*arguments, family=family)
            except ValueError as error:
                equal(str(error), text)
                continue
            raise AssertionError(arguments)


def main():
    failed = 0
    print("1..%d" % len(TESTS))
    for number, function in enumerate(TESTS, 1):
        line = "ok %d /service/python/%s" % (number, function.__name__.replace("_", "-"))
        try:
            function()
        except Exception:
            failed += 1
            line = "not " + line
            print("".join("# %s\n" % text for text in traceback.format_exc().splitlines()), end="")
        print(line, flush=True)
    return 1 if failed else 0


sys.exit(main())
