/* SPDX-License-Identifier: LGPL-2.1-or-later */

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

#define ADD(path, kind) g_test_add_data_func (path, GINT_TO_POINTER (kind), test_defaults)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("/backend/bare/discover", PLUM_CALL_DISCOVER);
  ADD ("/backend/bare/map", PLUM_CALL_MAP);
  ADD ("/backend/bare/unmap", PLUM_CALL_UNMAP);
  ADD ("/backend/bare/check", PLUM_CALL_CHECK);
  ADD ("/backend/bare/external-address", PLUM_CALL_GET_EXTERNAL_ADDRESS);
  ADD ("/backend/bare/list", PLUM_CALL_LIST);
  ADD ("/backend/bare/delete-entry", PLUM_CALL_DELETE_ENTRY);

  return g_test_run ();
}
