/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A backend that takes several requests in one call. */

#include <string.h>

#include "core-fixture.h"

#define TYPE_SEVERAL_BACKEND (several_backend_get_type ())

G_DECLARE_FINAL_TYPE (SeveralBackend, several_backend, SEVERAL, BACKEND, PlumBackend)

struct _SeveralBackend
{
  PlumBackend parent_instance;
};

G_DEFINE_FINAL_TYPE (SeveralBackend, several_backend, PLUM_TYPE_BACKEND)

/* The ports of each call, such as "8080 8081; 8082; ". */
static GString *called;
static gboolean fails;
static SeveralBackend *last; /* borrowed */

static void
several_backend_settle (PlumBackend *backend, PlumCall *call)
{
  plum_call_return_done (call);
}

static void
several_backend_map_several (PlumBackend *backend, GListModel *calls)
{
  guint n = g_list_model_get_n_items (calls);

  g_assert_true (g_list_model_get_item_type (calls) == PLUM_TYPE_CALL);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (PlumCall) call = g_list_model_get_item (calls, i);
      PlumRequest *request = plum_call_get_request (call);
      g_autoptr (PlumLease) lease =
        plum_lease_new (NULL, plum_request_get_external_port (request), 7200, NULL);

      g_string_append_printf (called, "%u%s", plum_request_get_internal_port (request),
                              i + 1 < n ? " " : "; ");
      if (fails)
        plum_call_fail (call, PLUM_ERROR_NO_RESOURCES, "several: full");
      else
        plum_call_return_lease (call, lease);
    }
}

static void
several_backend_unmap (PlumBackend *backend, PlumRequest *request, PlumLease *lease, PlumCall *call)
{
  plum_call_return_done (call);
}

static void
several_backend_class_init (SeveralBackendClass *klass)
{
  PlumBackendClass *backend_class = PLUM_BACKEND_CLASS (klass);

  backend_class->discover = several_backend_settle;
  backend_class->map_several = several_backend_map_several;
  backend_class->unmap = several_backend_unmap;
}

static void
several_backend_init (SeveralBackend *self)
{
  last = self;
}

static void
set_up (CoreFixture *f, gconstpointer data)
{
  core_fixture_set_up (f, data);
  called = g_string_new (NULL);
  fails = FALSE;
  plum_manager_add_backend_type (f->manager, TYPE_SEVERAL_BACKEND, "several", 400, NULL);
}

static void
tear_down (CoreFixture *f, gconstpointer data)
{
  core_fixture_tear_down (f, data);
  g_string_free (called, TRUE);
}

static void
assert_called (const char *expected)
{
  g_assert_cmpstr (called->str, ==, expected);
  g_string_set_size (called, 0);
}

static void
add_three (CoreFixture *f)
{
  for (guint port = 8080; port < 8083; port++)
    g_object_unref (core_add (f, port, 0));
}

/* --- Requests --- */

static void
test_one_turn (CoreFixture *f, gconstpointer data)
{
  add_three (f);
  test_loop_advance (&f->loop, 1000);
  assert_called ("8080 8081 8082; ");

  g_object_unref (core_add (f, 80, 0));
  g_object_unref (core_add (f, 90, 0));
  assert_called ("");
  test_loop_settle (&f->loop);
  assert_called ("80 90; ");
}

static void
test_turns (CoreFixture *f, gconstpointer data)
{
  g_object_unref (core_add (f, 8080, 0));
  test_loop_advance (&f->loop, 1000);
  g_object_unref (core_add (f, 8081, 0));
  test_loop_settle (&f->loop);
  assert_called ("8080; 8081; ");
}

/* A request that is given up in the same turn is not passed on. */
static void
test_given_up (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  add_three (f);
  test_loop_advance (&f->loop, 1000);
  assert_called ("8080 8081 8082; ");

  mapping = core_add (f, 80, 0);
  g_object_unref (core_add (f, 90, 0));
  core_destroy (f, mapping);
  test_loop_settle (&f->loop);
  assert_called ("90; ");
}

static void
test_all_given_up (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  add_three (f);
  test_loop_advance (&f->loop, 1000);
  assert_called ("8080 8081 8082; ");

  mapping = core_add (f, 80, 0);
  core_destroy (f, mapping);
  test_loop_settle (&f->loop);
  assert_called ("");
}

/* The manager is disposed before the call is made. */
static void
test_disposed (CoreFixture *f, gconstpointer data)
{
  add_three (f);
  test_loop_advance (&f->loop, 1000);
  g_string_set_size (called, 0);

  g_object_unref (core_add (f, 80, 0));
  g_object_run_dispose (G_OBJECT (f->manager));
  test_loop_settle (&f->loop);
  assert_called ("");
}

/* The default of supports() counts here, too. */
static void
test_unsupported (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GInetAddressMask) remote = g_inet_address_mask_new_from_string ("1.2.3.0/24", NULL);
  g_autoptr (PlumMapping) mapping =
    g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "remote-address", remote, NULL);

  g_assert_true (plum_manager_add_mapping (f->manager, mapping, NULL));
  test_loop_advance (&f->loop, 5000);
  core_assert_state (mapping, FAILURE);
  assert_called ("");
}

/* --- Time --- */

static void
test_renewals (CoreFixture *f, gconstpointer data)
{
  add_three (f);
  test_loop_advance (&f->loop, 1000);
  g_string_set_size (called, 0);

  for (guint i = 0; i < 5; i++)
    {
      test_loop_advance_until (&f->loop, called->len > 0, 4600 * 1000);
      test_loop_settle (&f->loop);
      g_assert_cmpuint (called->len, ==, strlen ("8080 8081 8082; "));
      g_string_set_size (called, 0);
    }
}

static void
test_loss (CoreFixture *f, gconstpointer data)
{
  add_three (f);
  test_loop_advance (&f->loop, 1000);
  g_string_set_size (called, 0);

  plum_backend_report_lost (PLUM_BACKEND (last), "a restart");
  test_loop_advance (&f->loop, 6000);
  g_assert_cmpuint (called->len, ==, strlen ("8080 8081 8082; "));
}

static void
test_retries (CoreFixture *f, gconstpointer data)
{
  ALPHA->map = NO (REFUSED);
  fails = TRUE;
  add_three (f);
  test_loop_advance (&f->loop, 1000);
  assert_called ("8080 8081 8082; ");

  fails = FALSE;
  test_loop_advance (&f->loop, 20000);
  g_assert_cmpuint (called->len, ==, strlen ("8080 8081 8082; "));
}

/* Renewals by a backend that takes one request at a time stay apart: it would have to queue them.
 */
static void
test_others_are_spread (CoreFixture *f, gconstpointer data)
{
  guint n_turns = 0;

  plum_manager_set_enabled_backends (f->manager, (const char *const[]){ "alpha", NULL });
  add_three (f);
  test_loop_advance (&f->loop, 1000);
  for (guint n_map = ALPHA->n_map; n_map < 6; n_map = ALPHA->n_map)
    {
      test_loop_advance_until (&f->loop, ALPHA->n_map > n_map, 4600 * 1000);
      n_turns++;
    }
  g_assert_cmpuint (n_turns, ==, 3);
}

#define ADD(path, func) g_test_add ("/several/" path, CoreFixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("one-turn", test_one_turn);
  ADD ("turns", test_turns);
  ADD ("given-up", test_given_up);
  ADD ("all-given-up", test_all_given_up);
  ADD ("disposed", test_disposed);
  ADD ("unsupported", test_unsupported);
  ADD ("renewals", test_renewals);
  ADD ("loss", test_loss);
  ADD ("retries", test_retries);
  ADD ("others-are-spread", test_others_are_spread);

  return g_test_run ();
}
