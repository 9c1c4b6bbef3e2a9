# SPDX-License-Identifier: LGPL-2.1-or-later

"""Port mapping on home routers, for Python programs without a GLib main loop.

    with plum_service.Service(application_name="Chat") as service:
        mapping = service.map("tcp", 2234, timeout=10)
        print(mapping.external_host, mapping.external_port)

Service.map() and Mapping.unmap() block; Service.add() returns at once. All methods may be called from
any thread. Callbacks run on the thread of the service, and must not call the methods that block.
Times are in seconds. At the end of the with statement, all ports are unmapped.
"""

import atexit
import ctypes
import enum
import logging
import os
import weakref

__all__ = ["Error", "ErrorCode", "Mapping", "Scope", "Service", "Snapshot", "State"]


class ErrorCode(enum.IntEnum):
    INVALID_ARGUMENT = -1
    CLOSED = -2             # the service is closed
    NOT_FOUND = -3          # no mapping has this id, or it was unmapped
    WOULD_BLOCK = -4        # the method blocks, and a callback called it
    TIMED_OUT = -5
    NO_GATEWAY = -6         # there is no network or no router
    NO_BACKEND = -7         # the router answers to no protocol
    REFUSED = -8
    CONFLICT = -9           # the external port is not available
    NO_RESOURCES = -10      # the table is full, or there is no public address
    NOT_SUPPORTED = -11
    MALFORMED = -12         # the answer of the router is invalid
    DESTROYED = -13         # the mapping was unmapped during the wait
    MODULE = -14            # a backend could not be loaded
    NETWORK = -15           # an error of the operating system
    FAILED = -16            # any other error


class State(enum.IntEnum):
    DESTROYED = 0
    PENDING = 1
    SUCCESS = 2
    FAILURE = 3
    DESTROYING = 4


class Scope(enum.IntEnum):
    UNKNOWN = 0
    UNSPECIFIED = 1
    LOOPBACK = 2
    LINK_LOCAL = 3
    PRIVATE = 4
    CGNAT = 5
    DOCUMENTATION = 6
    RESERVED = 7
    MULTICAST = 8
    PUBLIC = 9


class _Mapping(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_size_t),
        ("id", ctypes.c_int),
        ("state", ctypes.c_int),
        ("protocol", ctypes.c_int),
        ("family", ctypes.c_int),
        ("internal_port", ctypes.c_uint16),
        ("external_port", ctypes.c_uint16),
        ("external_scope", ctypes.c_int),
        ("lifetime", ctypes.c_uint32),
        ("generation", ctypes.c_uint32),
        ("error", ctypes.c_int),
        ("external_host", ctypes.c_char * 64),
        ("backend", ctypes.c_char * 32),
        ("replaced_host", ctypes.c_char * 64),
        ("replaced_port", ctypes.c_uint16),
        ("error_text", ctypes.c_char * 512),
    ]


_Func = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(_Mapping), ctypes.c_void_p)
_LogFunc = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)


class _Config(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_size_t),
        ("log_func", _LogFunc),
        ("log_data", ctypes.c_void_p),
        ("log_level", ctypes.c_int),
        ("discover_timeout", ctypes.c_uint32),
        ("mapping_timeout", ctypes.c_uint32),
        ("recheck_period", ctypes.c_uint32),
        ("lease_duration", ctypes.c_uint32),
        ("backends", ctypes.POINTER(ctypes.c_char_p)),
        ("gateway_address", ctypes.c_char_p),
        ("interface_name", ctypes.c_char_p),
        ("application_name", ctypes.c_char_p),
        ("state_directory", ctypes.c_char_p),
        ("max_hops", ctypes.c_uint32),
    ]


class _Request(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_size_t),
        ("protocol", ctypes.c_int),
        ("family", ctypes.c_int),
        ("internal_port", ctypes.c_uint16),
        ("external_port", ctypes.c_uint16),
        ("require_external_port", ctypes.c_bool),
        ("description", ctypes.c_char_p),
        ("local_address", ctypes.c_char_p),
        ("callback", _Func),
        ("callback_data", ctypes.c_void_p),
    ]


def _load():
    library = ctypes.CDLL("libplum-service-1.0.so.0")
    service, mapping = ctypes.c_void_p, ctypes.POINTER(_Mapping)
    integer, time = ctypes.c_int, ctypes.c_uint32
    for name, result, *arguments in (
            ("config_init", None, ctypes.POINTER(_Config), ctypes.c_size_t),
            ("request_init", None, ctypes.POINTER(_Request), ctypes.c_size_t),
            ("new", service, ctypes.POINTER(_Config), ctypes.POINTER(integer)),
            ("close", integer, service, time, ctypes.c_char_p, ctypes.c_size_t),
            ("free", None, service),
            ("map", integer, service, ctypes.POINTER(_Request)),
            ("map_and_wait", integer, service, ctypes.POINTER(_Request), time, mapping),
            ("wait", integer, service, integer, time, mapping),
            ("query", integer, service, integer, mapping),
            ("has", ctypes.c_bool, service, integer),
            ("unmap", integer, service, integer),
            ("unmap_and_wait", integer, service, integer, time),
            ("get_local_address", integer, service, ctypes.c_char_p, ctypes.c_size_t),
            ("error_text", ctypes.c_char_p, integer)):
        function = getattr(library, "plum_service_" + name)
        function.restype = result
        function.argtypes = arguments
    return library


_library = _load()


def _call(name, *arguments):
    return getattr(_library, "plum_service_" + name)(*arguments)


def _encode(text):
    return None if text is None else text.encode()


def _milliseconds(seconds):
    return 0 if seconds is None else min(max(int(seconds * 1000), 1), 0xFFFFFFFF)


def _error_code(number):
    """A later version of the library may have more codes."""
    return ErrorCode(number) if number in list(ErrorCode) else number


class Error(Exception):
    """The reason as a text, and an ErrorCode in code."""

    def __init__(self, code, text=""):
        super().__init__(text or _call("error_text", code).decode())
        self.code = _error_code(code)


def _check(code, text=""):
    if code < 0:
        raise Error(code, text)
    return code


class Snapshot:
    """A copy of the state of a mapping: the members of PlumServiceMapping in plum-service.h."""

    def __init__(self, mapping):
        for name, _ in _Mapping._fields_[1:]:
            value = getattr(mapping, name)
            if isinstance(value, bytes):
                value = value.decode(errors="replace")
            setattr(self, name, value)
        self.error = _error_code(self.error)   # 0: no error
        self.state = State(self.state)
        self.external_scope = Scope(self.external_scope)
        self.protocol = ("tcp", "udp")[self.protocol]
        self.family = (4, 6)[self.family]


class Mapping:
    """A mapped port. external_host, state and so on are those of the moment; see Snapshot."""

    def __init__(self, service, identifier):
        self._service = service
        self.id = identifier

    def query(self):
        """Returns a Snapshot. A mapping that is unmapped raises Error."""
        mapping = _Mapping(size=ctypes.sizeof(_Mapping))
        _check(_call("query", self._service._open_handle(), self.id, mapping))
        return Snapshot(mapping)

    def __getattr__(self, name):
        if name.startswith("_") or name not in (field for field, _ in _Mapping._fields_):
            raise AttributeError(name)
        return getattr(self.query(), name)

    @property
    def exists(self):
        """Whether the port was not unmapped."""
        return _call("has", self._service._open_handle(), self.id)

    def wait(self, timeout=None):
        """Blocks until the mapping is up, and returns a Snapshot. Raises Error if it fails."""
        mapping = _Mapping(size=ctypes.sizeof(_Mapping))
        code = _call("wait", self._service._open_handle(), self.id, _milliseconds(timeout), mapping)
        _check(code, mapping.error_text.decode(errors="replace") if code == mapping.error else "")
        return Snapshot(mapping)

    def unmap(self, timeout=None):
        """Unmaps the port and blocks until the router has confirmed it. timeout: 0 to not block."""
        handle = self._service._open_handle()
        if timeout == 0:
            _check(_call("unmap", handle, self.id))
        else:
            _check(_call("unmap_and_wait", handle, self.id, _milliseconds(timeout)))


# Callbacks cannot run while the interpreter ends, so that a later close would never return.
_services = weakref.WeakSet()


@atexit.register
def _close_all():
    for service in list(_services):
        if service._handle is not None:
            _call("close", service._handle, 0, None, 0)


def _forget_all():
    """In a forked child, which has the services of its parent without their threads."""
    for service in list(_services):
        service._handle = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


class Service:
    """Maps ports with a thread of its own.

    log: called with (level, message), such as the method log of a logging.Logger.
    log_level: the lowest level to report. Levels are those of the module logging.
    discover_timeout, mapping_timeout, recheck_period, lease_duration: in seconds.
    backends: names in order of preference, such as ["pcp", "upnp"].
    gateway_address, interface_name: which router to use; by default that of the default route.
    application_name: the name in the mapping table of the router; by default "plum".
    state_directory: created if necessary; lets a later run delete what a crash left.
    max_hops: through how many routers a port may be mapped, from 1 to 3; by default 2.
    """

    def __init__(self, *, log=None, log_level=logging.INFO, discover_timeout=None, mapping_timeout=None,
                 recheck_period=None, lease_duration=None, backends=None, gateway_address=None,
                 interface_name=None, application_name=None, state_directory=None, max_hops=None):
        self._handle = None
        self._callbacks = {}   # what the library may still call
        config = _Config()
        _call("config_init", config, ctypes.sizeof(config))
        if log is not None:
            self._log = _LogFunc(lambda level, text, _: log(max(level * 10, 5),
                                                            text.decode(errors="replace")))
            config.log_func = self._log
        config.log_level = max(log_level, 0) // 10   # from DEBUG = 10 to CRITICAL = 50
        config.discover_timeout = _milliseconds(discover_timeout)
        config.mapping_timeout = _milliseconds(mapping_timeout)
        config.recheck_period = _milliseconds(recheck_period)
        config.lease_duration = 0 if lease_duration is None else max(int(lease_duration), 1)
        if backends is not None:
            names = [name.encode() for name in backends] + [None]
            config.backends = (ctypes.c_char_p * len(names))(*names)
        config.gateway_address = _encode(gateway_address)
        config.interface_name = _encode(interface_name)
        config.application_name = _encode(application_name)
        config.state_directory = _encode(state_directory)
        config.max_hops = 0 if max_hops is None else min(max(max_hops, 1), 0xFFFFFFFF)
        error = ctypes.c_int()
        self._handle = _call("new", config, error)
        _check(error.value)
        _services.add(self)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def __del__(self):
        if getattr(self, "_handle", None) is not None:
            _call("free", self._handle)

    def _open_handle(self):
        if self._handle is None:
            raise RuntimeError("a forked process cannot use the services of its parent")
        return self._handle

    def _request(self, protocol, internal_port, external_port, require_external_port, family,
                 description, local_address, callback):
        request = _Request()
        _call("request_init", request, ctypes.sizeof(request))
        if family is None:
            family = 6 if ":" in (local_address or "") else 4
        if protocol not in ("tcp", "udp"):
            raise ValueError("protocol is %r, but must be 'tcp' or 'udp'" % (protocol,))
        if family not in (4, 6):
            raise ValueError("family is %r, but must be 4 or 6" % (family,))
        for name, port, first in (("internal_port", internal_port, 1),
                                  ("external_port", external_port, 0)):
            text = "%s is %d, but must be from %d to 65535" % (name, port, first)
            if not 0 <= port <= 65535:
                raise ValueError(text)
            if port < first:
                raise Error(ErrorCode.INVALID_ARGUMENT, text)
        request.protocol = ("tcp", "udp").index(protocol)
        request.family = (4, 6).index(family)
        request.internal_port = internal_port
        request.external_port = external_port
        request.require_external_port = require_external_port
        request.description = _encode(description)
        request.local_address = _encode(local_address)
        if callback is not None:
            key = object()

            def report(_service, mapping, _data):
                snapshot = Snapshot(mapping.contents)
                try:
                    callback(snapshot)
                finally:
                    # The callback object of ctypes must outlive its own call.
                    if snapshot.state == State.DESTROYED:
                        self._ended = self._callbacks.pop(key)
            request.callback = self._callbacks[key] = _Func(report)
        return request

    def add(self, protocol, internal_port, *, external_port=0, require_external_port=False,
            family=None, description=None, local_address=None, callback=None):
        """Maps a port and returns a Mapping at once.

        protocol: "tcp" or "udp".
        external_port: the requested port; 0 for no preference.
        require_external_port: whether to accept no other external port.
        family: 4 or 6; by default that of local_address, or 4.
        description: a text for the mapping table of the router and for the log.
        local_address: the address of this host that is to be reached, as a text.
        callback: called with a Snapshot after each change.
        """
        request = self._request(protocol, internal_port, external_port, require_external_port,
                                family, description, local_address, callback)
        return Mapping(self, _check(_call("map", self._open_handle(), request)))

    def map(self, protocol, internal_port, *, timeout=None, external_port=0,
            require_external_port=False, family=None, description=None, local_address=None,
            callback=None):
        """Maps a port and blocks until it is mapped (timeout: 30 seconds by default).

        Returns a Mapping. On failure, the port is not kept, and Error is raised. The other
        arguments are those of add().
        """
        request = self._request(protocol, internal_port, external_port, require_external_port,
                                family, description, local_address, callback)
        mapping = _Mapping(size=ctypes.sizeof(_Mapping))
        code = _call("map_and_wait", self._open_handle(), request, _milliseconds(timeout), mapping)
        _check(code, mapping.error_text.decode(errors="replace") if code == mapping.error else "")
        return Mapping(self, code)

    def get_local_address(self):
        """Returns the IPv4 address of this host towards the router.

        If gateway_address is an IPv6 address, returns the IPv6 address towards it.
        """
        address = ctypes.create_string_buffer(64)
        _check(_call("get_local_address", self._open_handle(), address, len(address)))
        return address.value.decode()

    def close(self, timeout=None):
        """Unmaps all ports. Raises Error if the router may still have mappings.

        In a forked child, it does nothing: the ports are those of the parent."""
        if self._handle is None:
            return
        remaining = ctypes.create_string_buffer(1024)
        code = _call("close", self._handle, _milliseconds(timeout), remaining, len(remaining))
        if code != ErrorCode.CLOSED:
            _check(code, remaining.value.decode(errors="replace"))
