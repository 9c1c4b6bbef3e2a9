/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

/* State first, notification last (docs/architecture.md): when a handler runs, no function of core
 * is on the stack, every state is notified in turn, and lists change with their signals. */

static const char *const state_names[] = {
  [PLUM_STATE_DESTROYED] = "destroyed",   [PLUM_STATE_PENDING] = "pending",
  [PLUM_STATE_SUCCESS] = "success",       [PLUM_STATE_FAILURE] = "failure",
  [PLUM_STATE_DESTROYING] = "destroying",
};

static const char *
state_name (PlumMapping *mapping)
{
  return state_names[plum_mapping_get_state (mapping)];
}

static void
on_state_log (PlumMapping *mapping, GParamSpec *pspec, CoreFixture *f)
{
  g_string_append_printf (f->events, "%s:%u ", state_name (mapping),
                          plum_mapping_get_external_port (mapping));
}

static void
on_manager_log (PlumManager *manager, PlumMapping *mapping, PlumState old_state, CoreFixture *f)
{
  g_string_append_printf (f->events, "[%s>%s] ", state_names[old_state], state_name (mapping));
}

static void
assert_log (CoreFixture *f, const char *expected)
{
  g_assert_cmpstr (f->events->str, ==, expected);
  g_string_truncate (f->events, 0);
}

static PlumMapping *
new_logged (CoreFixture *f)
{
  PlumMapping *mapping = plum_mapping_new (PLUM_PROTOCOL_TCP, 8080);

  g_signal_connect (mapping, "notify::state", G_CALLBACK (on_state_log), f);
  return mapping;
}

/* Two transitions at once: each handler call finds its own state, with the matching port. */
static void
test_each_state_in_turn (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 0);
  g_autoptr (PlumMapping) second = new_logged (f);

  g_assert_true (plum_manager_add_mapping (f->manager, second, NULL));
  core_assert_state (second, SUCCESS);
  assert_log (f, "pending:0 success:8080 ");

  plum_manager_destroy_mapping_async (f->manager, plum_mapping_get_id (second), NULL, NULL, NULL);
  core_assert_state (second, DESTROYED);
  assert_log (f, "destroying:8080 destroyed:0 ");
  core_assert_state (first, SUCCESS);
}

static void
on_success_destroy (PlumMapping *mapping, GParamSpec *pspec, CoreFixture *f)
{
  if (plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS)
    plum_manager_destroy_mapping_async (f->manager, plum_mapping_get_id (mapping), NULL, NULL,
                                        NULL);
}

/* What a handler causes comes after what was queued before it. GObject does not emit notify
 * recursively: that of "destroying" follows when the handler has returned. */
static void
test_order_with_a_handler_that_destroys (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = new_logged (f);

  g_signal_connect (mapping, "notify::state", G_CALLBACK (on_success_destroy), f);
  g_signal_connect (f->manager, "mapping-state-changed", G_CALLBACK (on_manager_log), f);
  g_assert_true (plum_manager_add_mapping (f->manager, mapping, NULL));
  test_loop_settle (&f->loop);
  assert_log (f, "pending:0 [destroyed>pending] success:8080 [pending>success] "
                 "[success>destroying] destroying:8080 destroyed:0 [destroying>destroyed] ");
}

static void
on_success_add (PlumMapping *mapping, GParamSpec *pspec, CoreFixture *f)
{
  g_autoptr (PlumMapping) other = NULL;

  if (plum_mapping_get_state (mapping) != PLUM_STATE_SUCCESS)
    return;

  other = core_add (f, 8081, 0);
  g_assert_cmpuint (plum_mapping_get_id (other), ==, 2);
  core_assert_state (other, PENDING);
  g_assert_true (plum_manager_lookup_mapping (f->manager, 2) == other);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 2);
}

/* A public function that a handler calls has done everything when it returns. */
static void
test_added_by_a_handler (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add (f, 8080, 0);
  g_autoptr (PlumMapping) other = NULL;

  g_signal_connect (mapping, "notify::state", G_CALLBACK (on_success_add), f);
  test_loop_settle (&f->loop);
  other = g_list_model_get_item (G_LIST_MODEL (f->manager), 1);
  core_assert_state (other, SUCCESS);
}

/* The stack of the backend unwinds before a handler runs. */
static void
test_not_within_a_backend (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("100.64.0.7");

  core_listen (f, mapping);
  plum_backend_report_external_address (ALPHA->backend, address);
  assert_log (f, "");
  g_assert_cmpstr (plum_mapping_get_external_host (mapping), !=, "100.64.0.7");

  test_loop_settle (&f->loop);
  core_assert_events (f, "external-address external-host external-scope hops");
  g_assert_cmpstr (plum_mapping_get_external_host (mapping), ==, "100.64.0.7");
}

static void
on_success_run_loop (PlumMapping *mapping, GParamSpec *pspec, CoreFixture *f)
{
  if (plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS)
    test_loop_settle (&f->loop);
}

/* The notifications of others are not held up by a handler that runs the main loop. */
static void
test_handler_that_runs_the_loop (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add (f, 8080, 0);
  g_autoptr (PlumMapping) second = core_add (f, 8081, 0);

  g_signal_connect (first, "notify::state", G_CALLBACK (on_success_run_loop), f);
  g_signal_connect (second, "notify::state", G_CALLBACK (on_state_log), f);
  g_signal_connect_after (first, "notify::state", G_CALLBACK (on_state_log), f);
  test_loop_settle (&f->loop);
  assert_log (f, "success:8081 success:8080 ");
}

/* A copy of a list model, which is kept up to date by items-changed alone. */
typedef struct
{
  GListModel *model;
  GPtrArray *items;
  guint n_changes;
} Shadow;

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, Shadow *shadow)
{
  g_assert_cmpuint (position + removed, <=, shadow->items->len);
  if (removed > 0)
    g_ptr_array_remove_range (shadow->items, position, removed);
  for (guint i = 0; i < added; i++)
    g_ptr_array_insert (shadow->items, (int) (position + i),
                        g_list_model_get_item (model, position + i));

  g_assert_cmpuint (g_list_model_get_n_items (model), ==, shadow->items->len);
  for (guint i = 0; i < shadow->items->len; i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (model, i);

      g_assert_true (item == shadow->items->pdata[i]);
    }
  shadow->n_changes++;
}

static void
shadow_begin (Shadow *shadow, GListModel *model)
{
  shadow->model = model;
  shadow->items = g_ptr_array_new_with_free_func (g_object_unref);
  shadow->n_changes = 0;
  g_signal_connect (model, "items-changed", G_CALLBACK (on_items_changed), shadow);
}

static void
shadow_end (Shadow *shadow)
{
  g_signal_handlers_disconnect_by_data (shadow->model, shadow);
  g_ptr_array_unref (shadow->items);
}

static void
on_change_destroy_all (PlumManager *manager,
                       PlumMapping *mapping,
                       PlumState old_state,
                       CoreFixture *f)
{
  if (plum_mapping_get_state (mapping) != PLUM_STATE_SUCCESS)
    return;

  for (guint id = 1; id <= 4; id++)
    plum_manager_destroy_mapping_async (manager, id, NULL, NULL, NULL);
}

/* Several mappings are added and removed at once: the list never changes without its signal. */
static void
test_list_changes_with_its_signal (CoreFixture *f, gconstpointer data)
{
  Shadow mappings, gateways;

  shadow_begin (&mappings, G_LIST_MODEL (f->manager));
  shadow_begin (&gateways, plum_manager_get_gateways (f->manager));
  g_signal_connect (f->manager, "mapping-state-changed", G_CALLBACK (on_change_destroy_all), f);
  for (guint port = 8080; port < 8084; port++)
    g_object_unref (core_add (f, port == 8083 ? 8080 : port, 0));
  g_assert_cmpuint (mappings.items->len, ==, 4);

  core_set_gateway (f, "127.9.9.8");
  test_loop_settle (&f->loop);
  g_assert_cmpuint (mappings.items->len, ==, 0);
  g_assert_cmpuint (mappings.n_changes, ==, 8);
  g_assert_cmpuint (gateways.items->len, ==, 1);
  shadow_end (&mappings);
  shadow_end (&gateways);
}

static void
on_traffic_log (PlumGateway *gateway,
                const char *backend_name,
                PlumTrafficDirection direction,
                GSocketAddress *peer,
                GBytes *bytes,
                CoreFixture *f)
{
  g_string_append (f->events, backend_name);
}

static void
on_gateway_listen (GListModel *gateways, guint position, guint removed, guint added, CoreFixture *f)
{
  g_autoptr (PlumGateway) gateway = NULL;

  if (added == 0)
    return;

  gateway = g_list_model_get_item (gateways, position);
  g_signal_connect (gateway, "traffic", G_CALLBACK (on_traffic_log), f);
}

static PlumBackendClass *quiet_class;

static void
sending_discover (PlumBackend *backend, PlumCall *call)
{
  g_autoptr (GSocketAddress) peer = g_inet_socket_address_new_from_string ("127.9.9.9", 5351);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("12345", 5);

  plum_backend_report_traffic (backend, PLUM_TRAFFIC_SENT, peer, bytes);
  quiet_class->discover (backend, call);
}

static void
sending_class_init (gpointer klass, gpointer data)
{
  quiet_class = g_type_class_peek_parent (klass);
  PLUM_BACKEND_CLASS (klass)->discover = sending_discover;
}

/* The first packet is sent before the program can see the gateway, and reported after. */
static void
test_first_traffic_is_reported (CoreFixture *f, gconstpointer data)
{
  GListModel *gateways = plum_manager_get_gateways (f->manager);
  g_autoptr (PlumMapping) mapping = NULL;
  GTypeQuery query;
  GType type;

  g_type_query (fake_backend_type (FAKE_ALPHA), &query);
  type = g_type_register_static_simple (query.type, "Sending", query.class_size, sending_class_init,
                                        query.instance_size, NULL, 0);
  plum_manager_add_backend_type (f->manager, type, "sending", 400, NULL);
  g_signal_connect (gateways, "items-changed", G_CALLBACK (on_gateway_listen), f);

  mapping = core_add (f, 8080, 0);
  assert_log (f, "sending");
  core_set_gateway (f, "127.9.9.8");
  assert_log (f, "sending");
  g_signal_handlers_disconnect_by_data (gateways, f);
}

static void
on_success_unref_manager (PlumMapping *mapping, GParamSpec *pspec, CoreFixture *f)
{
  if (plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS)
    g_clear_object (&f->manager);
}

/* The last reference is dropped by a handler, while notifications of other mappings are queued. */
static void
test_last_reference_in_a_handler (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = new_logged (f);
  g_autoptr (PlumMapping) second = new_logged (f);

  g_assert_true (plum_manager_add_mapping (f->manager, first, NULL));
  g_assert_true (plum_manager_add_mapping (f->manager, second, NULL));
  g_string_truncate (f->events, 0);
  g_signal_connect (first, "notify::state", G_CALLBACK (on_success_unref_manager), f);
  test_loop_settle (&f->loop);
  g_assert_null (f->manager);
  core_assert_state (first, DESTROYED);
  core_assert_state (second, DESTROYED);
  assert_log (f, "success:8080 success:8080 destroyed:0 destroyed:0 ");
}

static void
on_note_destroy (PlumGateway *gateway, const char *backend_name, const char *note, CoreFixture *f)
{
  if (!g_str_equal (note, "a packet"))
    return;

  g_string_append (f->events, "note ");
  plum_manager_destroy_mapping_async (f->manager, 2, NULL, NULL, NULL);
}

/* A loss makes several lease holders start an attempt, and the first one fails at once. No handler
 * runs before all of them have acted. */
static void
test_loss_of_several (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_exact (f, 8080, 9000);
  g_autoptr (PlumMapping) second = NULL;
  g_autoptr (PlumMapping) third = NULL;

  test_loop_settle (&f->loop);
  second = core_add_exact (f, 8081, 9000);
  third = core_add_exact (f, 8082, 9000);
  test_loop_settle (&f->loop);
  core_assert_state (second, FAILURE);
  core_assert_state (third, FAILURE);

  g_signal_connect (core_gateway (f), "note", G_CALLBACK (on_note_destroy), f);
  plum_backend_report_note (BETA->backend, "a packet");
  plum_backend_report_lost (BETA->backend, "for the test");
  assert_log (f, "");
  test_loop_settle (&f->loop);
  assert_log (f, "note ");
  core_assert_state (first, SUCCESS);
  core_assert_state (second, DESTROYED);
  core_assert_state (third, FAILURE);
}

static void
on_outcome_assert (PlumProbe *probe, GParamSpec *pspec, GListModel *probes)
{
  for (guint i = 0; i < g_list_model_get_n_items (probes); i++)
    {
      g_autoptr (PlumProbe) other = g_list_model_get_item (probes, i);

      g_assert_cmpint (plum_probe_get_outcome (other), ==, PLUM_PROBE_FAILED);
    }
}

/* Starts a discovery that does not end by itself. (transfer full) */
static GListModel *
watch_pending_probes (CoreFixture *f)
{
  g_autoptr (PlumMapping) mapping = NULL;
  GListModel *probes;

  ALPHA->discover = BETA->discover = SILENCE;
  mapping = core_add (f, 8080, 0);
  probes = g_object_ref (plum_gateway_get_probes (core_gateway (f)));
  for (guint i = 0; i < g_list_model_get_n_items (probes); i++)
    g_signal_connect (core_probe (f, i), "notify::outcome", G_CALLBACK (on_outcome_assert), probes);
  return probes;
}

static void
assert_failed_and_free (GListModel *probes)
{
  g_assert_cmpuint (g_list_model_get_n_items (probes), ==, 2);
  on_outcome_assert (NULL, NULL, probes);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (PlumProbe) probe = g_list_model_get_item (probes, i);

      g_signal_handlers_disconnect_by_data (probe, probes);
    }
  g_object_unref (probes);
}

/* The gateway has closed all its backends before the outcome of the first is notified. */
static void
test_closed_by_a_setter (CoreFixture *f, gconstpointer data)
{
  GListModel *probes = watch_pending_probes (f);

  core_set_gateway (f, "127.9.9.8");
  assert_failed_and_free (probes);

  probes = g_object_ref (plum_gateway_get_probes (core_gateway (f)));
  for (guint i = 0; i < 2; i++)
    g_signal_connect (core_probe (f, i), "notify::outcome", G_CALLBACK (on_outcome_assert), probes);
  plum_manager_set_interface (f->manager, "no-such-interface");
  assert_failed_and_free (probes);
}

static void
test_closed_by_new_backends (CoreFixture *f, gconstpointer data)
{
  const char *const names[] = { "beta", NULL };
  GListModel *probes = watch_pending_probes (f);

  plum_manager_set_enabled_backends (f->manager, names);
  assert_failed_and_free (probes);
}

static void
test_closed_with_the_manager (CoreFixture *f, gconstpointer data)
{
  GListModel *probes = watch_pending_probes (f);

  g_assert_finalize_object (g_steal_pointer (&f->manager));
  assert_failed_and_free (probes);
}

static void
on_closed_log (GObject *source, GAsyncResult *result, gpointer data)
{
  CoreFixture *f = data;

  g_assert_true (plum_manager_close_finish (f->manager, result, NULL));
  g_string_append_printf (f->events, "closed:%u ",
                          g_list_model_get_n_items (plum_manager_get_gateways (f->manager)));
}

/* The close has notified everything when its callback runs. */
static void
test_gateways_are_removed_before_close (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  ALPHA->unmap = AFTER (500);
  plum_manager_close_async (f->manager, NULL, on_closed_log, f);
  test_loop_advance (&f->loop, 1000);
  assert_log (f, "closed:0 ");
}

static void
on_id_close (PlumMapping *mapping, GParamSpec *pspec, CoreFixture *f)
{
  plum_manager_close_async (f->manager, NULL, on_closed_log, f);
}

/* A handler closes the manager when the mapping is not in its list yet: it is released too. */
static void
test_closed_while_a_mapping_is_added (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 0);
  g_autoptr (PlumMapping) second = new_logged (f);

  core_destroy (f, first);
  test_loop_settle (&f->loop);
  core_assert_state (first, DESTROYED);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080 alpha:unmap:tcp:8080");

  ALPHA->map = AFTER (100);
  g_signal_connect (second, "notify::id", G_CALLBACK (on_id_close), f);
  g_assert_true (plum_manager_add_mapping (f->manager, second, NULL));
  test_loop_advance (&f->loop, 1000);
  core_assert_log ("alpha:map:tcp:8080:8080 alpha:unmap:tcp:8080");
  assert_log (f, "pending:0 destroying:0 destroyed:0 closed:0 ");
}

static void
on_added_destroy (GListModel *model, guint position, guint removed, guint added, CoreFixture *f)
{
  g_autoptr (PlumMapping) mapping = NULL;

  if (added == 0)
    return;

  mapping = g_list_model_get_item (model, position);
  core_destroy (f, mapping);
  g_object_add_weak_pointer (G_OBJECT (mapping), g_object_get_data (G_OBJECT (model), "location"));
}

/* A handler destroys the mapping before create_mapping_async() has returned. */
static void
test_destroyed_while_it_is_created (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gpointer location = f;

  g_object_set_data (G_OBJECT (f->manager), "location", &location);
  g_signal_connect (f->manager, "items-changed", G_CALLBACK (on_added_destroy), f);
  plum_manager_create_mapping_async (f->manager, PLUM_PROTOCOL_TCP, 8080, 0, 0, NULL,
                                     test_store_result, &f->result);
  test_loop_settle (&f->loop);
  g_assert_null (plum_manager_create_mapping_finish (f->manager, f->result, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_DESTROYED);
  g_clear_object (&f->result);
  g_assert_null (location);
}

/* The release is notified in the turn of the main loop that handles the cancellation. */
static void
test_create_cancelled (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  ALPHA->map = SILENCE;
  plum_manager_create_mapping_async (f->manager, PLUM_PROTOCOL_TCP, 8080, 0, 0, cancellable,
                                     test_store_result, &f->result);
  test_loop_settle (&f->loop);
  g_signal_connect (f->manager, "mapping-state-changed", G_CALLBACK (on_manager_log), f);
  g_cancellable_cancel (cancellable);
  g_main_context_iteration (f->loop.context, FALSE);
  assert_log (f, "[pending>destroying] ");
  test_loop_settle (&f->loop);
  assert_log (f, "[destroying>destroyed] ");
  g_assert_null (plum_manager_create_mapping_finish (f->manager, f->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  CORE_ADD ("/notify-last/each-state-in-turn", test_each_state_in_turn);
  CORE_ADD ("/notify-last/order-with-a-handler-that-destroys",
            test_order_with_a_handler_that_destroys);
  CORE_ADD ("/notify-last/added-by-a-handler", test_added_by_a_handler);
  CORE_ADD ("/notify-last/not-within-a-backend", test_not_within_a_backend);
  CORE_ADD ("/notify-last/handler-that-runs-the-loop", test_handler_that_runs_the_loop);
  CORE_ADD ("/notify-last/list-changes-with-its-signal", test_list_changes_with_its_signal);
  CORE_ADD ("/notify-last/first-traffic-is-reported", test_first_traffic_is_reported);
  CORE_ADD ("/notify-last/last-reference-in-a-handler", test_last_reference_in_a_handler);
  CORE_ADD_N ("/notify-last/loss-of-several", 2, test_loss_of_several);
  CORE_ADD_N ("/notify-last/closed-by-a-setter", 2, test_closed_by_a_setter);
  CORE_ADD_N ("/notify-last/closed-by-new-backends", 2, test_closed_by_new_backends);
  CORE_ADD_N ("/notify-last/closed-with-the-manager", 2, test_closed_with_the_manager);
  CORE_ADD ("/notify-last/gateways-are-removed-before-close",
            test_gateways_are_removed_before_close);
  CORE_ADD ("/notify-last/closed-while-a-mapping-is-added", test_closed_while_a_mapping_is_added);
  CORE_ADD ("/notify-last/destroyed-while-it-is-created", test_destroyed_while_it_is_created);
  CORE_ADD ("/notify-last/create-cancelled", test_create_cancelled);

  return g_test_run ();
}
