# SPDX-License-Identifier: LGPL-2.1-or-later

"""Keeps TCP port 8080 of this host reachable from outside until Ctrl-C, with asyncio.

Needs PyGObject 3.50 or later.
"""

import asyncio
import signal
import sys

import gi

gi.require_version("Plum", "1.0")
from gi.events import GLibEventLoopPolicy
from gi.repository import GLib, Plum


async def main():
    interrupted = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupted.set)

    manager = Plum.Manager(application_name="Example")
    try:
        # No preference for an external port, and the default timeout of 30 s.
        mapping = await manager.create_mapping_async(Plum.Protocol.TCP, 8080, 0, 0)
    except GLib.Error as error:
        sys.exit("Not mapped: %s" % error.message)
    host = mapping.props.external_host or "an unknown address"
    print("Mapped at %s, port %d" % (host, mapping.props.external_port), flush=True)
    await interrupted.wait()
    # Removes the mapping from the router now, not when its lease expires.
    await manager.close_async()


policy = GLibEventLoopPolicy()
policy.get_event_loop().run_until_complete(main())
