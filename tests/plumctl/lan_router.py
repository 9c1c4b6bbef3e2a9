# SPDX-License-Identifier: LGPL-2.1-or-later

"""A NAT-PMP router at an address of this network namespace.

Usage: lan_router.py ADDRESS   (prints "ready", and exits when its standard input is closed)
"""

import sys

sys.dont_write_bytecode = True

from fake_gateway import FakeGateway

router = FakeGateway(protocol="natpmp")
router.address = sys.argv[1]
with router:
    print("ready", flush=True)
    sys.stdin.read()
