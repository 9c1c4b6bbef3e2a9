# SPDX-License-Identifier: LGPL-2.1-or-later

"""Keeps TCP port 8080 of this host reachable from outside until Ctrl-C, in an asyncio program."""

import asyncio
import signal
import sys

import plum_service


# The library tries again after an error in these states.
RETRIED = plum_service.State.PENDING, plum_service.State.FAILURE


def report(snapshot):
    if snapshot.state == plum_service.State.SUCCESS:
        # Empty: the router has no address at present.
        host = snapshot.external_host or "an unknown address"
        print("Mapped at %s, port %d" % (host, snapshot.external_port), flush=True)
    elif snapshot.error_text and snapshot.state in RETRIED:
        print("Not mapped: %s" % snapshot.error_text, flush=True)


async def main():
    loop = asyncio.get_running_loop()
    interrupted = asyncio.Event()
    loop.add_signal_handler(signal.SIGINT, interrupted.set)

    service = plum_service.Service(application_name="Example")
    # The service calls back in its own thread; report() runs in the event loop.
    service.add("tcp", 8080, callback=lambda snapshot: loop.call_soon_threadsafe(report, snapshot))
    await interrupted.wait()
    try:
        # Removes the mapping from the router now, not when its lease expires.
        await asyncio.to_thread(service.close)
    except plum_service.Error as error:
        print(error, file=sys.stderr)


asyncio.run(main())
