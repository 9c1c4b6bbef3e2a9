# SPDX-License-Identifier: LGPL-2.1-or-later

"""A NAT-PMP router in its own network namespace, behind the interface r0.

Usage: lan_router.py ADDRESS FILE   (prints "started"; waits for FILE, which tells that r0 is there;
prints "ready"; exits when its standard input is closed)
"""

import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True

from fake_gateway import FakeGateway

address, file = sys.argv[1:]
print("started", flush=True)
while not os.path.exists(file):
    time.sleep(0.01)
for command in ("ip link set lo up", "ip link set r0 up",
                "ip address add %s/24 dev r0" % address):
    subprocess.run(command.split(), check=True)

router = FakeGateway(protocol="natpmp")
router.address = address
with router:
    print("ready", flush=True)
    sys.stdin.read()
