// SPDX-License-Identifier: LGPL-2.1-or-later

// Maps a port with a backend of its own, prints the result, and unmaps the port.

import Gio from 'gi://Gio';
import GObject from 'gi://GObject';
import Plum from 'gi://Plum?version=1.0';
import System from 'system';

Gio._promisify(Plum.Manager.prototype, 'create_mapping_async', 'create_mapping_finish');
Gio._promisify(Plum.Manager.prototype, 'close_async', 'close_finish');

// A real one sends requests to the router, and settles each call when the answer arrives.
const MyBackend = GObject.registerClass(
class MyBackend extends Plum.Backend {
    vfunc_discover(call) {
        call.return_done();
    }

    vfunc_map(request, call) {
        const address = Gio.InetAddress.new_from_string('203.0.113.7');
        call.return_lease(Plum.Lease.new(address, request.get_external_port(), 3600, null));
    }

    vfunc_unmap(request, lease, call) {
        // Without a lease, the request describes what to delete.
        const port = (lease ?? request).get_external_port();
        this.report_note(`unmaps external port ${port}`);
        call.return_done();
    }
});

const manager = new Plum.Manager({applicationName: 'Example'});
manager.add_backend_type(MyBackend.$gtype, 'mine', 500);
try {
    // no preference for an external port, and the default timeout of 30 s
    const mapping = await manager.create_mapping_async(Plum.Protocol.TCP, 8080, 0, 0, null);
    print(`Mapped at ${mapping.externalHost}, port ${mapping.externalPort}`);
    await manager.close_async(null);
} catch (error) {
    printerr(`Not mapped: ${error.message}`);
    System.exit(1);
}
