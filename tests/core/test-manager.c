/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fake-backend.h"

typedef struct
{
  TestLoop loop;
  PlumManager *manager;
  GAsyncResult *result;
} Fixture;

static void
set_up (Fixture *f, gconstpointer n_backends)
{
  test_loop_set_up (&f->loop, TRUE);
  f->manager = fake_manager_new (n_backends != NULL ? GPOINTER_TO_UINT (n_backends) : 1);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_object (&f->result);
  test_loop_settle (&f->loop);
  fake_backends_reset ();
  g_assert_finalize_object (g_steal_pointer (&f->manager));
  test_loop_tear_down (&f->loop);
}

static PlumMapping *
add (Fixture *f, PlumProtocol protocol, guint port)
{
  g_autoptr (GError) error = NULL;
  PlumMapping *mapping = plum_mapping_new (protocol, port);

  plum_manager_add_mapping (f->manager, mapping, &error);
  g_assert_no_error (error);
  return mapping;
}

static PlumMapping *
add_up (Fixture *f, PlumProtocol protocol, guint port)
{
  PlumMapping *mapping = add (f, protocol, port);

  test_loop_settle (&f->loop);
  g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_SUCCESS);
  return mapping;
}

static void
create (Fixture *f, guint port, guint timeout_ms, GCancellable *cancellable)
{
  plum_manager_create_mapping_async (f->manager, PLUM_PROTOCOL_TCP, port, 0, timeout_ms,
                                     cancellable, test_store_result, &f->result);
}

static void
assert_create_fails (Fixture *f, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;

  test_loop_settle (&f->loop);
  g_assert_nonnull (f->result);
  g_assert_null (plum_manager_create_mapping_finish (f->manager, f->result, &error));
  g_assert_error (error, domain, code);
  g_clear_object (&f->result);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 0);
}

static void
test_silent_before_first_add (Fixture *f, gconstpointer data)
{
  test_loop_advance (&f->loop, 3600 * 1000);

  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_made, ==, 0);
  g_assert_cmpuint (g_list_model_get_n_items (plum_manager_get_gateways (f->manager)), ==, 0);
}

static void
test_add_is_pending_at_once (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add (f, PLUM_PROTOCOL_TCP, 8080);
  g_autoptr (PlumMapping) listed = g_list_model_get_item (G_LIST_MODEL (f->manager), 0);

  g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_PENDING);
  g_assert_cmpuint (plum_mapping_get_id (mapping), ==, 1);
  g_assert_true (listed == mapping);
  g_assert_true (plum_manager_has_mapping (f->manager, 1));
  g_assert_false (plum_manager_has_mapping (f->manager, 2));
}

static void
on_state_check_all (PlumMapping *mapping, GParamSpec *pspec, guint *n_success)
{
  if (plum_mapping_get_state (mapping) != PLUM_STATE_SUCCESS)
    return;

  ++*n_success;
  g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==, 8080);
  g_assert_cmpstr (plum_mapping_get_external_host (mapping), ==, "1.2.3.4");
  g_assert_nonnull (plum_mapping_get_external_address (mapping));
  g_assert_cmpint (plum_mapping_get_external_scope (mapping), ==, PLUM_ADDRESS_SCOPE_PUBLIC);
  g_assert_cmpstr (plum_mapping_get_backend_name (mapping), ==, "alpha");
  g_assert_nonnull (plum_mapping_get_gateway (mapping));
  g_assert_cmpuint (plum_mapping_get_lifetime (mapping), ==, 7200);
  g_assert_nonnull (plum_mapping_get_expires_at (mapping));
  g_assert_null (plum_mapping_get_error (mapping));
}

static void
test_all_is_right_at_success (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add (f, PLUM_PROTOCOL_TCP, 8080);
  guint n_success = 0;

  g_signal_connect (mapping, "notify::state", G_CALLBACK (on_state_check_all), &n_success);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (n_success, ==, 1);
}

static void
on_manager_state (PlumManager *manager, PlumMapping *mapping, PlumState old_state, GString *states)
{
  g_string_append_printf (states, "%d>%d ", old_state, plum_mapping_get_state (mapping));
}

static void
test_manager_signal (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) states = g_string_new (NULL);
  g_autoptr (PlumMapping) mapping = NULL;

  g_signal_connect (f->manager, "mapping-state-changed", G_CALLBACK (on_manager_state), states);
  mapping = add_up (f, PLUM_PROTOCOL_UDP, 5000);
  plum_manager_destroy_mapping_async (f->manager, 1, NULL, NULL, NULL);
  test_loop_settle (&f->loop);

  /* destroyed > pending > success > destroying > destroyed */
  g_assert_cmpstr (states->str, ==, "0>1 1>2 2>4 4>0 ");
}

static void
test_create (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PlumMapping) mapping = NULL;

  create (f, 8080, 0, NULL);
  test_loop_settle (&f->loop);
  mapping = plum_manager_create_mapping_finish (f->manager, f->result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==, 8080);
  g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_SUCCESS);
}

static void
test_create_refused (Fixture *f, gconstpointer data)
{
  fake_backend_script (FAKE_ALPHA)->map = (FakeReply){ .fails = TRUE, .code = PLUM_ERROR_REFUSED };
  create (f, 8080, 0, NULL);
  assert_create_fails (f, PLUM_ERROR, PLUM_ERROR_REFUSED);

  test_loop_advance (&f->loop, 3600 * 1000);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_map, ==, 1);
}

static void
test_create_timeout (Fixture *f, gconstpointer data)
{
  g_autofree char *log = NULL;

  fake_backend_script (FAKE_ALPHA)->map.silent = TRUE;
  create (f, 8080, 2000, NULL);
  test_loop_advance (&f->loop, 1999);
  g_assert_null (f->result);
  test_loop_advance (&f->loop, 300);
  assert_create_fails (f, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);

  log = fake_backends_take_log ();
  g_assert_cmpstr (log, ==, "alpha:discover alpha:map:tcp:8080:8080 alpha:unmap:tcp:8080");
}

static void
test_create_without_network (Fixture *f, gconstpointer data)
{
  plum_manager_set_gateway_address (f->manager, NULL);
  plum_manager_set_interface (f->manager, "none0");
  create (f, 8080, 0, NULL);
  assert_create_fails (f, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
}

#define BAD_PROTOCOL ((PlumProtocol) 9)

static void
test_bad_protocol (Fixture *f, gconstpointer data)
{
  g_autoptr (GInetAddress) host = g_inet_address_new_from_string ("127.60.0.50");
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) host_error = NULL;

  plum_manager_create_mapping_async (f->manager, BAD_PROTOCOL, 80, 0, 0, NULL, test_store_result,
                                     &f->result);
  assert_create_fails (f, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);

  plum_manager_unmap_async (f->manager, BAD_PROTOCOL, G_SOCKET_FAMILY_IPV4, 80, 0, NULL,
                            test_store_result, &f->result);
  test_loop_settle (&f->loop);
  g_assert_false (plum_manager_unmap_finish (f->manager, f->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_object (&f->result);

  plum_manager_unmap_host_async (f->manager, BAD_PROTOCOL, host, 80, 0, NULL, test_store_result,
                                 &f->result);
  test_loop_settle (&f->loop);
  g_assert_false (plum_manager_unmap_host_finish (f->manager, f->result, &host_error));
  g_assert_error (host_error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_object (&f->result);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_made, ==, 0);
}

static void
test_new_with_bad_protocol (void)
{
  g_test_expect_message ("Plum", G_LOG_LEVEL_CRITICAL, "*plum_protocol_is_valid*");
  g_assert_null (plum_mapping_new (BAD_PROTOCOL, 80));
  g_test_assert_expected_messages ();
  g_test_expect_message ("Plum", G_LOG_LEVEL_CRITICAL, "*plum_protocol_is_valid*");
  g_assert_null (plum_entry_new (BAD_PROTOCOL, 80, 80, NULL, NULL, 0, TRUE));
  g_test_assert_expected_messages ();
}

static void
test_create_bad_port (Fixture *f, gconstpointer data)
{
  create (f, 0, 0, NULL);
  assert_create_fails (f, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  create (f, 65536, 0, NULL);
  assert_create_fails (f, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_made, ==, 0);
}

static void
test_create_cancelled_before (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  create (f, 8080, 0, cancellable);
  assert_create_fails (f, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_made, ==, 0);
}

static void
test_create_cancelled_in_discovery (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  fake_backend_script (FAKE_ALPHA)->discover.silent = TRUE;
  create (f, 8080, 0, cancellable);
  test_loop_settle (&f->loop);
  g_cancellable_cancel (cancellable);
  assert_create_fails (f, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_map, ==, 0);
}

static void
test_create_cancelled_in_map (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  fake_backend_script (FAKE_ALPHA)->map.silent = TRUE;
  create (f, 8080, 0, cancellable);
  test_loop_settle (&f->loop);
  g_cancellable_cancel (cancellable);
  assert_create_fails (f, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 1);
}

static void
destroy_async (Fixture *f, guint id)
{
  plum_manager_destroy_mapping_async (f->manager, id, NULL, test_store_result, &f->result);
}

static void
assert_destroy_fails (Fixture *f, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;

  test_loop_settle (&f->loop);
  g_assert_false (plum_manager_destroy_mapping_finish (f->manager, f->result, &error));
  g_assert_error (error, domain, code);
  g_clear_object (&f->result);
}

static void
test_destroy_waits_for_the_router (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_up (f, PLUM_PROTOCOL_TCP, 8080);
  g_autoptr (GError) error = NULL;

  fake_backend_script (FAKE_ALPHA)->unmap.delay_ms = 500;
  destroy_async (f, 1);
  test_loop_advance (&f->loop, 499);
  g_assert_null (f->result);
  g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_DESTROYING);
  test_loop_advance (&f->loop, 1);
  g_assert_true (plum_manager_destroy_mapping_finish (f->manager, f->result, &error));
  g_assert_no_error (error);
  g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_DESTROYED);
  g_assert_false (plum_manager_has_mapping (f->manager, 1));
}

static void
test_destroy_twice (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_up (f, PLUM_PROTOCOL_TCP, 8080);

  fake_backend_script (FAKE_ALPHA)->unmap.delay_ms = 500;
  plum_manager_destroy_mapping_async (f->manager, 1, NULL, NULL, NULL);
  destroy_async (f, 1);
  assert_destroy_fails (f, PLUM_ERROR, PLUM_ERROR_DESTROYED);
  test_loop_advance (&f->loop, 500);
  destroy_async (f, 1);
  assert_destroy_fails (f, PLUM_ERROR, PLUM_ERROR_DESTROYED);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 1);
}

static void
test_destroy_cancelled (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_up (f, PLUM_PROTOCOL_TCP, 8080);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  fake_backend_script (FAKE_ALPHA)->unmap.delay_ms = 500;
  plum_manager_destroy_mapping_async (f->manager, 1, cancellable, test_store_result, &f->result);
  g_cancellable_cancel (cancellable);
  assert_destroy_fails (f, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_DESTROYING);
  test_loop_advance (&f->loop, 500);
  g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_DESTROYED);
}

static void
test_destroy_unconfirmed (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_up (f, PLUM_PROTOCOL_TCP, 8080);
  g_autoptr (GError) error = NULL;

  fake_backend_script (FAKE_ALPHA)->unmap.silent = TRUE;
  destroy_async (f, 1);
  test_loop_advance (&f->loop, plum_manager_get_mapping_timeout (f->manager));
  g_assert_true (plum_manager_destroy_mapping_finish (f->manager, f->result, &error));
  g_assert_no_error (error);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
}

static void
close_async (Fixture *f)
{
  plum_manager_close_async (f->manager, NULL, test_store_result, &f->result);
}

static void
test_close_deletes_all (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = add_up (f, PLUM_PROTOCOL_TCP, 8080);
  g_autoptr (PlumMapping) second = add_up (f, PLUM_PROTOCOL_UDP, 8080);
  g_autoptr (GError) error = NULL;

  close_async (f);
  test_loop_settle (&f->loop);
  g_assert_true (plum_manager_close_finish (f->manager, f->result, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 2);
  g_assert_cmpint (plum_mapping_get_state (first), ==, PLUM_STATE_DESTROYED);
  g_assert_cmpint (plum_mapping_get_state (second), ==, PLUM_STATE_DESTROYED);
  g_assert_cmpint (plum_clock_get_next_deadline (f->loop.clock), ==, -1);
}

static void
test_close_reports_what_stays (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_up (f, PLUM_PROTOCOL_TCP, 8080);
  g_autoptr (GError) error = NULL;

  fake_backend_script (FAKE_ALPHA)->unmap =
    (FakeReply){ .fails = TRUE, .code = PLUM_ERROR_REFUSED };
  close_async (f);
  test_loop_settle (&f->loop);
  g_assert_false (plum_manager_close_finish (f->manager, f->result, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (error->message, "TCP port 8080 (alpha said no to unmap)"));
}

static void
test_close_twice (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  plum_manager_close_async (f->manager, NULL, NULL, NULL);
  close_async (f);
  test_loop_settle (&f->loop);
  g_assert_false (plum_manager_close_finish (f->manager, f->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

static void
test_closed_refuses_everything (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = plum_mapping_new (PLUM_PROTOCOL_TCP, 8080);
  g_autoptr (GError) error = NULL;

  close_async (f);
  test_loop_settle (&f->loop);
  g_clear_object (&f->result);

  g_assert_false (plum_manager_add_mapping (f->manager, mapping, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_null (plum_manager_get_local_address (f->manager, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_clear_error (&error);
  create (f, 8080, 0, NULL);
  assert_create_fails (f, G_IO_ERROR, G_IO_ERROR_CLOSED);
  destroy_async (f, 1);
  assert_destroy_fails (f, G_IO_ERROR, G_IO_ERROR_CLOSED);
  plum_manager_discover_async (f->manager, NULL, test_store_result, &f->result);
  test_loop_settle (&f->loop);
  g_assert_false (plum_manager_discover_finish (f->manager, f->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

static void
test_close_fails_a_pending_create (Fixture *f, gconstpointer data)
{
  fake_backend_script (FAKE_ALPHA)->map.silent = TRUE;
  create (f, 8080, 0, NULL);
  test_loop_settle (&f->loop);
  plum_manager_close_async (f->manager, NULL, NULL, NULL);
  test_loop_advance (&f->loop, 300);
  assert_create_fails (f, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

static void
test_close_is_bounded (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_up (f, PLUM_PROTOCOL_TCP, 8080);
  g_autoptr (GError) error = NULL;

  fake_backend_script (FAKE_ALPHA)->unmap.silent = TRUE;
  close_async (f);
  test_loop_advance (&f->loop, plum_manager_get_mapping_timeout (f->manager));
  g_assert_nonnull (f->result);
  g_assert_false (plum_manager_close_finish (f->manager, f->result, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
}

static void
test_dispose_destroys_mappings (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_up (f, PLUM_PROTOCOL_TCP, 8080);

  g_object_run_dispose (G_OBJECT (f->manager));
  g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_DESTROYED);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 0);
  g_assert_cmpint (plum_clock_get_next_deadline (f->loop.clock), ==, -1);
}

static void
test_local_address (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GInetAddress) address = plum_manager_get_local_address (f->manager, &error);

  g_assert_no_error (error);
  g_assert_true (g_inet_address_get_is_loopback (address));
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_made, ==, 0);
}

static void
test_add_twice (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_up (f, PLUM_PROTOCOL_TCP, 8080);
  g_autoptr (GError) error = NULL;

  g_assert_false (plum_manager_add_mapping (f->manager, mapping, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
}

static void
on_state_destroy (PlumMapping *mapping, GParamSpec *pspec, PlumManager *manager)
{
  if (plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS)
    plum_manager_destroy_mapping_async (manager, plum_mapping_get_id (mapping), NULL, NULL, NULL);
}

static void
test_destroy_in_a_handler (Fixture *f, gconstpointer data)
{
  PlumMapping *mapping = add (f, PLUM_PROTOCOL_TCP, 8080);

  g_signal_connect (mapping, "notify::state", G_CALLBACK (on_state_destroy), f->manager);
  g_object_unref (mapping);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 0);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 1);
}

static void
test_wait (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add (f, PLUM_PROTOCOL_TCP, 8080);
  g_autoptr (GError) error = NULL;

  plum_mapping_wait_async (mapping, NULL, test_store_result, &f->result);
  test_loop_settle (&f->loop);
  g_assert_true (plum_mapping_wait_finish (mapping, f->result, &error));
  g_assert_no_error (error);
}

static void
test_wait_cancelled (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  fake_backend_script (FAKE_ALPHA)->map.delay_ms = 1000;
  mapping = add (f, PLUM_PROTOCOL_TCP, 8080);
  plum_mapping_wait_async (mapping, cancellable, test_store_result, &f->result);
  test_loop_settle (&f->loop);
  g_cancellable_cancel (cancellable);
  test_loop_settle (&f->loop);
  g_assert_false (plum_mapping_wait_finish (mapping, f->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  test_loop_advance (&f->loop, 1000);
  g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_SUCCESS);
}

static void
assert_wait_fails (Fixture *f, PlumMapping *mapping, int code)
{
  g_autoptr (GError) error = NULL;

  test_loop_settle (&f->loop);
  g_assert_nonnull (f->result);
  g_assert_false (plum_mapping_wait_finish (mapping, f->result, &error));
  g_assert_error (error, PLUM_ERROR, code);
}

static void
test_wait_for_a_failure (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  fake_backend_script (FAKE_ALPHA)->map = (FakeReply){ .fails = TRUE, .code = PLUM_ERROR_REFUSED };
  mapping = add (f, PLUM_PROTOCOL_TCP, 8080);
  plum_mapping_wait_async (mapping, NULL, test_store_result, &f->result);
  assert_wait_fails (f, mapping, PLUM_ERROR_REFUSED);
}

static void
test_wait_for_the_destroyed (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  fake_backend_script (FAKE_ALPHA)->map.silent = TRUE;
  mapping = add (f, PLUM_PROTOCOL_TCP, 8080);
  plum_mapping_wait_async (mapping, NULL, test_store_result, &f->result);
  plum_manager_destroy_mapping_async (f->manager, 1, NULL, NULL, NULL);
  test_loop_advance (&f->loop, 2000);
  assert_wait_fails (f, mapping, PLUM_ERROR_DESTROYED);
}

/* The state is no longer pending: the operation returns at once. */
static void
test_wait_afterwards (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) up = add (f, PLUM_PROTOCOL_TCP, 8080);
  g_autoptr (PlumMapping) failed = NULL;
  g_autoptr (GError) error = NULL;

  test_loop_settle (&f->loop);
  plum_mapping_wait_async (up, NULL, test_store_result, &f->result);
  test_loop_settle (&f->loop);
  g_assert_true (plum_mapping_wait_finish (up, f->result, &error));
  g_assert_no_error (error);
  g_clear_object (&f->result);

  fake_backend_script (FAKE_ALPHA)->map = (FakeReply){ .fails = TRUE, .code = PLUM_ERROR_REFUSED };
  failed = add (f, PLUM_PROTOCOL_TCP, 8081);
  test_loop_settle (&f->loop);
  plum_mapping_wait_async (failed, NULL, test_store_result, &f->result);
  assert_wait_fails (f, failed, PLUM_ERROR_REFUSED);
  g_clear_object (&f->result);

  plum_manager_destroy_mapping_async (f->manager, 1, NULL, NULL, NULL);
  test_loop_settle (&f->loop);
  plum_mapping_wait_async (up, NULL, test_store_result, &f->result);
  assert_wait_fails (f, up, PLUM_ERROR_DESTROYED);
}

static void
test_create_destroyed (Fixture *f, gconstpointer data)
{
  fake_backend_script (FAKE_ALPHA)->map.silent = TRUE;
  create (f, 8080, 0, NULL);
  test_loop_settle (&f->loop);
  plum_manager_destroy_mapping_async (f->manager, 1, NULL, NULL, NULL);
  test_loop_advance (&f->loop, 2000);
  assert_create_fails (f, PLUM_ERROR, PLUM_ERROR_DESTROYED);
}

static void
test_add_bad_family (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping =
    g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "family", G_SOCKET_FAMILY_UNIX, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (plum_manager_add_mapping (f->manager, mapping, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 0);
}

/* A configured gateway address has one family, and is not used for the other. */
static void
test_add_of_the_other_family (Fixture *f, gconstpointer data)
{
  g_autoptr (GInetAddress) gateway = g_inet_address_new_from_string ("127.77.99.1");
  g_autoptr (PlumMapping) mapping =
    g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "family", G_SOCKET_FAMILY_IPV6, NULL);
  g_autoptr (GError) error = NULL;

  plum_manager_set_gateway_address (f->manager, gateway);
  g_assert_true (plum_manager_add_mapping (f->manager, mapping, &error));
  g_assert_no_error (error);
  test_loop_settle (&f->loop);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
  g_assert_cmpstr (plum_mapping_get_error (mapping)->message, ==,
                   "The gateway address is set to 127.77.99.1, which is not an IPv6 address");
}

static void
test_discover (Fixture *f, gconstpointer data)
{
  GListModel *gateways = plum_manager_get_gateways (f->manager);
  g_autoptr (PlumGateway) gateway = NULL;
  g_autoptr (PlumProbe) second = NULL;
  g_autoptr (GError) error = NULL;

  fake_backend_script (FAKE_BETA)->discover =
    (FakeReply){ .fails = TRUE, .delay_ms = 300, .code = PLUM_ERROR_TIMED_OUT };
  plum_manager_discover_async (f->manager, NULL, test_store_result, &f->result);
  test_loop_settle (&f->loop);
  g_assert_null (f->result);
  test_loop_advance (&f->loop, 300);
  g_assert_true (plum_manager_discover_finish (f->manager, f->result, &error));
  g_assert_no_error (error);

  gateway = g_list_model_get_item (gateways, 0);
  g_assert_cmpstr (plum_gateway_get_interface (gateway), ==, "lo");
  g_assert_cmpstr (plum_gateway_get_backend_name (gateway), ==, "alpha");
  g_assert_cmpint (plum_gateway_get_external_scope (gateway), ==, PLUM_ADDRESS_SCOPE_PUBLIC);
  second = g_list_model_get_item (plum_gateway_get_probes (gateway), 1);
  g_assert_cmpstr (plum_probe_get_name (second), ==, "beta");
  g_assert_cmpint (plum_probe_get_outcome (second), ==, PLUM_PROBE_TIMED_OUT);
  g_assert_cmpuint (plum_probe_get_ms (second), ==, 300);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_map, ==, 0);
}

/* With an IPv6 gateway address, the local address is that of the IPv6 network. */
static void
test_discover_ipv6 (Fixture *f, gconstpointer data)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV6);
  g_autoptr (PlumGateway) gateway = NULL;
  g_autoptr (GInetAddress) local = NULL;
  g_autoptr (GError) error = NULL;

  plum_manager_set_gateway_address (f->manager, address);
  local = plum_manager_get_local_address (f->manager, NULL);
  if (local == NULL)
    {
      g_test_skip ("no IPv6 on this machine");
      return;
    }

  plum_manager_discover_async (f->manager, NULL, test_store_result, &f->result);
  test_loop_settle (&f->loop);
  g_assert_true (plum_manager_discover_finish (f->manager, f->result, &error));
  g_assert_no_error (error);
  gateway = g_list_model_get_item (plum_manager_get_gateways (f->manager), 0);
  g_assert_cmpint (plum_gateway_get_family (gateway), ==, G_SOCKET_FAMILY_IPV6);
}

static void
test_discover_cancelled (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  fake_backend_script (FAKE_ALPHA)->discover.silent = TRUE;
  plum_manager_discover_async (f->manager, cancellable, test_store_result, &f->result);
  test_loop_settle (&f->loop);
  g_cancellable_cancel (cancellable);
  test_loop_settle (&f->loop);
  g_assert_false (plum_manager_discover_finish (f->manager, f->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("/manager/silent-before-first-add", test_silent_before_first_add);
  ADD ("/manager/add/pending-at-once", test_add_is_pending_at_once);
  ADD ("/manager/add/all-is-right-at-success", test_all_is_right_at_success);
  ADD ("/manager/add/twice", test_add_twice);
  ADD ("/manager/state-signal", test_manager_signal);
  ADD ("/manager/create/success", test_create);
  ADD ("/manager/create/refused-is-not-retried", test_create_refused);
  ADD ("/manager/create/timeout-is-deleted", test_create_timeout);
  ADD ("/manager/create/no-network", test_create_without_network);
  ADD ("/manager/create/bad-port", test_create_bad_port);
  ADD ("/manager/bad-protocol", test_bad_protocol);
  g_test_add_func ("/manager/new-with-bad-protocol", test_new_with_bad_protocol);
  ADD ("/manager/create/destroyed", test_create_destroyed);
  ADD ("/manager/add/bad-family", test_add_bad_family);
  ADD ("/manager/add/other-family-than-the-gateway", test_add_of_the_other_family);
  ADD ("/manager/create/cancelled-before", test_create_cancelled_before);
  ADD ("/manager/create/cancelled-in-discovery", test_create_cancelled_in_discovery);
  ADD ("/manager/create/cancelled-in-map", test_create_cancelled_in_map);
  ADD ("/manager/destroy/waits-for-the-router", test_destroy_waits_for_the_router);
  ADD ("/manager/destroy/twice", test_destroy_twice);
  ADD ("/manager/destroy/cancelled", test_destroy_cancelled);
  ADD ("/manager/destroy/unconfirmed", test_destroy_unconfirmed);
  ADD ("/manager/destroy/in-a-handler", test_destroy_in_a_handler);
  ADD ("/manager/close/deletes-all", test_close_deletes_all);
  ADD ("/manager/close/reports-what-stays", test_close_reports_what_stays);
  ADD ("/manager/close/twice", test_close_twice);
  ADD ("/manager/close/refuses-everything", test_closed_refuses_everything);
  ADD ("/manager/close/fails-a-pending-create", test_close_fails_a_pending_create);
  ADD ("/manager/close/bounded", test_close_is_bounded);
  ADD ("/manager/dispose", test_dispose_destroys_mappings);
  ADD ("/manager/local-address", test_local_address);
  ADD ("/mapping/wait", test_wait);
  ADD ("/mapping/wait-for-a-failure", test_wait_for_a_failure);
  ADD ("/mapping/wait-for-the-destroyed", test_wait_for_the_destroyed);
  ADD ("/mapping/wait-afterwards", test_wait_afterwards);
  ADD ("/mapping/wait-cancelled", test_wait_cancelled);
  g_test_add ("/manager/discover", Fixture, GUINT_TO_POINTER (2), set_up, test_discover, tear_down);
  ADD ("/manager/discover-ipv6", test_discover_ipv6);
  ADD ("/manager/discover-cancelled", test_discover_cancelled);

  return g_test_run ();
}
