#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Runs a test beside fake routers on loopback, in a network of its own where that is possible.

Usage: with-gateways.py COMMAND [ARGUMENT]...

COMMAND finds in its environment
  PLUM_TEST_GATEWAY      the address of a router that maps what it is asked for, by PCP
  PLUM_TEST_REFUSING     the address of one that answers NOT_AUTHORIZED
  PLUM_TEST_SILENT       the address of one that never answers
  PLUM_TEST_OWN_NETWORK  set if there is no other network, and so no default route
What COMMAND leaves mapped on the first one is a failure.
"""

import contextlib
import os
import subprocess
import sys

sys.dont_write_bytecode = True

import own_network
from fake_gateway import PCP_NOT_AUTHORIZED, FakeGateway


def main():
    environment = dict(os.environ)
    environment.pop("PLUM_BACKENDS", None)
    if own_network.enter():
        environment["PLUM_TEST_OWN_NETWORK"] = "1"

    with contextlib.ExitStack() as stack:
        gateway = stack.enter_context(FakeGateway())
        refusing = stack.enter_context(FakeGateway(result=PCP_NOT_AUTHORIZED))
        silent = stack.enter_context(FakeGateway(silent=True))
        environment["PLUM_TEST_GATEWAY"] = gateway.address
        environment["PLUM_TEST_REFUSING"] = refusing.address
        environment["PLUM_TEST_SILENT"] = silent.address

        status = subprocess.run(sys.argv[1:], env=environment).returncode
        if not gateway.wait_for(lambda table: not table, timeout=2):
            print("Bail out! left on the router: %s" % sorted(gateway.table), flush=True)
            return 1
    return status


sys.exit(main())
