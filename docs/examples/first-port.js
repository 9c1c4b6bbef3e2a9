// SPDX-License-Identifier: LGPL-2.1-or-later

// Keeps TCP port 8080 of this host reachable from outside until Ctrl-C.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Plum from 'gi://Plum?version=1.0';

Gio._promisify(Plum.Manager.prototype, 'close_async', 'close_finish');

const SIGINT = 2;
const loop = new GLib.MainLoop(null, false);
const manager = new Plum.Manager({applicationName: 'Example'});
const mapping = Plum.Mapping.new(Plum.Protocol.TCP, 8080);

mapping.connect('changed', () => {
    if (mapping.state === Plum.State.SUCCESS)
        // null: the router has no address at present
        print(`Mapped at ${mapping.externalHost ?? 'an unknown address'}, port ${mapping.externalPort}`);
});
mapping.connect('notify::error-summary', () => {
    if (mapping.errorSummary !== null)   // the library tries again
        print(`Not mapped: ${mapping.errorSummary}`);
});

// Removes the mapping from the router now, not when its lease expires.
async function close() {
    try {
        await manager.close_async(null);
    } catch (error) {
        printerr(error.message);
    }
    loop.quit();
}

// GLib 2.80 moved the function to GLibUnix.
function addSignal(...args) {
    try {
        return imports.gi.GLibUnix.signal_add_full(...args);
    } catch {
        return GLib.unix_signal_add(...args);
    }
}

addSignal(GLib.PRIORITY_DEFAULT, SIGINT, () => {
    close();
    return GLib.SOURCE_REMOVE;
});
manager.add_mapping(mapping);
loop.run();
