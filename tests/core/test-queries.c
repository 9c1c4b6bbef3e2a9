/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

/* Queries of the router's table, and their cancellation. */

static PlumCall *asked;       /* the last call of the backend that can list */
static PlumCall *asked_blind; /* the last one of the backend that cannot */
static PlumEntry *to_delete;  /* of the last call to delete */

static void
lister_list (PlumBackend *backend, PlumCall *call)
{
  g_set_object (&asked, call);
}

static void
lister_delete_entry (PlumBackend *backend, PlumEntry *entry, PlumCall *call)
{
  g_set_object (&to_delete, entry);
  g_set_object (&asked, call);
}

static void
lister_class_init (gpointer klass, gpointer data)
{
  PlumBackendClass *backend_class = klass;

  backend_class->list = lister_list;
  backend_class->delete_entry = lister_delete_entry;
}

/* Like alpha, but it has a table, which the test returns. */
static GType
lister_get_type (void)
{
  static GType type;
  GTypeQuery query;

  if (type == G_TYPE_INVALID)
    {
      g_type_query (fake_backend_type (FAKE_ALPHA), &query);
      type = g_type_register_static_simple (query.type, "Lister", query.class_size,
                                            (GClassInitFunc) lister_class_init, query.instance_size,
                                            NULL, 0);
    }

  return type;
}

static void
blind_delete_entry (PlumBackend *backend, PlumEntry *entry, PlumCall *call)
{
  g_set_object (&asked_blind, call);
}

static void
blind_class_init (gpointer klass, gpointer data)
{
  ((PlumBackendClass *) klass)->delete_entry = blind_delete_entry;
}

/* Like beta, but it deletes entries without having a table. */
static GType
blind_get_type (void)
{
  static GType type;
  GTypeQuery query;

  if (type == G_TYPE_INVALID)
    {
      g_type_query (fake_backend_type (FAKE_BETA), &query);
      type = g_type_register_static_simple (query.type, "Blind", query.class_size,
                                            (GClassInitFunc) blind_class_init, query.instance_size,
                                            NULL, 0);
    }

  return type;
}

/* The gateway is known, and its backend is discovered after ms milliseconds. */
static void
set_up (CoreFixture *f, gconstpointer ms)
{
  core_fixture_set_up (f, NULL);
  ALPHA->discover = AFTER (GPOINTER_TO_UINT (ms));
  plum_manager_add_backend_type (f->manager, lister_get_type (), "lister", 400, NULL);
  plum_manager_add_backend_type (f->manager, blind_get_type (), "blind", 500, NULL);
  plum_manager_discover_async (f->manager, NULL, NULL, NULL);
}

static void
tear_down (CoreFixture *f, gconstpointer data)
{
  g_clear_object (&asked);
  g_clear_object (&asked_blind);
  g_clear_object (&to_delete);
  core_fixture_tear_down (f, NULL);
}

static void
list (CoreFixture *f, GCancellable *cancellable)
{
  plum_gateway_list_entries_async (core_gateway (f), cancellable, test_store_result, &f->result);
}

static void
assert_cancelled (CoreFixture *f)
{
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (f->result);
  g_assert_null (plum_gateway_list_entries_finish (core_gateway (f), f->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_list (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GListStore) entries = g_list_store_new (PLUM_TYPE_ENTRY);
  g_autoptr (GListModel) got = NULL;
  g_autoptr (GError) error = NULL;

  list (f, NULL);
  test_loop_settle (&f->loop);
  plum_call_return_entries (asked, G_LIST_MODEL (entries));
  test_loop_settle (&f->loop);
  got = plum_gateway_list_entries_finish (core_gateway (f), f->result, &error);
  g_assert_no_error (error);
  g_assert_true (got == G_LIST_MODEL (entries));
}

static void
test_cancelled_before (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  list (f, cancellable);
  test_loop_settle (&f->loop);
  assert_cancelled (f);
}

/* No backend is decided yet. */
static void
test_cancelled_in_the_race (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  list (f, cancellable);
  test_loop_advance (&f->loop, 500);
  g_assert_null (f->result);
  g_cancellable_cancel (cancellable);
  test_loop_settle (&f->loop);
  assert_cancelled (f);

  test_loop_advance (&f->loop, 5000);
  g_assert_null (asked);
}

/* The backend is informed, and its result is ignored. */
static void
test_cancelled_while_asked (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GListStore) entries = g_list_store_new (PLUM_TYPE_ENTRY);

  list (f, cancellable);
  test_loop_settle (&f->loop);
  g_assert_nonnull (asked);
  g_cancellable_cancel (cancellable);
  test_loop_settle (&f->loop);
  assert_cancelled (f);

  g_assert_true (g_cancellable_is_cancelled (plum_call_get_cancellable (asked)));
  plum_call_return_entries (asked, G_LIST_MODEL (entries));
  test_loop_settle (&f->loop);
}

static void
test_delete_cancelled (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (PlumEntry) entry = plum_entry_new (PLUM_PROTOCOL_TCP, 80, 80, NULL, NULL, 60, TRUE);
  g_autoptr (GError) error = NULL;

  plum_gateway_delete_entry_async (core_gateway (f), entry, cancellable, test_store_result,
                                   &f->result);
  test_loop_settle (&f->loop);
  g_assert_nonnull (asked);
  g_cancellable_cancel (cancellable);
  test_loop_settle (&f->loop);
  g_assert_false (plum_gateway_delete_entry_finish (core_gateway (f), f->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Asks for a deletion; the backend that can list answers with code, or confirms if it is 0. */
static void
start_delete (CoreFixture *f, int code)
{
  g_autoptr (PlumEntry) entry = plum_entry_new (PLUM_PROTOCOL_TCP, 80, 80, NULL, NULL, 60, TRUE);

  plum_gateway_delete_entry_async (core_gateway (f), entry, NULL, test_store_result, &f->result);
  test_loop_settle (&f->loop);
  g_assert_nonnull (asked);
  g_assert_null (asked_blind);
  if (code == 0)
    plum_call_return_done (asked);
  else
    plum_call_fail (asked, (PlumError) code, "no");
  test_loop_settle (&f->loop);
}

static void
assert_deleted (CoreFixture *f, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (f->result);
  g_assert_cmpint (plum_gateway_delete_entry_finish (core_gateway (f), f->result, &error), ==,
                   code == 0);
  if (code != 0)
    g_assert_error (error, PLUM_ERROR, code);
}

/* The program has not seen the entry: the backend must find out that it leads to this host. */
static void
test_unmap_unseen (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  plum_manager_unmap_async (f->manager, PLUM_PROTOCOL_TCP, G_SOCKET_FAMILY_IPV4, 8080, 9000, NULL,
                            test_store_result, &f->result);
  test_loop_settle (&f->loop);
  g_assert_nonnull (to_delete);
  g_assert_cmpuint (plum_entry_get_external_port (to_delete), ==, 9000);
  g_assert_cmpuint (plum_entry_get_internal_port (to_delete), ==, 8080);
  g_assert_null (plum_entry_get_description (to_delete));
  g_assert_cmpuint (plum_entry_get_lifetime (to_delete), ==, 0);
  plum_call_return_done (asked);
  test_loop_settle (&f->loop);
  g_assert_true (plum_manager_unmap_finish (f->manager, f->result, &error));
  g_assert_no_error (error);
}

static void
test_delete_confirmed (CoreFixture *f, gconstpointer data)
{
  start_delete (f, 0);
  g_assert_null (asked_blind);
  assert_deleted (f, 0);
}

static void
test_delete_not_supported (CoreFixture *f, gconstpointer data)
{
  start_delete (f, PLUM_ERROR_NOT_SUPPORTED);
  plum_call_return_done (asked_blind);
  test_loop_settle (&f->loop);
  assert_deleted (f, 0);
}

/* A backend that cannot look confirms the deletion of what does not exist. */
static void
test_delete_not_there (CoreFixture *f, gconstpointer data)
{
  start_delete (f, PLUM_ERROR_DESTROYED);
  plum_call_return_done (asked_blind);
  test_loop_settle (&f->loop);
  assert_deleted (f, PLUM_ERROR_DESTROYED);
}

static void
test_delete_other_key (CoreFixture *f, gconstpointer data)
{
  start_delete (f, PLUM_ERROR_DESTROYED);
  plum_call_fail (asked_blind, PLUM_ERROR_REFUSED, "the key is not known");
  test_loop_settle (&f->loop);
  assert_deleted (f, PLUM_ERROR_REFUSED);
}

/* Another backend would confirm the deletion of another entry. */
static void
test_delete_failure_is_final (CoreFixture *f, gconstpointer data)
{
  const int codes[] = { PLUM_ERROR_TIMED_OUT, PLUM_ERROR_CONFLICT, PLUM_ERROR_REFUSED,
                        PLUM_ERROR_MALFORMED };

  for (gsize i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      start_delete (f, codes[i]);
      g_assert_null (asked_blind);
      assert_deleted (f, codes[i]);
      g_clear_object (&f->result);
      g_clear_object (&asked);
    }
}

/* The answer has already arrived. */
static void
test_cancelled_too_late (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GListStore) entries = g_list_store_new (PLUM_TYPE_ENTRY);
  g_autoptr (GListModel) got = NULL;
  g_autoptr (GError) error = NULL;

  list (f, cancellable);
  test_loop_settle (&f->loop);
  plum_call_return_entries (asked, G_LIST_MODEL (entries));
  test_loop_settle (&f->loop);
  got = plum_gateway_list_entries_finish (core_gateway (f), f->result, &error);
  g_assert_no_error (error);
  g_assert_nonnull (got);
  g_cancellable_cancel (cancellable);
  test_loop_settle (&f->loop);
}

/* The gateway is removed while its table is being read: the query fails. */
static void
test_gateway_removed (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumGateway) gateway = g_object_ref (core_gateway (f));
  g_autoptr (GError) error = NULL;

  list (f, NULL);
  test_loop_settle (&f->loop);
  core_set_gateway (f, "127.9.9.8");
  test_loop_advance (&f->loop, 60000);
  g_assert_nonnull (f->result);
  g_assert_null (plum_gateway_list_entries_finish (gateway, f->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_assert_cmpstr (error->message, ==, "The gateway is no longer available");
}

/* The same during the race. */
static void
test_gateway_removed_in_the_race (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumGateway) gateway = g_object_ref (core_gateway (f));
  g_autoptr (GError) error = NULL;

  list (f, NULL);
  core_set_gateway (f, "127.9.9.8");
  test_loop_advance (&f->loop, 60000);
  g_assert_nonnull (f->result);
  g_assert_null (plum_gateway_list_entries_finish (gateway, f->result, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_BACKEND);
}

/* The program keeps a gateway longer than the manager. */
static void
test_after_the_manager (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumGateway) gateway = g_object_ref (core_gateway (f));
  g_autoptr (GError) error = NULL;

  test_loop_settle (&f->loop);
  g_assert_finalize_object (g_steal_pointer (&f->manager));
  plum_gateway_list_entries_async (gateway, NULL, test_store_result, &f->result);
  test_loop_settle (&f->loop);
  g_assert_nonnull (f->result);
  g_assert_null (plum_gateway_list_entries_finish (gateway, f->result, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_BACKEND);
}

#define ADD(path, ms, func)                                                                        \
  g_test_add (path, CoreFixture, GUINT_TO_POINTER (ms), set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("/query/list", 0, test_list);
  ADD ("/query/cancelled/before", 0, test_cancelled_before);
  ADD ("/query/cancelled/in-the-race", 1000, test_cancelled_in_the_race);
  ADD ("/query/cancelled/while-asked", 0, test_cancelled_while_asked);
  ADD ("/query/cancelled/delete", 0, test_delete_cancelled);
  ADD ("/query/cancelled/too-late", 0, test_cancelled_too_late);
  ADD ("/query/unmap/unseen", 0, test_unmap_unseen);
  ADD ("/query/delete/confirmed", 0, test_delete_confirmed);
  ADD ("/query/delete/not-supported", 0, test_delete_not_supported);
  ADD ("/query/delete/not-there", 0, test_delete_not_there);
  ADD ("/query/delete/other-key", 0, test_delete_other_key);
  ADD ("/query/delete/failure-is-final", 0, test_delete_failure_is_final);
  ADD ("/query/gateway-removed", 0, test_gateway_removed);
  ADD ("/query/gateway-removed-in-the-race", 1000, test_gateway_removed_in_the_race);
  ADD ("/query/after-the-manager", 0, test_after_the_manager);

  return g_test_run ();
}
