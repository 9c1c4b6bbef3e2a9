/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a backend reports about the router, and what of it the program sees. */

#include "core-fixture.h"

#include <string.h>

static void
set_up (CoreFixture *f, gconstpointer data)
{
  core_fixture_set_up (f, NULL);
  plum_manager_discover_async (f->manager, NULL, NULL, NULL);
  test_loop_settle (&f->loop);
}

static void
report (CoreFixture *f, const char *model, const char *url)
{
  plum_backend_report_router (ALPHA->backend, "AVM", model, "7.57", url);
  test_loop_settle (&f->loop);
}

static void
test_unknown (CoreFixture *f, gconstpointer data)
{
  g_assert_null (plum_gateway_get_manufacturer (core_gateway (f)));
  g_assert_null (plum_gateway_get_model (core_gateway (f)));
  g_assert_null (plum_gateway_get_model_version (core_gateway (f)));
  g_assert_null (plum_gateway_get_presentation_url (core_gateway (f)));
  g_assert_cmpint (plum_gateway_get_connection_status (core_gateway (f)), ==,
                   PLUM_CONNECTION_STATUS_UNKNOWN);
  g_assert_cmpuint (plum_gateway_get_uptime (core_gateway (f)), ==, 0);
}

static void
on_notify (GObject *object, GParamSpec *pspec, GString *names)
{
  g_string_append_printf (names, "%s ", pspec->name);
}

static void
take_names (GString *names, const char *expected)
{
  g_auto (GStrv) words = g_strsplit (names->str, " ", -1);
  g_auto (GStrv) wanted = g_strsplit (expected, " ", -1);

  g_assert_cmpuint (g_strv_length (words), ==, g_strv_length (wanted) + 1);
  for (guint i = 0; wanted[i] != NULL; i++)
    g_assert_true (g_strv_contains ((const char *const *) words, wanted[i]));
  g_string_truncate (names, 0);
}

/* What has changed is notified, and nothing else. */
static void
test_notified (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GString) names = g_string_new (NULL);

  g_signal_connect (core_gateway (f), "notify", G_CALLBACK (on_notify), names);
  report (f, "FRITZ!Box 7590", "http://127.9.9.9/");
  take_names (names, "manufacturer model model-version presentation-url");
  report (f, "FRITZ!Box 7590", "http://127.9.9.9/");
  g_assert_cmpstr (names->str, ==, "");
  report (f, NULL, "http://127.9.9.9/");
  take_names (names, "model");
  g_assert_null (plum_gateway_get_model (core_gateway (f)));

  plum_backend_report_connection (ALPHA->backend, PLUM_CONNECTION_STATUS_CONNECTED, 60);
  test_loop_settle (&f->loop);
  take_names (names, "connection-status uptime");
  plum_backend_report_connection (ALPHA->backend, PLUM_CONNECTION_STATUS_CONNECTED, 61);
  test_loop_settle (&f->loop);
  take_names (names, "uptime");
  g_signal_handlers_disconnect_by_data (core_gateway (f), names);
}

static void
test_texts (CoreFixture *f, gconstpointer data)
{
  static const struct
  {
    const char *text;
    const char *want;
  } rows[] = {
    { "FRITZ!Box 7590", "FRITZ!Box 7590" },
    { "\033[31mred\033[0m", "[31mred[0m" },
    { "  two\n lines\t", "two lines" },
    { "a\xff\xc0z", "a\357\277\275\357\277\275z" },
    { "left\342\200\256right", "leftright" },
    { "", NULL },
    { "\n\n", NULL },
    { "\342\200\213", NULL },
  };
  g_autofree char *long_text = g_strnfill (5000, 'm');

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      report (f, rows[i].text, NULL);
      g_assert_cmpstr (plum_gateway_get_model (core_gateway (f)), ==, rows[i].want);
    }

  report (f, long_text, NULL);
  g_assert_cmpint (g_utf8_strlen (plum_gateway_get_model (core_gateway (f)), -1), ==, 64);
}

/* The gateway is 127.9.9.9. */
static void
test_urls (CoreFixture *f, gconstpointer data)
{
  static const struct
  {
    const char *url;
    gboolean is_kept;
  } rows[] = {
    { "http://127.9.9.9/", TRUE },
    { "https://127.9.9.9:8443/a/b?c=d&e=%20#f", TRUE },
    { "HTTP://127.9.9.9", TRUE },
    { "http://127.9.9.8/", FALSE },
    { "http://127.9.9.9.example.org/", FALSE },
    { "http://example.org/", FALSE },
    { "http://127.9.9.9@example.org/", FALSE },
    { "http://user@127.9.9.9/", FALSE },
    { "ftp://127.9.9.9/", FALSE },
    { "javascript:alert(1)", FALSE },
    { "file:///etc/passwd", FALSE },
    { "/index.html", FALSE },
    { "//127.9.9.9/", FALSE },
    { "http://127.9.9.9/a b", FALSE },
    { "http://127.9.9.9/\033[31m", FALSE },
    { "http://127.9.9.9/\"><b>", FALSE },
    { "http://127.9.9.9/'", FALSE },
    { "http://127.9.9.9/`", FALSE },
    { "http://127.9.9.9/\303\244", FALSE },
    { "http://127.9.9.9:99999/", FALSE },
    { "http:///", FALSE },
    { "", FALSE },
    { NULL, FALSE },
  };
  g_autofree char *path = g_strnfill (300, 'a');
  g_autofree char *long_url = g_strconcat ("http://127.9.9.9/", path, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%s", rows[i].url);
      report (f, NULL, rows[i].url);
      g_assert_cmpstr (plum_gateway_get_presentation_url (core_gateway (f)), ==,
                       rows[i].is_kept ? rows[i].url : NULL);
    }

  report (f, NULL, long_url);
  g_assert_null (plum_gateway_get_presentation_url (core_gateway (f)));
}

/* A handler that closes the manager, and a report that comes after that. */
static void
on_model (PlumGateway *gateway, GParamSpec *pspec, CoreFixture *f)
{
  g_clear_object (&f->manager);
}

static void
test_handler_closes (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumGateway) gateway = g_object_ref (core_gateway (f));
  g_autoptr (PlumBackend) backend = g_object_ref (ALPHA->backend);

  g_signal_connect (gateway, "notify::model", G_CALLBACK (on_model), f);
  report (f, "FRITZ!Box 7590", NULL);
  g_assert_null (f->manager);
  plum_backend_report_router (backend, "Other", "Other", NULL, NULL);
  test_loop_settle (&f->loop);
  g_assert_cmpstr (plum_gateway_get_model (gateway), ==, "FRITZ!Box 7590");
}

#define ADD(path, func)                                                                            \
  g_test_add ("/router-info/" path, CoreFixture, NULL, set_up, func, core_fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("unknown", test_unknown);
  ADD ("notified", test_notified);
  ADD ("texts", test_texts);
  ADD ("urls", test_urls);
  ADD ("handler-closes", test_handler_closes);

  return g_test_run ();
}
