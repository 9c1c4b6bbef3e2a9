# SPDX-License-Identifier: LGPL-2.1-or-later

"""Tests the library from PyGObject. Writes TAP."""

import os
import sys
import traceback

import gi

gi.require_version("Plum", "1.0")
from gi.repository import Gio, GLib, GObject, Plum

GATEWAY = Gio.InetAddress.new_from_string(os.environ["PLUM_TEST_GATEWAY"])
REFUSING = Gio.InetAddress.new_from_string(os.environ["PLUM_TEST_REFUSING"])
SILENT = Gio.InetAddress.new_from_string(os.environ["PLUM_TEST_SILENT"])
OWN_NETWORK = "PLUM_TEST_OWN_NETWORK" in os.environ

CONTEXT = GLib.MainContext.default()
DEADLINE = 20  # in seconds; exceeded only by a defect
TESTS = []


class Skip(Exception):
    pass


def test(path):
    def add(function):
        TESTS.append((path, function))
        return function
    return add


def equal(got, expected):
    assert got == expected, "got %r, expected %r" % (got, expected)


def run_until(condition):
    watchdog = GLib.timeout_source_new_seconds(DEADLINE)
    late = []
    watchdog.set_callback(lambda *unused: late.append(True) or GLib.SOURCE_REMOVE)
    watchdog.attach(CONTEXT)
    while not condition():
        assert not late, "timed out"
        CONTEXT.iteration(True)
    watchdog.destroy()


def call(source, name, *arguments):
    """Calls source.name_async () and returns the result of source.name_finish ()."""
    results = []
    getattr(source, name + "_async")(*arguments, lambda source, result: results.append(result))
    run_until(lambda: results)
    return getattr(source, name + "_finish")(results[0])


def error_of(function, *arguments):
    try:
        function(*arguments)
    except GLib.Error as error:
        return error
    raise AssertionError("no error was raised")


def plum_error(error, code):
    assert error.matches(Plum.error_quark(), code), repr(error)


def io_error(error, code):
    assert error.matches(Gio.io_error_quark(), code), repr(error)


def make_manager(gateway=GATEWAY, backends=("pcp",)):
    return Plum.Manager(gateway_address=gateway,
                        enabled_backends=list(backends),
                        application_name="plum test")


def close(manager):
    equal(call(manager, "close", None), True)


def create(manager, internal_port=8080, external_port=0, timeout=0, protocol=Plum.Protocol.TCP,
           cancellable=None):
    return call(manager, "create_mapping", protocol, internal_port, external_port, timeout,
                cancellable)


# Mappings

@test("/python/create/granted")
def create_granted():
    manager = make_manager()
    mapping = create(manager, external_port=18080)

    equal(mapping.props.state, Plum.State.SUCCESS)
    equal(mapping.props.protocol, Plum.Protocol.TCP)
    equal(mapping.props.external_host, "1.2.3.4")
    equal(mapping.props.external_port, 18080)
    equal(mapping.props.external_address.to_string(), "1.2.3.4:18080")
    equal(mapping.props.external_scope, Plum.AddressScope.PUBLIC)
    equal(mapping.props.backend_name, "pcp")
    equal(mapping.props.lifetime, 7200)
    equal(mapping.props.error, None)
    equal(mapping.props.gateway.props.address.to_string(), GATEWAY.to_string())
    assert mapping.props.expires_at.difference(GLib.DateTime.new_now_local()) > 7000 * 1000000
    close(manager)


@test("/python/create/cancelled")
def create_cancelled():
    manager = make_manager(SILENT)
    cancellable = Gio.Cancellable()
    GLib.idle_add(cancellable.cancel)

    io_error(error_of(create, manager, 8080, 0, 0, Plum.Protocol.TCP, cancellable),
             Gio.IOErrorEnum.CANCELLED)
    close(manager)


@test("/python/create/refused")
def create_refused():
    manager = make_manager(REFUSING)

    plum_error(error_of(create, manager), Plum.Error.REFUSED)
    close(manager)


@test("/python/create/timed-out")
def create_timed_out():
    manager = make_manager(SILENT)

    plum_error(error_of(create, manager, 8080, 0, 100), Plum.Error.TIMED_OUT)
    close(manager)


@test("/python/create/no-gateway")
def create_no_gateway():
    if not OWN_NETWORK:
        raise Skip("this host may have a router")
    manager = make_manager(None)

    plum_error(error_of(create, manager), Plum.Error.NO_GATEWAY)
    close(manager)


@test("/python/create/no-port")
def create_no_port():
    manager = make_manager()

    io_error(error_of(create, manager, 65536), Gio.IOErrorEnum.INVALID_ARGUMENT)
    close(manager)


@test("/python/add/no-port")
def add_no_port():
    manager = make_manager()

    io_error(error_of(manager.add_mapping, Plum.Mapping.new(Plum.Protocol.UDP, 0)),
             Gio.IOErrorEnum.INVALID_ARGUMENT)
    close(manager)


@test("/python/add/construct-properties")
def add_wishes():
    mapping = Plum.Mapping(protocol=Plum.Protocol.UDP, internal_port=4000,
                           requested_external_port=14000, description="a game")

    equal(mapping.props.requested_external_port, 14000)
    equal(mapping.props.description, "a game")
    equal((mapping.props.internal_address, mapping.props.remote_address), (None, None))
    equal(mapping.props.family, Gio.SocketFamily.IPV4)
    equal(mapping.props.state, Plum.State.DESTROYED)


@test("/python/add/hosts")
def add_hosts():
    host = Gio.InetAddress.new_from_string("192.168.1.50")
    remote = Gio.InetAddressMask.new_from_string("203.0.113.0/24")
    mapping = Plum.Mapping(internal_port=9100, internal_address=host, remote_address=remote)
    entry = Plum.Entry(remote_host="203.0.113.7")

    equal(mapping.get_internal_address().to_string(), "192.168.1.50")
    equal(mapping.get_remote_address().to_string(), "203.0.113.0/24")
    equal([mask.to_string() for mask in mapping.props.remote_addresses], ["203.0.113.0/24"])
    equal(entry.get_remote_host(), "203.0.113.7")
    equal(entry.get_remote_address().get_length(), 32)


@test("/python/add/notify-state")
def add_notify_state():
    manager = make_manager()
    mapping = Plum.Mapping.new(Plum.Protocol.UDP, 4000)
    seen = []
    mapping.connect("notify::state",
                    lambda mapping, pspec: seen.append((mapping.props.state,
                                                        mapping.props.external_host)))

    manager.add_mapping(mapping)
    run_until(lambda: mapping.props.state == Plum.State.SUCCESS)
    equal(seen, [(Plum.State.PENDING, None), (Plum.State.SUCCESS, "1.2.3.4")])
    close(manager)


@test("/python/add/mapping-state-changed")
def add_mapping_state_changed():
    manager = make_manager()
    mapping = Plum.Mapping.new(Plum.Protocol.UDP, 4000)
    seen = []
    manager.connect("mapping-state-changed",
                    lambda manager, mapping, old: seen.append((mapping.props.id, old,
                                                               mapping.props.state)))

    manager.add_mapping(mapping)
    run_until(lambda: mapping.props.state == Plum.State.SUCCESS)
    equal(seen, [(1, Plum.State.DESTROYED, Plum.State.PENDING),
                 (1, Plum.State.PENDING, Plum.State.SUCCESS)])
    close(manager)


@test("/python/add/error-property")
def add_error_property():
    manager = make_manager(REFUSING)
    mapping = Plum.Mapping.new(Plum.Protocol.TCP, 8080)

    manager.add_mapping(mapping)
    run_until(lambda: mapping.props.state == Plum.State.FAILURE)
    plum_error(mapping.props.error, Plum.Error.REFUSED)
    close(manager)


@test("/python/wait/up")
def wait_up():
    manager = make_manager()
    mapping = Plum.Mapping.new(Plum.Protocol.TCP, 8080)

    manager.add_mapping(mapping)
    equal(call(mapping, "wait", None), True)
    equal(mapping.props.state, Plum.State.SUCCESS)
    close(manager)


@test("/python/wait/cancelling-keeps-the-mapping")
def wait_cancelled():
    manager = make_manager(SILENT)
    mapping = Plum.Mapping.new(Plum.Protocol.TCP, 8080)
    cancellable = Gio.Cancellable()
    GLib.idle_add(cancellable.cancel)

    manager.add_mapping(mapping)
    io_error(error_of(call, mapping, "wait", cancellable), Gio.IOErrorEnum.CANCELLED)
    equal(mapping.props.state, Plum.State.PENDING)
    equal(manager.has_mapping(mapping.props.id), True)
    close(manager)


@test("/python/list/is-a-list-model")
def list_model():
    manager = make_manager()
    changes = []
    manager.connect("items-changed", lambda *arguments: changes.append(arguments[1:]))
    tcp, udp = create(manager, 1000), create(manager, 2000, protocol=Plum.Protocol.UDP)

    equal(manager.get_item_type(), Plum.Mapping.__gtype__)
    equal([mapping.props.internal_port for mapping in manager], [1000, 2000])
    equal(len(manager), 2)
    equal(manager[1], udp)
    equal(manager.lookup_mapping(tcp.props.id), tcp)
    equal(changes, [(0, 0, 1), (1, 0, 1)])
    close(manager)


@test("/python/destroy/removed-from-list")
def destroy():
    manager = make_manager()
    mapping = create(manager)

    equal(call(manager, "destroy_mapping", mapping.props.id, None), True)
    equal(mapping.props.state, Plum.State.DESTROYED)
    equal(len(manager), 0)
    equal(manager.has_mapping(mapping.props.id), False)
    equal(manager.lookup_mapping(mapping.props.id), None)
    close(manager)


@test("/python/destroy/once-only")
def destroy_once():
    manager = make_manager()
    number = create(manager).props.id

    call(manager, "destroy_mapping", number, None)
    plum_error(error_of(call, manager, "destroy_mapping", number, None), Plum.Error.DESTROYED)
    close(manager)


@test("/python/close/once-only")
def close_once():
    manager = make_manager()

    close(manager)
    io_error(error_of(call, manager, "close", None), Gio.IOErrorEnum.CLOSED)


@test("/python/close/refuses-more")
def close_refuses():
    manager = make_manager()

    close(manager)
    io_error(error_of(create, manager), Gio.IOErrorEnum.CLOSED)


@test("/python/discover/gateways-and-probes")
def discover():
    manager = make_manager()

    equal(call(manager, "discover", None), True)
    gateway = manager.props.gateways[0]
    equal(gateway.props.backend_name, "pcp")
    equal([(probe.props.name, probe.props.outcome) for probe in gateway.props.probes],
          [("pcp", Plum.ProbeOutcome.SUCCESS)])
    close(manager)


@test("/python/discover/traffic")
def discover_traffic():
    manager = make_manager()
    seen = []
    manager.props.gateways.connect(
        "items-changed",
        lambda gateways, position, removed, added: added and gateways[position].connect(
            "traffic", lambda gateway, name, direction, peer, data:
            seen.append((name, direction, data.get_data()[0]))))

    call(manager, "discover", None)
    equal(seen[0], ("pcp", Plum.TrafficDirection.SENT, 2))
    equal(seen[1], ("pcp", Plum.TrafficDirection.RECEIVED, 2))
    close(manager)


@test("/python/backends/missing-backend")
def backends_missing():
    manager = make_manager(backends=("bongo", "pcp"))
    missing = list(manager.props.backends)[-1]  # after those that can be used

    equal(missing.props.name, "bongo")
    plum_error(missing.props.error, Plum.Error.MODULE)
    close(manager)


@test("/python/address/scope")
def address_scope():
    equal(Plum.address_get_scope(Gio.InetAddress.new_from_string("100.64.0.1")),
          Plum.AddressScope.CGNAT)


@test("/python/enum/forever")
def enum_forever():
    equal(Plum.LIFETIME_FOREVER, 0xFFFFFFFF)


# Backends in Python

class ScriptedBackend(Plum.Backend):
    """Settles calls asynchronously, with a timer of the library."""

    __gtype_name__ = "PythonScriptedBackend"

    def later(self, function, *arguments):
        timer = self.create_timer(1)
        timer.set_callback(lambda *unused: function(*arguments) and False)

    def do_discover(self, call):
        self.report_router("Maker", "Model", None, "http://%s/" % GATEWAY.to_string())
        self.report_connection(Plum.ConnectionStatus.CONNECTED, 60)
        self.later(call.return_done)

    def do_map(self, request, call):
        address = Gio.InetAddress.new_from_string("5.6.7.8")
        token = GLib.Variant("s", "held by " + self.get_network().get_local_address().to_string())
        lease = Plum.Lease.new(address, request.get_external_port(), Plum.LIFETIME_FOREVER, token)
        self.later(call.return_lease, lease)

    def do_unmap(self, request, lease, call):
        equal(lease.get_token().get_string(),
              "held by " + self.get_network().get_local_address().to_string())
        self.later(call.return_done)

    def do_get_external_address(self, call):
        call.return_address(Gio.InetAddress.new_from_string("5.6.7.8"))

    def do_get_address_source(self):
        return Plum.AddressSource.POLL

    def do_check(self, request, lease, call):
        call.return_remaining(60)

    def do_list(self, call):
        entries = Gio.ListStore.new(Plum.Entry)
        entries.append(Plum.Entry.new(Plum.Protocol.UDP, 53, 5353, None, "a name server", 60, True))
        call.return_entries(entries)

    def do_delete_entry(self, entry, call):
        call.fail(Plum.Error.REFUSED, "%s stays" % entry.props.description)


class SeveralBackend(ScriptedBackend):
    """Takes all requests of a turn in one call."""

    __gtype_name__ = "PythonSeveralBackend"
    calls = []

    def do_map_several(self, calls):
        self.calls.append([call.get_request().get_internal_port() for call in calls])
        for call in calls:
            ScriptedBackend.do_map(self, call.get_request(), call)


class OtherPortBackend(ScriptedBackend):
    """Always grants the same external port."""

    __gtype_name__ = "PythonOtherPortBackend"
    calls = []

    def do_map(self, request, call):
        self.calls.append(("map", request.get_external_port(),
                           request.get_require_external_port()))
        address = Gio.InetAddress.new_from_string("5.6.7.8")
        self.later(call.return_lease, Plum.Lease.new(address, 50001, 60, None))

    def do_unmap(self, request, lease, call):
        self.calls.append(("unmap", lease.get_external_port()))
        self.later(call.return_done)


class RefusingBackend(ScriptedBackend):
    __gtype_name__ = "PythonRefusingBackend"

    def do_map(self, request, call):
        call.fail(Plum.Error.NO_RESOURCES, "the table is full")


class ThrowingBackend(ScriptedBackend):
    __gtype_name__ = "PythonThrowingBackend"

    def do_discover(self, call):
        raise RuntimeError("on purpose")


def add_list_of(*texts):
    masks = Gio.ListStore.new(Gio.InetAddressMask)
    for text in texts:
        masks.append(Gio.InetAddressMask.new_from_string(text))
    return masks


@test("/python/add/several-hosts")
def add_several_hosts():
    mapping = Plum.Mapping(internal_port=9100,
                           remote_addresses=add_list_of("203.0.113.0/24", "198.51.100.7"))

    equal(mapping.get_remote_address().to_string(), "203.0.113.0/24")
    equal([mask.to_string() for mask in mapping.get_remote_addresses()],
          ["203.0.113.0/24", "198.51.100.7"])


@test("/python/backend/several")
def backend_several():
    manager = make_scripted(SeveralBackend)
    mappings = [Plum.Mapping.new(Plum.Protocol.TCP, port) for port in (8000, 8001, 8002)]
    for mapping in mappings:
        manager.add_mapping(mapping)
    run_until(lambda: all(mapping.props.state == Plum.State.SUCCESS for mapping in mappings))
    equal(SeveralBackend.calls, [[8000, 8001, 8002]])
    close(manager)


def make_scripted(backend_type, priority=1000):
    manager = Plum.Manager(gateway_address=GATEWAY, discover_timeout=200)
    manager.add_backend_type(backend_type, "scripted", priority)
    return manager


# An exact external port

@test("/python/exact/granted")
def exact_granted():
    manager = make_manager()
    mapping = Plum.Mapping(protocol=Plum.Protocol.TCP, internal_port=8080,
                           requested_external_port=14000, require_external_port=True)

    equal(mapping.get_require_external_port(), True)
    manager.add_mapping(mapping)
    run_until(lambda: mapping.props.state == Plum.State.SUCCESS)
    equal(mapping.props.external_port, 14000)
    close(manager)


@test("/python/exact/another-port-is-a-conflict")
def exact_conflict():
    manager = make_manager(backends=("elsewhere",))
    manager.add_backend_type(OtherPortBackend, "elsewhere", 1000)
    mapping = Plum.Mapping(protocol=Plum.Protocol.TCP, internal_port=8080,
                           require_external_port=True)

    manager.add_mapping(mapping)
    run_until(lambda: mapping.props.state == Plum.State.FAILURE)
    plum_error(mapping.props.error, Plum.Error.CONFLICT)
    equal(mapping.props.error.message,
          "External port 8080 is required, but the router granted external port 50001 to "
          "the elsewhere backend")
    equal(OtherPortBackend.calls, [("map", 8080, True), ("unmap", 50001)])
    close(manager)


@test("/python/backend/chosen-by-priority")
def backend_chosen():
    manager = make_scripted(ScriptedBackend)
    mapping = create(manager, 8080)

    equal(mapping.props.backend_name, "scripted")
    equal(mapping.props.external_host, "5.6.7.8")
    equal(mapping.props.lifetime, Plum.LIFETIME_FOREVER)
    equal(mapping.props.expires_at, None)
    close(manager)


@test("/python/backend/not-chosen-by-priority")
def backend_passed_over():
    manager = make_scripted(ScriptedBackend, 1)
    mapping = create(manager, 8080)

    equal(mapping.props.backend_name, "pcp")
    close(manager)


@test("/python/backend/next-after-refusal")
def backend_falls_through():
    manager = make_scripted(RefusingBackend)
    mapping = create(manager, 8080)

    equal(mapping.props.backend_name, "pcp")
    close(manager)


@test("/python/backend/exception-fails-call")
def backend_throws():
    manager = make_scripted(ThrowingBackend)
    manager.props.enabled_backends = ["scripted"]
    hook, sys.excepthook = sys.excepthook, lambda *unused: None
    try:
        call(manager, "discover", None)
    finally:
        sys.excepthook = hook
    probe = manager.props.gateways[0].props.probes[0]

    equal(probe.props.name, "scripted")
    equal(probe.props.outcome, Plum.ProbeOutcome.TIMED_OUT)
    close(manager)


@test("/python/backend/lists-and-deletes")
def backend_lists():
    manager = make_scripted(ScriptedBackend)
    manager.props.enabled_backends = ["scripted"]
    call(manager, "discover", None)
    gateway = manager.props.gateways[0]
    entries = call(gateway, "list_entries", None)

    equal([entry.props.external_port for entry in entries], [53])
    error = error_of(call, gateway, "delete_entry", entries[0], None)
    plum_error(error, Plum.Error.REFUSED)
    close(manager)


@test("/python/backend/describes-the-router")
def backend_describes():
    manager = make_scripted(ScriptedBackend)
    manager.props.enabled_backends = ["scripted"]
    call(manager, "discover", None)
    gateway = manager.props.gateways[0]

    equal((gateway.props.manufacturer, gateway.props.model, gateway.props.model_version),
          ("Maker", "Model", None))
    equal(gateway.props.presentation_url, "http://%s/" % GATEWAY.to_string())
    equal((gateway.props.connection_status, gateway.props.uptime),
          (Plum.ConnectionStatus.CONNECTED, 60))
    equal(call(gateway, "query_external_address", None).to_string(), "5.6.7.8")
    close(manager)


@test("/python/backend/remaining-time")
def backend_remaining():
    manager = make_scripted(ScriptedBackend)
    manager.props.recheck_period = 20
    mapping = create(manager, 8080)
    run_until(lambda: mapping.props.expires_at is not None)
    equal(mapping.props.lifetime, Plum.LIFETIME_FOREVER)
    close(manager)


@test("/python/gateway/query-external-address")
def query_external_address():
    """By a short mapping, which is gone afterwards."""
    manager = make_manager()
    call(manager, "discover", None)
    gateway = manager.props.gateways[0]

    equal(gateway.props.external_address, None)
    address = call(gateway, "query_external_address", None)
    equal(address.to_string(), gateway.props.external_address.to_string())
    close(manager)


# A chain of routers


def chain(name):
    if name not in os.environ:
        raise Skip("no network namespace or no ip(8) here")
    return make_manager(Gio.InetAddress.new_from_string(os.environ[name]))


@test("/python/chain/hops")
def chain_hops():
    manager = chain("PLUM_TEST_CHAIN")
    mapping = create(manager, external_port=18081)

    equal([(hop.props.address.to_string(), hop.props.external_address.to_string(),
            hop.props.external_port, hop.props.backend_name, hop.props.lifetime)
           for hop in mapping.props.hops],
          [("192.0.2.1", "192.168.0.50", 18081, "pcp", 7200),
           ("192.168.0.1", "1.2.3.4", 18081, "pcp", 7200)])
    equal(mapping.props.external_address.to_string(), "1.2.3.4:18081")
    equal(mapping.props.upstream_error, None)
    upstream = mapping.props.gateway.props.upstream
    equal(upstream.props.address.to_string(), "192.168.0.1")
    equal(upstream.props.upstream, None)
    close(manager)


@test("/python/chain/upstream-error")
def chain_upstream_error():
    manager = chain("PLUM_TEST_CHAIN_REFUSING")
    mapping = create(manager, 8081)

    equal([hop.props.address.to_string() for hop in mapping.props.hops], ["192.0.2.3"])
    equal(mapping.props.external_scope, Plum.AddressScope.PRIVATE)
    plum_error(mapping.props.upstream_error, Plum.Error.REFUSED)
    close(manager)


@test("/python/chain/query-upstream")
def chain_query_upstream():
    manager = chain("PLUM_TEST_CHAIN")
    call(manager, "discover", None)
    gateway = manager.props.gateways[0]

    upstream = call(gateway, "query_upstream", None)
    equal(upstream.props.address.to_string(), "192.168.0.1")
    equal(gateway.props.upstream, upstream)
    close(manager)


@test("/python/chain/one-hop")
def chain_one_hop():
    manager = chain("PLUM_TEST_CHAIN")
    manager.props.max_hops = 1
    call(manager, "discover", None)
    gateway = manager.props.gateways[0]

    plum_error(error_of(call, gateway, "query_upstream", None), Plum.Error.NO_GATEWAY)
    equal(gateway.props.upstream, None)
    close(manager)


@test("/python/backend/report-lost")
def backend_report_lost():
    made = []

    class Forgetting(ScriptedBackend):
        __gtype_name__ = "PythonForgettingBackend"
        maps = 0

        def __init__(self):
            super().__init__()
            made.append(self)

        def do_map(self, request, call):
            self.maps += 1
            super().do_map(request, call)

    manager = make_scripted(Forgetting)
    create(manager, 8080)
    equal(made[0].maps, 1)

    made[0].report_external_address(Gio.InetAddress.new_from_string("9.9.9.9"))
    run_until(lambda: manager[0].props.external_host == "9.9.9.9")
    made[0].report_lost("for the test")
    run_until(lambda: made[0].maps == 2)
    close(manager)


def main():
    failed = 0
    print("TAP version 13\n1..%d" % len(TESTS))
    for number, (path, function) in enumerate(TESTS, 1):
        line = "ok %d %s" % (number, path)
        try:
            function()
        except Skip as reason:
            line += " # SKIP %s" % reason
        except Exception:
            failed += 1
            line = "not " + line
            print("".join("# %s\n" % text for text in traceback.format_exc().splitlines()), end="")
        print(line, flush=True)
    return 1 if failed else 0


sys.exit(main())
