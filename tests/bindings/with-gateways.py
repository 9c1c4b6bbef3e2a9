#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Runs a test together with fake routers on loopback, in a network namespace if possible.

Usage: with-gateways.py COMMAND [ARGUMENT]...

The environment of COMMAND contains
  PLUM_TEST_GATEWAY      the address of a router that supports PCP
  PLUM_TEST_REFUSING     the address of a router that answers NOT_AUTHORIZED
  PLUM_TEST_SILENT       the address of a router that does not answer
  PLUM_TEST_OWN_NETWORK  set in a network namespace, which has no default route
  PLUM_TEST_CHAIN        there, the address of a router with the private address 192.168.0.50; the
                         router beyond it is 192.168.0.1
  PLUM_TEST_CHAIN_REFUSING  the same, but the router beyond it, 192.168.1.1, refuses
If mappings remain on the routers when COMMAND exits, the test fails.
"""

import contextlib
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True

import chain_network
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

        routers = [gateway]
        if "PLUM_TEST_OWN_NETWORK" in environment and shutil.which("ip"):
            routers += stack.enter_context(chain_network.routers())
            environment["PLUM_TEST_CHAIN"] = chain_network.FIRST
            environment["PLUM_TEST_CHAIN_REFUSING"] = chain_network.FIRST_OF_REFUSING

        status = subprocess.run(sys.argv[1:], env=environment).returncode
        for router in routers:
            if not router.wait_for(lambda table: not table, timeout=2):
                print("Bail out! Mappings remain on %s: %s" % (router.address,
                                                               sorted(router.table)), flush=True)
                return 1
    return status


sys.exit(main())
