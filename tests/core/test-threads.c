/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which context calls back, and what a call in the wrong thread does. */

#include "core-fixture.h"

/* --- Callbacks arrive in the main context of the manager --- */

typedef void (*CallFunc) (CoreFixture *f, PlumMapping *mapping);

static void
call_create (CoreFixture *f, PlumMapping *mapping)
{
  plum_manager_create_mapping_async (f->manager, PLUM_PROTOCOL_TCP, 90, 0, 0, NULL,
                                     test_store_result, &f->result);
}

static void
call_destroy (CoreFixture *f, PlumMapping *mapping)
{
  plum_manager_destroy_mapping_async (f->manager, plum_mapping_get_id (mapping), NULL,
                                      test_store_result, &f->result);
}

static void
call_discover (CoreFixture *f, PlumMapping *mapping)
{
  plum_manager_discover_async (f->manager, NULL, test_store_result, &f->result);
}

static void
call_close (CoreFixture *f, PlumMapping *mapping)
{
  plum_manager_close_async (f->manager, NULL, test_store_result, &f->result);
}

static void
call_wait (CoreFixture *f, PlumMapping *mapping)
{
  plum_mapping_wait_async (mapping, NULL, test_store_result, &f->result);
}

static void
call_list (CoreFixture *f, PlumMapping *mapping)
{
  plum_gateway_list_entries_async (core_gateway (f), NULL, test_store_result, &f->result);
}

static void
call_delete (CoreFixture *f, PlumMapping *mapping)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("192.168.1.2");
  g_autoptr (PlumEntry) entry = plum_entry_new (PLUM_PROTOCOL_TCP, 80, 80, address, "", 0, TRUE);

  plum_gateway_delete_entry_async (core_gateway (f), entry, NULL, test_store_result, &f->result);
}

/* Failures that are known at once, and a cancelled call, call back from the task itself. */
static void
call_create_invalid (CoreFixture *f, PlumMapping *mapping)
{
  plum_manager_create_mapping_async (f->manager, PLUM_PROTOCOL_TCP, 90, 70000, 0, NULL,
                                     test_store_result, &f->result);
}

static void
call_create_cancelled (CoreFixture *f, PlumMapping *mapping)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  plum_manager_create_mapping_async (f->manager, PLUM_PROTOCOL_TCP, 90, 0, 0, cancellable,
                                     test_store_result, &f->result);
}

static void
call_destroy_unknown (CoreFixture *f, PlumMapping *mapping)
{
  plum_manager_destroy_mapping_async (f->manager, 77, NULL, test_store_result, &f->result);
}

static void
call_unmap (CoreFixture *f, PlumMapping *mapping)
{
  plum_manager_unmap_async (f->manager, PLUM_PROTOCOL_TCP, G_SOCKET_FAMILY_IPV4, 90, 0, NULL,
                            test_store_result, &f->result);
}

static void
call_unmap_host (CoreFixture *f, PlumMapping *mapping)
{
  g_autoptr (GInetAddress) host = g_inet_address_new_from_string ("127.0.0.9");

  plum_manager_unmap_host_async (f->manager, PLUM_PROTOCOL_TCP, host, 90, 0, NULL,
                                 test_store_result, &f->result);
}

static void
call_discover_family (CoreFixture *f, PlumMapping *mapping)
{
  plum_manager_discover_family_async (f->manager, G_SOCKET_FAMILY_IPV4, NULL, test_store_result,
                                      &f->result);
}

static void
call_query_address (CoreFixture *f, PlumMapping *mapping)
{
  plum_gateway_query_external_address_async (core_gateway (f), NULL, test_store_result, &f->result);
}

static void
call_query_upstream (CoreFixture *f, PlumMapping *mapping)
{
  plum_gateway_query_upstream_async (core_gateway (f), NULL, test_store_result, &f->result);
}

static const struct
{
  const char *name;
  CallFunc func;
} calls[] = {
  { "create", call_create },
  { "create-invalid", call_create_invalid },
  { "create-cancelled", call_create_cancelled },
  { "destroy", call_destroy },
  { "destroy-unknown", call_destroy_unknown },
  { "discover", call_discover },
  { "unmap", call_unmap },
  { "close", call_close },
  { "wait", call_wait },
  { "list-entries", call_list },
  { "delete-entry", call_delete },
  { "unmap-host", call_unmap_host },
  { "discover-family", call_discover_family },
  { "query-external-address", call_query_address },
  { "query-upstream", call_query_upstream },
};

typedef struct
{
  CoreFixture core;
  CallFunc func;
} ContextFixture;

static void
set_up_context (ContextFixture *f, gconstpointer data)
{
  core_fixture_set_up (&f->core, NULL);
  f->func = calls[GPOINTER_TO_UINT (data)].func;
}

static void
tear_down_context (ContextFixture *f, gconstpointer data)
{
  core_fixture_tear_down (&f->core, NULL);
}

/* The caller has another thread-default context, or none. */
static void
test_context (ContextFixture *f, gconstpointer data)
{
  g_autoptr (GMainContext) other = g_main_context_new ();
  g_autoptr (PlumMapping) mapping = core_add_up (&f->core, 80, 0);

  g_main_context_push_thread_default (other);
  f->func (&f->core, mapping);
  g_main_context_pop_thread_default (other);

  while (g_main_context_iteration (other, FALSE))
    ;
  g_assert_null (f->core.result);

  test_loop_settle (&f->core.loop);
  g_assert_nonnull (f->core.result);
}

static void
test_no_thread_default (ContextFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (&f->core, 80, 0);

  g_main_context_pop_thread_default (f->core.loop.context);
  f->func (&f->core, mapping);
  g_main_context_push_thread_default (f->core.loop.context);

  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_null (f->core.result);

  test_loop_settle (&f->core.loop);
  g_assert_nonnull (f->core.result);
}

/* --- Calls in another thread --- */

typedef struct
{
  GMainContext *context;
  GMainLoop *main_loop;
  GThread *thread;
  PlumManager *manager;
  PlumMapping *mapping;
  guint n_ready; /* atomic */
} Worker;

static gpointer
run_worker (gpointer user_data)
{
  Worker *worker = user_data;

  g_main_context_push_thread_default (worker->context);
  g_main_loop_run (worker->main_loop);
  g_main_context_pop_thread_default (worker->context);
  return NULL;
}

static gboolean
on_ready (gpointer user_data)
{
  g_atomic_int_inc ((int *) user_data);
  return G_SOURCE_REMOVE;
}

static void
worker_start (Worker *worker)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  worker->context = g_main_context_new ();
  worker->main_loop = g_main_loop_new (worker->context, FALSE);
  g_main_context_push_thread_default (worker->context);
  worker->manager = g_object_new (PLUM_TYPE_MANAGER, NULL);
  g_main_context_pop_thread_default (worker->context);

  /* Before a thread runs the context, any thread may call. */
  plum_manager_set_enabled_backends (worker->manager, (const char *[]){ NULL });
  worker->mapping = plum_mapping_new (PLUM_PROTOCOL_TCP, 80);
  g_assert_true (plum_manager_add_mapping (worker->manager, worker->mapping, NULL));

  worker->thread = g_thread_new ("worker", run_worker, worker);
  g_source_set_callback (source, on_ready, &worker->n_ready, NULL);
  g_source_attach (source, worker->context);
  while (g_atomic_int_get (&worker->n_ready) == 0)
    g_thread_yield ();
}

static void
worker_stop (Worker *worker)
{
  g_main_loop_quit (worker->main_loop);
  g_thread_join (worker->thread);

  /* No thread runs the context now, so that this one may. */
  g_clear_object (&worker->mapping);
  g_assert_finalize_object (g_steal_pointer (&worker->manager));
  while (g_main_context_iteration (worker->context, FALSE))
    ;
  g_clear_pointer (&worker->main_loop, g_main_loop_unref);
  g_clear_pointer (&worker->context, g_main_context_unref);
}

static void
expect_critical (const char *function)
{
  g_autofree char *pattern =
    g_strdup_printf ("%s() must be called in the thread that runs the main context*", function);

  g_test_expect_message ("Plum", G_LOG_LEVEL_CRITICAL, pattern);
}

#define ASSERT_CRITICAL(function, ...)                                                             \
  G_STMT_START                                                                                     \
  {                                                                                                \
    expect_critical (#function);                                                                   \
    function (__VA_ARGS__);                                                                        \
    g_test_assert_expected_messages ();                                                            \
  }                                                                                                \
  G_STMT_END

static void
never_called (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_assert_not_reached ();
}

static void
test_manager_in_other_thread (void)
{
  Worker worker = { 0 };
  g_autoptr (PlumMapping) mapping = plum_mapping_new (PLUM_PROTOCOL_TCP, 81);

  worker_start (&worker);
  ASSERT_CRITICAL (plum_manager_create_mapping_async, worker.manager, PLUM_PROTOCOL_TCP, 80, 0, 0,
                   NULL, never_called, NULL);
  ASSERT_CRITICAL (plum_manager_destroy_mapping_async, worker.manager, 1, NULL, never_called, NULL);
  ASSERT_CRITICAL (plum_manager_discover_async, worker.manager, NULL, never_called, NULL);
  ASSERT_CRITICAL (plum_manager_close_async, worker.manager, NULL, never_called, NULL);
  ASSERT_CRITICAL (plum_manager_add_mapping, worker.manager, mapping, NULL);
  ASSERT_CRITICAL (plum_manager_has_mapping, worker.manager, 1);
  ASSERT_CRITICAL (plum_manager_lookup_mapping, worker.manager, 1);
  ASSERT_CRITICAL (plum_manager_get_local_address, worker.manager, NULL);
  ASSERT_CRITICAL (plum_manager_set_interface, worker.manager, "lo");
  ASSERT_CRITICAL (plum_manager_get_gateways, worker.manager);
  ASSERT_CRITICAL (plum_manager_get_recheck_period, worker.manager);
  g_assert_true (plum_manager_get_main_context (worker.manager) == worker.context);
  worker_stop (&worker);
}

static void
test_mapping_in_other_thread (void)
{
  Worker worker = { 0 };

  worker_start (&worker);
  ASSERT_CRITICAL (plum_mapping_wait_async, worker.mapping, NULL, never_called, NULL);
  ASSERT_CRITICAL (plum_mapping_get_backend_name, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_description, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_error, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_error_summary, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_expires_at, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_external_address, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_external_host, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_external_port, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_external_scope, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_family, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_gateway, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_generation, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_id, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_internal_port, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_lifetime, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_local_address, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_protocol, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_requested_external_port, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_require_external_port, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_state, worker.mapping);
  ASSERT_CRITICAL (plum_mapping_get_verdicts, worker.mapping);
  worker_stop (&worker);
}

/* The critical message aborts a test program. */
static void
test_last_reference_in_other_thread (void)
{
  Worker worker = { 0 };

  if (g_test_subprocess ())
    {
      worker_start (&worker);
      g_object_unref (worker.manager);
      return;
    }

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*g_object_unref() must be called in the thread that runs*");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_autofree char *path = g_strdup_printf ("/threads/context/%s", calls[i].name);
      g_autofree char *none = g_strdup_printf ("/threads/no-thread-default/%s", calls[i].name);

      g_test_add (path, ContextFixture, GUINT_TO_POINTER (i), set_up_context, test_context,
                  tear_down_context);
      g_test_add (none, ContextFixture, GUINT_TO_POINTER (i), set_up_context,
                  test_no_thread_default, tear_down_context);
    }
  g_test_add_func ("/threads/other-thread/manager", test_manager_in_other_thread);
  g_test_add_func ("/threads/other-thread/mapping", test_mapping_in_other_thread);
  g_test_add_func ("/threads/other-thread/last-reference", test_last_reference_in_other_thread);

  return g_test_run ();
}
