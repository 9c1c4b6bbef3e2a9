// SPDX-License-Identifier: LGPL-2.1-or-later

// Tests the library from Vala.

const uint DEADLINE_S = 20;   // exceeded only by a defect

Plum.Manager make_manager (string variable) {
  var manager = new Plum.Manager ();

  manager.gateway_address = new InetAddress.from_string (Environment.get_variable (variable));
  manager.enabled_backends = { "pcp" };
  manager.application_name = "plum test";
  return manager;
}

async Plum.Mapping create (Plum.Manager manager, uint port = 8080, uint timeout = 0,
                           Cancellable? cancellable = null) throws Error {
  return yield manager.create_mapping_async (Plum.Protocol.TCP, port, 0, timeout, cancellable);
}

async void test_create_granted () throws Error {
  var manager = make_manager ("PLUM_TEST_GATEWAY");
  var mapping = yield create (manager);

  assert_true (mapping.state == Plum.State.SUCCESS);
  assert_cmpstr (mapping.external_host, CompareOperator.EQ, "1.2.3.4");
  assert_cmpuint (mapping.external_port, CompareOperator.EQ, 8080);
  assert_cmpstr (mapping.backend_name, CompareOperator.EQ, "pcp");
  assert_cmpuint (mapping.lifetime, CompareOperator.EQ, 7200);
  assert_true (mapping.external_scope == Plum.AddressScope.PUBLIC);
  yield manager.close_async (null);
}

async void test_chain_hops () throws Error {
  var manager = make_manager ("PLUM_TEST_CHAIN");
  var mapping = yield create (manager);
  var first = (Plum.Hop) mapping.hops.get_item (0);
  var second = (Plum.Hop) mapping.hops.get_item (1);

  assert_cmpuint (mapping.hops.get_n_items (), CompareOperator.EQ, 2);
  assert_cmpstr (first.address.to_string (), CompareOperator.EQ, "192.0.2.1");
  assert_cmpstr (first.external_address.to_string (), CompareOperator.EQ, "192.168.0.50");
  assert_cmpstr (second.address.to_string (), CompareOperator.EQ, "192.168.0.1");
  assert_cmpstr (second.backend_name, CompareOperator.EQ, "pcp");
  assert_cmpstr (mapping.external_host, CompareOperator.EQ, "1.2.3.4");
  assert_true (mapping.upstream_error == null);
  assert_true (mapping.gateway.upstream ==
               yield mapping.gateway.query_upstream_async (null));
  yield manager.close_async (null);
}

async void test_chain_upstream_error () throws Error {
  var manager = make_manager ("PLUM_TEST_CHAIN_REFUSING");
  var mapping = yield create (manager, 8081);

  assert_cmpuint (mapping.hops.get_n_items (), CompareOperator.EQ, 1);
  assert_true (mapping.upstream_error is Plum.Error.REFUSED);
  yield manager.close_async (null);
}

async void test_create_cancelled () throws Error {
  var manager = make_manager ("PLUM_TEST_SILENT");
  var cancellable = new Cancellable ();
  var cancelled = false;

  Idle.add (() => {
    cancellable.cancel ();
    return Source.REMOVE;
  });
  try {
    yield create (manager, 8080, 0, cancellable);
  } catch (IOError.CANCELLED error) {
    cancelled = true;
  }
  assert_true (cancelled);
  yield manager.close_async (null);
}

async void test_create_refused () throws Error {
  var manager = make_manager ("PLUM_TEST_REFUSING");
  var refused = false;

  try {
    yield create (manager);
  } catch (Plum.Error.REFUSED error) {
    refused = true;
  }
  assert_true (refused);
  yield manager.close_async (null);
}

async void test_create_timed_out () throws Error {
  var manager = make_manager ("PLUM_TEST_SILENT");
  var late = false;

  try {
    yield create (manager, 8080, 100);
  } catch (Plum.Error.TIMED_OUT error) {
    late = true;
  }
  assert_true (late);
  yield manager.close_async (null);
}

async void test_add_no_port () throws Error {
  var manager = make_manager ("PLUM_TEST_GATEWAY");
  var invalid = false;

  try {
    manager.add_mapping (new Plum.Mapping (Plum.Protocol.UDP, 0));
  } catch (IOError.INVALID_ARGUMENT error) {
    invalid = true;
  }
  assert_true (invalid);
  yield manager.close_async (null);
}

async void test_add_notify_state () throws Error {
  var manager = make_manager ("PLUM_TEST_GATEWAY");
  var mapping = new Plum.Mapping (Plum.Protocol.UDP, 4000);
  Plum.State[] seen = {};

  mapping.notify["state"].connect (() => seen += mapping.state);
  manager.add_mapping (mapping);
  yield mapping.wait_async (null);
  assert_cmpint (seen.length, CompareOperator.EQ, 2);
  assert_true (seen[0] == Plum.State.PENDING);
  assert_true (seen[1] == Plum.State.SUCCESS);
  yield manager.close_async (null);
}

async void test_add_mapping_state_changed () throws Error {
  var manager = make_manager ("PLUM_TEST_GATEWAY");
  var mapping = (Plum.Mapping) Object.new (typeof (Plum.Mapping),
                                           protocol: Plum.Protocol.UDP,
                                           internal_port: 4000,
                                           description: "a game");
  Plum.State[] seen = {};

  manager.mapping_state_changed.connect ((changed, old) => {
    assert_true (changed == mapping);
    seen += old;
  });
  manager.add_mapping (mapping);
  yield mapping.wait_async (null);
  assert_cmpint (seen.length, CompareOperator.EQ, 2);
  assert_true (seen[0] == Plum.State.DESTROYED);
  assert_true (seen[1] == Plum.State.PENDING);
  yield manager.close_async (null);
}

async void test_list_is_a_list_model () throws Error {
  var manager = make_manager ("PLUM_TEST_GATEWAY");
  ListModel model = manager;

  yield create (manager, 1000);
  var second = yield create (manager, 2000);
  assert_cmpuint (model.get_n_items (), CompareOperator.EQ, 2);
  assert_true (model.get_item (1) == second);
  assert_true (model.get_item_type () == typeof (Plum.Mapping));
  yield manager.close_async (null);
}

async void test_destroy_once_only () throws Error {
  var manager = make_manager ("PLUM_TEST_GATEWAY");
  var mapping = yield create (manager);
  var destroyed = false;

  assert_true (yield manager.destroy_mapping_async (mapping.id, null));
  assert_true (mapping.state == Plum.State.DESTROYED);
  assert_false (manager.has_mapping (mapping.id));
  try {
    yield manager.destroy_mapping_async (mapping.id, null);
  } catch (Plum.Error.DESTROYED error) {
    destroyed = true;
  }
  assert_true (destroyed);
  yield manager.close_async (null);
}

async void test_close_refuses_more () throws Error {
  var manager = make_manager ("PLUM_TEST_GATEWAY");
  var closed = false;

  assert_true (yield manager.close_async (null));
  try {
    yield create (manager);
  } catch (IOError.CLOSED error) {
    closed = true;
  }
  assert_true (closed);
}

// A backend in Vala.

class ScriptedBackend : Plum.Backend {
  public override void discover (Plum.Call call) {
    call.return_done ();
  }

  public override void map (Plum.Request request, Plum.Call call) {
    var address = new InetAddress.from_string ("5.6.7.8");

    call.return_lease (new Plum.Lease (address, request.get_external_port (),
                                       Plum.LIFETIME_FOREVER, null));
  }

  public override void unmap (Plum.Request request, Plum.Lease? lease, Plum.Call call) {
    call.return_done ();
  }
}

async void test_backend_chosen_by_priority () throws Error {
  var manager = make_manager ("PLUM_TEST_GATEWAY");

  manager.enabled_backends = null;
  manager.add_backend_type (typeof (ScriptedBackend), "scripted", 1000);
  var mapping = yield create (manager);
  assert_cmpstr (mapping.backend_name, CompareOperator.EQ, "scripted");
  assert_cmpuint (mapping.lifetime, CompareOperator.EQ, Plum.LIFETIME_FOREVER);
  yield manager.close_async (null);
}

delegate void Begin (owned AsyncReadyCallback callback);
delegate void Finish (AsyncResult result) throws Error;

void run (Begin begin, Finish finish) {
  var loop = new MainLoop ();
  AsyncResult? outcome = null;
  var watchdog = Timeout.add_seconds (DEADLINE_S, () => {
    error ("waited in vain");
  });

  begin ((source, result) => {
    outcome = result;
    loop.quit ();
  });
  loop.run ();
  Source.remove (watchdog);
  try {
    finish (outcome);
  } catch (Error error) {
    assert_no_error (error);
  }
}

int main (string[] args) {
  Test.init (ref args);
  Test.add_func ("/vala/create/granted",
                 () => run (done => test_create_granted.begin ((owned) done),
                            result => test_create_granted.end (result)));
  Test.add_func ("/vala/create/cancelled",
                 () => run (done => test_create_cancelled.begin ((owned) done),
                            result => test_create_cancelled.end (result)));
  Test.add_func ("/vala/create/refused",
                 () => run (done => test_create_refused.begin ((owned) done),
                            result => test_create_refused.end (result)));
  Test.add_func ("/vala/create/timed-out",
                 () => run (done => test_create_timed_out.begin ((owned) done),
                            result => test_create_timed_out.end (result)));
  Test.add_func ("/vala/add/no-port",
                 () => run (done => test_add_no_port.begin ((owned) done),
                            result => test_add_no_port.end (result)));
  Test.add_func ("/vala/add/notify-state",
                 () => run (done => test_add_notify_state.begin ((owned) done),
                            result => test_add_notify_state.end (result)));
  Test.add_func ("/vala/add/mapping-state-changed",
                 () => run (done => test_add_mapping_state_changed.begin ((owned) done),
                            result => test_add_mapping_state_changed.end (result)));
  Test.add_func ("/vala/list/is-a-list-model",
                 () => run (done => test_list_is_a_list_model.begin ((owned) done),
                            result => test_list_is_a_list_model.end (result)));
  Test.add_func ("/vala/destroy/once-only",
                 () => run (done => test_destroy_once_only.begin ((owned) done),
                            result => test_destroy_once_only.end (result)));
  Test.add_func ("/vala/close/refuses-more",
                 () => run (done => test_close_refuses_more.begin ((owned) done),
                            result => test_close_refuses_more.end (result)));
  Test.add_func ("/vala/backend/chosen-by-priority",
                 () => run (done => test_backend_chosen_by_priority.begin ((owned) done),
                            result => test_backend_chosen_by_priority.end (result)));
  if (Environment.get_variable ("PLUM_TEST_CHAIN") != null) {
    Test.add_func ("/vala/chain/hops",
                   () => run (done => test_chain_hops.begin ((owned) done),
                              result => test_chain_hops.end (result)));
    Test.add_func ("/vala/chain/upstream-error",
                   () => run (done => test_chain_upstream_error.begin ((owned) done),
                              result => test_chain_upstream_error.end (result)));
  }
  return Test.run ();
}
