# SPDX-License-Identifier: LGPL-2.1-or-later

import sys

import plum_service

with plum_service.Service(application_name="Sharing") as service:
    try:
        mapping = service.map("tcp", 8080, timeout=10, description="Shared files")
    except plum_service.Error as error:
        sys.exit("Not mapped: %s" % error)
    host = mapping.external_host or "an unknown address"
    print("Mapped at %s, port %d" % (host, mapping.external_port))
    # The work of the program. The end of the with statement unmaps the port.
