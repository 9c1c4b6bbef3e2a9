# SPDX-License-Identifier: LGPL-2.1-or-later

"""A router in its own network namespace, behind the interface r0: by NAT-PMP, or at an IPv6 address
by PCP. Then it has 192.168.1.1 as well, where it refuses all requests.

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
commands = ["ip link set lo up", "ip link set r0 up"]
if ":" in address:
    commands += ["ip address add %s/64 dev r0 nodad" % address,
                 "ip address add 192.168.1.1/24 dev r0"]
else:
    commands += ["ip address add %s/24 dev r0" % address]
for command in commands:
    subprocess.run(command.split(), check=True)

with FakeGateway(protocol="pcp" if ":" in address else "natpmp", address=address):
    print("ready", flush=True)
    sys.stdin.read()
