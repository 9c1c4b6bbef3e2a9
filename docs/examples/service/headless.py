#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A program without a main loop. A network thread adds the port and removes it, and blocks."""

import signal
import sys
import threading
import time

import plum_service

failures = []
stopped = threading.Event()
signal.signal(signal.SIGINT, lambda *_: stopped.set())


def network_thread():
    with plum_service.Service(application_name="Sharing") as service:
        try:
            mapping = service.map("tcp", 8080, timeout=10, description="Sharing",
                                  local_address=service.get_local_address())
        except plum_service.Error as error:
            failures.append("Not mapped: %s" % error)
            return
        host = mapping.external_host or "an unknown address"
        print("Mapped at %s, port %d" % (host, mapping.external_port), flush=True)
        stopped.wait()
        mapping.unmap(timeout=5)


thread = threading.Thread(target=network_thread)
thread.start()
while thread.is_alive():
    time.sleep(0.1)   # the loop of the program
sys.exit(failures[0] if failures else 0)
