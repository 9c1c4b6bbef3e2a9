#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Runs a test together with fake routers on loopback, in a network namespace if possible.

Usage: with-gateways.py COMMAND [ARGUMENT]...

The environment of COMMAND contains
  PLUM_TEST_GATEWAY      the address of a router that supports PCP
  PLUM_TEST_REFUSING     the address of a router that answers NOT_AUTHORIZED
  PLUM_TEST_SILENT       the address of a router that does not answer
  PLUM_TEST_OWN_NETWORK  set in a network namespace, which has no default route
If mappings remain on the first router when COMMAND exits, the test fails.
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
            print("Bail out! Mappings remain on the router: %s" % sorted(gateway.table), flush=True)
            return 1
    return status


sys.exit(main())
