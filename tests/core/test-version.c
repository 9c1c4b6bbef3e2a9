/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <plum-glib/plum-glib.h>

#include <string.h>

static void
test_numbers (void)
{
  g_autofree char *text = g_strdup_printf ("%u.%u.%u", plum_get_major_version (),
                                           plum_get_minor_version (), plum_get_micro_version ());

  g_assert_cmpstr (plum_get_version (), ==, text);
  g_assert_cmpuint (plum_get_major_version (), ==, PLUM_MAJOR_VERSION);
  g_assert_cmpuint (plum_get_minor_version (), ==, PLUM_MINOR_VERSION);
  g_assert_cmpuint (plum_get_micro_version (), ==, PLUM_MICRO_VERSION);
}

static void
test_compatible (void)
{
  g_assert_null (plum_check_version (PLUM_MAJOR_VERSION, PLUM_MINOR_VERSION, PLUM_MICRO_VERSION));
  g_assert_null (plum_check_version (PLUM_MAJOR_VERSION, 0, 0));
  g_assert_true (PLUM_CHECK_VERSION (PLUM_MAJOR_VERSION, PLUM_MINOR_VERSION, PLUM_MICRO_VERSION));
}

static void
assert_incompatible (guint major, guint minor, guint micro, const char *reason)
{
  const char *text = plum_check_version (major, minor, micro);

  g_assert_nonnull (text);
  g_test_message ("%s", text);
  g_assert_nonnull (strstr (text, reason));
}

static void
test_incompatible (void)
{
  assert_incompatible (PLUM_MAJOR_VERSION, PLUM_MINOR_VERSION, PLUM_MICRO_VERSION + 1, "too old");
  assert_incompatible (PLUM_MAJOR_VERSION, PLUM_MINOR_VERSION + 1, 0, "too old");
  assert_incompatible (PLUM_MAJOR_VERSION + 1, 0, 0, "too old");
  assert_incompatible (PLUM_MAJOR_VERSION - 1, 99, 99, "too new");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/version/numbers", test_numbers);
  g_test_add_func ("/version/compatible", test_compatible);
  g_test_add_func ("/version/incompatible", test_incompatible);

  return g_test_run ();
}
