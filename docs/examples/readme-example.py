# SPDX-License-Identifier: LGPL-2.1-or-later

import gi
gi.require_version("Plum", "1.0")
from gi.repository import GLib, Plum


def on_mapped(manager, result):
    mapping = manager.create_mapping_finish(result)
    print("Reachable at %s:%d" % (mapping.props.external_host, mapping.props.external_port))
    manager.close_async(None, lambda *done: loop.quit() or manager.close_finish(done[1]))


loop = GLib.MainLoop()
Plum.Manager().create_mapping_async(Plum.Protocol.TCP, 8080, 0, 0, None, on_mapped)
loop.run()
