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

  return g_test_run ();
}
