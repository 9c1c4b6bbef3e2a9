// SPDX-License-Identifier: LGPL-2.1-or-later

// Tests the library from GJS. Writes TAP.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Plum from 'gi://Plum?version=1.0';
import System from 'system';

for (const name of ['create_mapping', 'destroy_mapping', 'discover', 'close'])
    Gio._promisify(Plum.Manager.prototype, `${name}_async`, `${name}_finish`);
Gio._promisify(Plum.Mapping.prototype, 'wait_async', 'wait_finish');
for (const name of ['list_entries', 'delete_entry', 'query_external_address', 'query_upstream'])
    Gio._promisify(Plum.Gateway.prototype, `${name}_async`, `${name}_finish`);

const address = name => Gio.InetAddress.new_from_string(GLib.getenv(name));
const GATEWAY = address('PLUM_TEST_GATEWAY');
const REFUSING = address('PLUM_TEST_REFUSING');
const SILENT = address('PLUM_TEST_SILENT');
const OWN_NETWORK = GLib.getenv('PLUM_TEST_OWN_NETWORK') !== null;
const {TCP, UDP} = Plum.Protocol;
const tests = [];

function test(path, run, skip = null) {
    tests.push({path, run, skip});
}

function equal(got, expected) {
    const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
    if (a !== b)
        throw new Error(`got ${a}, expected ${b}`);
}

async function fails(promise, domain, code) {
    try {
        await promise;
    } catch (error) {
        if (!error.matches?.(domain, code))
            throw error;
        return;
    }
    throw new Error('no error came');
}

function throws(run, domain, code) {
    return fails((async () => run())(), domain, code);
}

function makeManager(gateway = GATEWAY, backends = ['pcp']) {
    return new Plum.Manager({
        gatewayAddress: gateway,
        enabledBackends: backends,
        applicationName: 'plum test',
    });
}

function create(manager, port = 8080, {external = 0, timeout = 0, cancellable = null} = {}) {
    return manager.create_mapping_async(TCP, port, external, timeout, cancellable);
}

function until(object, signal, condition) {
    return new Promise(resolve => {
        const id = object.connect(signal, () => {
            if (condition()) {
                object.disconnect(id);
                resolve();
            }
        });
    });
}

function soon(action) {
    GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
        action();
        return GLib.SOURCE_REMOVE;
    });
}

// Mappings

test('/gjs/create/granted', async () => {
    const manager = makeManager();
    const mapping = await create(manager, 8080, {external: 18080});

    equal(mapping.state, Plum.State.SUCCESS);
    equal(mapping.externalHost, '1.2.3.4');
    equal(mapping.externalPort, 18080);
    equal(mapping.externalAddress.to_string(), '1.2.3.4:18080');
    equal(mapping.externalScope, Plum.AddressScope.PUBLIC);
    equal(mapping.backendName, 'pcp');
    equal(mapping.lifetime, 7200);
    equal(mapping.error, null);
    await manager.close_async(null);
});

test('/gjs/create/cancelled', async () => {
    const manager = makeManager(SILENT);
    const cancellable = new Gio.Cancellable();
    soon(() => cancellable.cancel());

    await fails(create(manager, 8080, {cancellable}), Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
    await manager.close_async(null);
});

test('/gjs/create/refused', async () => {
    const manager = makeManager(REFUSING);

    await fails(create(manager), Plum.Error, Plum.Error.REFUSED);
    await manager.close_async(null);
});

test('/gjs/create/timed-out', async () => {
    const manager = makeManager(SILENT);

    await fails(create(manager, 8080, {timeout: 100}), Plum.Error, Plum.Error.TIMED_OUT);
    await manager.close_async(null);
});

test('/gjs/create/no-gateway', async () => {
    const manager = makeManager(null);

    await fails(create(manager), Plum.Error, Plum.Error.NO_GATEWAY);
    await manager.close_async(null);
}, OWN_NETWORK ? null : 'this host may have a router');

test('/gjs/add/no-port', async () => {
    const manager = makeManager();

    await throws(() => manager.add_mapping(new Plum.Mapping({protocol: UDP, internalPort: 0})),
        Gio.IOErrorEnum, Gio.IOErrorEnum.INVALID_ARGUMENT);
    await manager.close_async(null);
});

test('/gjs/add/notify-state', async () => {
    const manager = makeManager();
    const mapping = new Plum.Mapping({protocol: UDP, internalPort: 4000, description: 'a game'});
    const seen = [];
    mapping.connect('notify::state', () => seen.push([mapping.state, mapping.externalHost]));
    const up = until(mapping, 'notify::state', () => mapping.state === Plum.State.SUCCESS);

    manager.add_mapping(mapping);
    await up;
    equal(seen, [[Plum.State.PENDING, null], [Plum.State.SUCCESS, '1.2.3.4']]);
    await manager.close_async(null);
});

test('/gjs/add/mapping-state-changed', async () => {
    const manager = makeManager();
    const mapping = Plum.Mapping.new(UDP, 4000);
    const seen = [];
    manager.connect('mapping-state-changed',
        (_manager, changed, old) => seen.push([changed.id, old, changed.state]));

    manager.add_mapping(mapping);
    await mapping.wait_async(null);
    equal(seen, [
        [1, Plum.State.DESTROYED, Plum.State.PENDING],
        [1, Plum.State.PENDING, Plum.State.SUCCESS],
    ]);
    await manager.close_async(null);
});

test('/gjs/add/error-property', async () => {
    const manager = makeManager(REFUSING);
    const mapping = Plum.Mapping.new(TCP, 8080);

    manager.add_mapping(mapping);
    await fails(mapping.wait_async(null), Plum.Error, Plum.Error.REFUSED);
    equal(mapping.state, Plum.State.FAILURE);
    equal(mapping.error.matches(Plum.Error, Plum.Error.REFUSED), true);
    await manager.close_async(null);
});

test('/gjs/wait/cancelling-keeps-the-mapping', async () => {
    const manager = makeManager(SILENT);
    const mapping = Plum.Mapping.new(TCP, 8080);
    const cancellable = new Gio.Cancellable();
    soon(() => cancellable.cancel());

    manager.add_mapping(mapping);
    await fails(mapping.wait_async(cancellable), Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
    equal(mapping.state, Plum.State.PENDING);
    await manager.close_async(null);
});

test('/gjs/list/is-a-list-model', async () => {
    const manager = makeManager();
    const changes = [];
    manager.connect('items-changed', (_model, ...change) => changes.push(change));
    await create(manager, 1000);
    await create(manager, 2000);

    equal(manager.get_n_items(), 2);
    equal(manager.get_item(1).internalPort, 2000);
    equal(manager.get_item_type().name, 'PlumMapping');
    equal(changes, [[0, 0, 1], [1, 0, 1]]);
    await manager.close_async(null);
});

test('/gjs/destroy/once-only', async () => {
    const manager = makeManager();
    const mapping = await create(manager);

    equal(await manager.destroy_mapping_async(mapping.id, null), true);
    equal(mapping.state, Plum.State.DESTROYED);
    equal(manager.get_n_items(), 0);
    await fails(manager.destroy_mapping_async(mapping.id, null),
        Plum.Error, Plum.Error.DESTROYED);
    await manager.close_async(null);
});

test('/gjs/close/refuses-more', async () => {
    const manager = makeManager();

    equal(await manager.close_async(null), true);
    await fails(create(manager), Gio.IOErrorEnum, Gio.IOErrorEnum.CLOSED);
});

test('/gjs/discover/gateways-and-probes', async () => {
    const manager = makeManager();

    await manager.discover_async(null);
    const gateway = manager.gateways.get_item(0);
    const probe = gateway.probes.get_item(0);
    equal([gateway.backendName, probe.name, probe.outcome],
        ['pcp', 'pcp', Plum.ProbeOutcome.SUCCESS]);
    await manager.close_async(null);
});

test('/gjs/gateway/query-external-address', async () => {
    const manager = makeManager();

    await manager.discover_async(null);
    const gateway = manager.gateways.get_item(0);
    equal([gateway.externalAddress, gateway.model, gateway.connectionStatus],
        [null, null, Plum.ConnectionStatus.UNKNOWN]);
    const external = await gateway.query_external_address_async(null);
    equal(gateway.externalAddress.to_string(), external.to_string());
    await manager.close_async(null);
});

test('/gjs/enum/forever', () => {
    equal(Plum.LIFETIME_FOREVER, 0xffffffff);
});

// A backend in JavaScript. It has no constructor, because g_object_new () creates it with its network.

const ScriptedBackend = GObject.registerClass(
class GjsScriptedBackend extends Plum.Backend {
    // Settles calls asynchronously, with a timer of the library.
    later(action) {
        this.create_timer(1).set_callback(() => {
            action();
            return GLib.SOURCE_REMOVE;
        });
    }

    vfunc_discover(call) {
        this.later(() => call.return_done());
    }

    vfunc_map(request, call) {
        const external = Gio.InetAddress.new_from_string('5.6.7.8');
        const token = new GLib.Variant('s', this.network.get_local_address().to_string());
        const lease = Plum.Lease.new(external, request.get_external_port(), 3600, token);
        this.later(() => call.return_lease(lease));
    }

    vfunc_unmap(request, lease, call) {
        equal(lease.get_token().unpack(), this.network.get_local_address().to_string());
        this.later(() => call.return_done());
    }

    vfunc_list(call) {
        const entries = Gio.ListStore.new(Plum.Entry);
        entries.append(Plum.Entry.new(UDP, 53, 5353, null, 'a name server', 60, true));
        call.return_entries(entries);
    }

    vfunc_delete_entry(entry, call) {
        call.fail(Plum.Error.REFUSED, `${entry.description} stays`);
    }
});

const RefusingBackend = GObject.registerClass(
class GjsRefusingBackend extends ScriptedBackend {
    vfunc_map(_request, call) {
        call.fail(Plum.Error.NO_RESOURCES, 'the table is full');
    }
});

function makeScripted(type, priority = 1000) {
    const manager = new Plum.Manager({gatewayAddress: GATEWAY});
    manager.add_backend_type(type.$gtype, 'scripted', priority);
    return manager;
}

test('/gjs/backend/chosen-by-priority', async () => {
    const manager = makeScripted(ScriptedBackend);
    const mapping = await create(manager);

    equal([mapping.backendName, mapping.externalHost, mapping.lifetime],
        ['scripted', '5.6.7.8', 3600]);
    await manager.close_async(null);
});

test('/gjs/backend/not-chosen-by-priority', async () => {
    const manager = makeScripted(ScriptedBackend, 1);
    const mapping = await create(manager);

    equal(mapping.backendName, 'pcp');
    await manager.close_async(null);
});

test('/gjs/backend/next-after-refusal', async () => {
    const manager = makeScripted(RefusingBackend);
    const mapping = await create(manager);

    equal(mapping.backendName, 'pcp');
    await manager.close_async(null);
});

test('/gjs/backend/lists-and-deletes', async () => {
    const manager = makeScripted(ScriptedBackend);
    manager.enabledBackends = ['scripted'];
    await manager.discover_async(null);
    const gateway = manager.gateways.get_item(0);
    const entries = await gateway.list_entries_async(null);

    equal(entries.get_item(0).externalPort, 53);
    await fails(gateway.delete_entry_async(entries.get_item(0), null),
        Plum.Error, Plum.Error.REFUSED);
    await manager.close_async(null);
});

// A chain of routers

const CHAIN = GLib.getenv('PLUM_TEST_CHAIN');
const WITHOUT_CHAIN = CHAIN === null ? 'no network namespace or no ip(8) here' : null;

function listItems(model) {
    return Array.from({length: model.get_n_items()}, (_, i) => model.get_item(i));
}

test('/gjs/chain/hops', async () => {
    const manager = makeManager(address('PLUM_TEST_CHAIN'));
    const mapping = await create(manager, 8080, {external: 18081});

    equal(listItems(mapping.hops).map(hop => [hop.address.to_string(),
        hop.externalAddress.to_string(), hop.externalPort, hop.backendName]),
    [['192.0.2.1', '192.168.0.50', 18081, 'pcp'], ['192.168.0.1', '1.2.3.4', 18081, 'pcp']]);
    equal(mapping.externalHost, '1.2.3.4');
    equal(mapping.upstreamError, null);
    equal(mapping.gateway.upstream.address.to_string(), '192.168.0.1');
    await manager.close_async(null);
}, WITHOUT_CHAIN);

test('/gjs/chain/upstream-error', async () => {
    const manager = makeManager(address('PLUM_TEST_CHAIN_REFUSING'));
    const mapping = await create(manager, 8081);

    equal(listItems(mapping.hops).length, 1);
    equal(mapping.upstreamError.matches(Plum.Error, Plum.Error.REFUSED), true);
    await manager.close_async(null);
}, WITHOUT_CHAIN);

test('/gjs/chain/query-upstream', async () => {
    const manager = makeManager(address('PLUM_TEST_CHAIN'));
    await manager.discover_async(null);
    const gateway = manager.gateways.get_item(0);
    const upstream = await gateway.query_upstream_async(null);

    equal(upstream.address.to_string(), '192.168.0.1');
    equal(gateway.upstream === upstream, true);
    await manager.close_async(null);
}, WITHOUT_CHAIN);

async function main() {
    let status = 0;

    print(`TAP version 13\n1..${tests.length}`);
    for (const [index, {path, run, skip}] of tests.entries()) {
        let line = `ok ${index + 1} ${path}`;
        try {
            if (skip !== null)
                line += ` # SKIP ${skip}`;
            else
                await run();
        } catch (error) {
            status = 1;
            line = `not ${line}`;
            print(`# ${error}\n${error.stack ?? ''}`.trimEnd().replaceAll('\n', '\n# '));
        }
        print(line);
    }
    return status;
}

const loop = new GLib.MainLoop(null, false);
let status = 1;
main().then(result => {
    status = result;
}).catch(logError).finally(() => loop.quit());
loop.run();
System.exit(status);
