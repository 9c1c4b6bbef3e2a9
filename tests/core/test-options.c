/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The options of backends. */

#include "core-fixture.h"

static void
set (CoreFixture *f, const char *name, const char *key, GVariant *value)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (plum_manager_set_backend_option (f->manager, name, key, value, &error));
  g_assert_no_error (error);
}

/* Returns the option as the backend sees it. */
static char *
dup_seen (CoreFixture *f, const char *key)
{
  g_autoptr (GVariant) value = plum_backend_dup_option (ALPHA->backend, key, G_VARIANT_TYPE_STRING);

  return value != NULL ? g_variant_dup_string (value, NULL) : NULL;
}

static void
assert_seen (CoreFixture *f, const char *key, const char *expected)
{
  g_autofree char *seen = dup_seen (f, key);

  g_assert_cmpstr (seen, ==, expected);
}

static void
test_before_use (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GVariant) value = NULL;

  set (f, "alpha", "location", g_variant_new_string ("one"));
  set (f, "beta", "location", g_variant_new_string ("two"));
  set (f, "alpha", "location-2", g_variant_new_string ("three"));
  value = plum_manager_dup_backend_option (f->manager, "beta", "location");
  g_assert_cmpstr (g_variant_get_string (value, NULL), ==, "two");
  g_assert_null (plum_manager_dup_backend_option (f->manager, "gamma", "location"));

  mapping = core_add_up (f, 8080, 0);
  assert_seen (f, "location", "one");
  assert_seen (f, "location-2", "three");
  assert_seen (f, "other", NULL);
}

/* The backends are created again, so that they need not watch their options. */
static void
test_while_in_use (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  assert_seen (f, "location", NULL);
  g_free (fake_backends_take_log ());
  set (f, "alpha", "location", g_variant_new_string ("one"));
  test_loop_advance (&f->loop, 5000);
  assert_seen (f, "location", "one");
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpuint (ALPHA->n_discover, ==, 2);

  /* The same value changes nothing. */
  set (f, "alpha", "location", g_variant_new_string ("one"));
  test_loop_advance (&f->loop, 5000);
  g_assert_cmpuint (ALPHA->n_discover, ==, 2);

  set (f, "alpha", "location", NULL);
  test_loop_advance (&f->loop, 5000);
  assert_seen (f, "location", NULL);
  g_assert_cmpuint (ALPHA->n_discover, ==, 3);
  set (f, "alpha", "location", NULL);
  test_loop_advance (&f->loop, 5000);
  g_assert_cmpuint (ALPHA->n_discover, ==, 3);
}

static void
count_message (PlumLogLevel level, const char *domain, const char *message, gpointer user_data)
{
  if (strstr (message, "alpha.location") != NULL)
    ++*(guint *) user_data;
}

static void
test_wrong_type (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  guint n_messages = 0;

  set (f, "alpha", "location", g_variant_new_uint32 (7));
  mapping = core_add_up (f, 8080, 0);
  plum_log_set_level (PLUM_LOG_LEVEL_WARN);
  plum_log_set_func (count_message, &n_messages, NULL);
  assert_seen (f, "location", NULL);
  plum_log_set_func (NULL, NULL, NULL);
  plum_log_set_level (PLUM_LOG_LEVEL_NONE);
  g_assert_cmpuint (n_messages, ==, 1);
}

static void
assert_fails (CoreFixture *f, const char *name, const char *key, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (
    plum_manager_set_backend_option (f->manager, name, key, g_variant_new_boolean (TRUE), &error));
  g_assert_error (error, G_IO_ERROR, code);
}

static void
test_errors (CoreFixture *f, gconstpointer data)
{
  static const char *const odd[] = { "", "Location", "a.b", "1a", "a b", "ä" };

  for (gsize i = 0; i < G_N_ELEMENTS (odd); i++)
    {
      assert_fails (f, "alpha", odd[i], G_IO_ERROR_INVALID_ARGUMENT);
      assert_fails (f, odd[i], "location", G_IO_ERROR_INVALID_ARGUMENT);
    }

  plum_manager_close_async (f->manager, NULL, NULL, NULL);
  assert_fails (f, "alpha", "location", G_IO_ERROR_CLOSED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  CORE_ADD_N ("/options/before-use", 2, test_before_use);
  CORE_ADD ("/options/while-in-use", test_while_in_use);
  CORE_ADD ("/options/wrong-type", test_wrong_type);
  CORE_ADD ("/options/errors", test_errors);

  return g_test_run ();
}
