/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-backend-private.h"
#include "test-loop.h"

/* A backend that implements no method: the minimum that a third party can write. */

G_DECLARE_FINAL_TYPE (BareBackend, bare_backend, BARE, BACKEND, PlumBackend)

struct _BareBackend
{
  PlumBackend parent_instance;
};

G_DEFINE_FINAL_TYPE (BareBackend, bare_backend, PLUM_TYPE_BACKEND)

static void
bare_backend_class_init (BareBackendClass *klass)
{
}

static void
bare_backend_init (BareBackend *self)
{
}

/* Every call fails immediately with NOT_SUPPORTED. */
static void
test_defaults (gconstpointer data)
{
  PlumCallKind kind = GPOINTER_TO_INT (data);
  g_autoptr (PlumNetwork) network = test_network_new ("192.0.2.1", "192.0.2.2");
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 8080, 7200, 1);
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, 8080, 7200, NULL);
  g_autoptr (PlumEntry) entry = plum_entry_new (PLUM_PROTOCOL_TCP, 80, 80, NULL, NULL, 60, TRUE);
  const PlumCallArgs args = { request, lease, entry };
  g_autoptr (PlumCall) done = NULL;
  PlumBackend *backend;
  TestLoop loop;

  test_loop_set_up (&loop, TRUE);
  backend = test_backend_new (bare_backend_get_type (), network);
  done = test_call (&loop, backend, kind, &args, 5000);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==,
                   "The backend “BareBackend” does not support this operation");
  g_clear_object (&done);
  test_loop_settle (&loop);
  g_assert_finalize_object (backend);
  test_loop_tear_down (&loop);
}

/* --- Another thread --- */

static void
settle_done (PlumCall *call)
{
  plum_call_return_done (call);
}

static void
settle_remaining (PlumCall *call)
{
  plum_call_return_remaining (call, 60);
}

static void
settle_lease (PlumCall *call)
{
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, 8080, 7200, NULL);

  plum_call_return_lease (call, lease);
}

static void
settle_address (PlumCall *call)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("198.51.100.1");

  plum_call_return_address (call, address);
}

static void
settle_entries (PlumCall *call)
{
  g_autoptr (GListStore) entries = g_list_store_new (PLUM_TYPE_ENTRY);

  plum_call_return_entries (call, G_LIST_MODEL (entries));
}

static void
settle_error (PlumCall *call)
{
  plum_call_return_error (call, g_error_new_literal (PLUM_ERROR, PLUM_ERROR_REFUSED, "no"));
}

static void
settle_failure (PlumCall *call)
{
  plum_call_fail (call, PLUM_ERROR_REFUSED, "no");
}

static void
set_cancelled_func (PlumCall *call)
{
  plum_call_set_cancelled_func (call, NULL, NULL);
}

static const struct
{
  const char *function;
  PlumCallKind kind;
  void (*settle) (PlumCall *call);
} settlements[] = {
  { "return_done", PLUM_CALL_DISCOVER, settle_done },
  { "return_remaining", PLUM_CALL_CHECK, settle_remaining },
  { "return_lease", PLUM_CALL_MAP, settle_lease },
  { "return_address", PLUM_CALL_GET_EXTERNAL_ADDRESS, settle_address },
  { "return_entries", PLUM_CALL_LIST, settle_entries },
  { "return_error", PLUM_CALL_MAP, settle_error },
  { "fail", PLUM_CALL_UNMAP, settle_failure },
  { "set_cancelled_func", PLUM_CALL_UNMAP, set_cancelled_func },
};

typedef struct
{
  PlumCallHost host;
  PlumCall *call;
  guint i;
} Settlement;

static gpointer
settle_in_thread (gpointer user_data)
{
  Settlement *settlement = user_data;

  settlements[settlement->i].settle (settlement->call);
  return NULL;
}

static void
never_settled (PlumCall *call, gpointer user_data)
{
  g_assert_not_reached ();
}

/* Another thread runs the context of the backend: the result is ignored. */
static void
test_settled_in_other_thread (gconstpointer data)
{
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 8080, 7200, 1);
  g_autoptr (GObject) owner = G_OBJECT (g_cancellable_new ());
  Settlement settlement = { .i = GPOINTER_TO_UINT (data) };
  g_autofree char *pattern = NULL;
  TestLoop loop;

  test_loop_set_up (&loop, TRUE);
  settlement.host = (PlumCallHost){ .owner = owner,
                                    .name = "threaded",
                                    .clock = plum_clock_ref_for_context (loop.context),
                                    .context = loop.context };
  g_queue_init (&settlement.host.calls);
  settlement.call = plum_call_new (&settlement.host, settlements[settlement.i].kind, request, 5000,
                                   never_settled, NULL);

  pattern = g_strdup_printf ("plum_call_%s() must be called in the thread that runs*",
                             settlements[settlement.i].function);
  g_test_expect_message ("Plum", G_LOG_LEVEL_CRITICAL, pattern);
  g_assert_true (g_main_context_acquire (loop.context));
  g_thread_join (g_thread_new ("other", settle_in_thread, &settlement));
  g_test_assert_expected_messages ();
  g_main_context_release (loop.context);

  test_loop_settle (&loop);
  g_assert_false (plum_call_is_settled (settlement.call));
  plum_call_cancel (settlement.call);
  g_clear_object (&settlement.call);
  plum_clock_unref (settlement.host.clock);
  test_loop_tear_down (&loop);
}

/* --- Signals --- */

static gboolean
is_observed (gpointer user_data)
{
  return FALSE;
}

static void
on_event (PlumBackend *backend, const PlumBackendEvent *event, gpointer user_data)
{
  g_autofree char *address =
    event->address != NULL ? g_inet_address_to_string (event->address) : NULL;

  g_string_append_printf (user_data, "%d:%s ", event->kind,
                          event->text != NULL ? event->text : address);
}

/* A backend may emit the signals itself instead of calling the report functions. */
static void
test_signals_reach_the_observer (void)
{
  static const PlumBackendObserver observer = {
    .is_observed = is_observed,
    .handle_event = on_event,
  };
  g_autoptr (PlumNetwork) network = test_network_new ("192.0.2.1", "192.0.2.2");
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("198.51.100.1");
  g_autoptr (GString) events = g_string_new (NULL);
  g_autofree char *expected = g_strdup_printf ("%d:restarted %d:198.51.100.1 ", PLUM_BACKEND_LOST,
                                               PLUM_BACKEND_ADDRESS_CHANGED);
  PlumBackend *backend;
  TestLoop loop;

  test_loop_set_up (&loop, TRUE);
  backend = test_backend_new (bare_backend_get_type (), network);
  plum_backend_set_observer (backend, &observer, events);
  g_signal_emit_by_name (backend, "lost", "restarted");
  g_signal_emit_by_name (backend, "external-address-changed", address);
  g_assert_cmpstr (events->str, ==, expected);
  plum_backend_close (backend);
  g_assert_finalize_object (backend);
  test_loop_tear_down (&loop);
}

#define ADD(path, kind) g_test_add_data_func (path, GINT_TO_POINTER (kind), test_defaults)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/backend/signals/reach-the-observer", test_signals_reach_the_observer);
  ADD ("/backend/bare/discover", PLUM_CALL_DISCOVER);
  ADD ("/backend/bare/map", PLUM_CALL_MAP);
  ADD ("/backend/bare/unmap", PLUM_CALL_UNMAP);
  ADD ("/backend/bare/check", PLUM_CALL_CHECK);
  ADD ("/backend/bare/external-address", PLUM_CALL_GET_EXTERNAL_ADDRESS);
  ADD ("/backend/bare/list", PLUM_CALL_LIST);
  ADD ("/backend/bare/delete-entry", PLUM_CALL_DELETE_ENTRY);
  for (guint i = 0; i < G_N_ELEMENTS (settlements); i++)
    {
      g_autofree char *path = g_strdup_printf ("/backend/thread/%s", settlements[i].function);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_settled_in_other_thread);
    }

  return g_test_run ();
}
