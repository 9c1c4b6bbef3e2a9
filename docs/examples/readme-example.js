// SPDX-License-Identifier: LGPL-2.1-or-later

import Gio from 'gi://Gio';
import Plum from 'gi://Plum?version=1.0';
import System from 'system';

Gio._promisify(Plum.Manager.prototype, 'create_mapping_async', 'create_mapping_finish');
Gio._promisify(Plum.Manager.prototype, 'close_async', 'close_finish');

const manager = new Plum.Manager({applicationName: 'Example'});
try {
    // no preference for an external port, and the default timeout of 30 s
    const mapping = await manager.create_mapping_async(Plum.Protocol.TCP, 8080, 0, 0, null);
    print(`Mapped at ${mapping.externalHost ?? 'an unknown address'}, port ${mapping.externalPort}`);
    await manager.close_async(null);   // removes the mapping from the router
} catch (error) {
    printerr(`Not mapped: ${error.message}`);
    System.exit(1);
}
