/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <plum-glib/plum-glib.h>

#include "plum-log-private.h"

/* The last message. GLib allows only one call to set the log writer. */
static struct
{
  guint n;
  GLogLevelFlags flags;
  char *text;
  char *domain;
  char *nick;
} seen;

static GLogWriterOutput
write_log (GLogLevelFlags flags, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  seen.n++;
  seen.flags = flags;
  for (gsize i = 0; i < n_fields; i++)
    {
      char **place = NULL;

      if (g_str_equal (fields[i].key, "MESSAGE"))
        place = &seen.text;
      else if (g_str_equal (fields[i].key, "GLIB_DOMAIN"))
        place = &seen.domain;
      else if (g_str_equal (fields[i].key, "PLUM_LOG_LEVEL"))
        place = &seen.nick;
      if (place != NULL)
        {
          g_free (*place);
          *place = g_strdup (fields[i].value);
        }
    }
  return G_LOG_WRITER_HANDLED;
}

static void
reset_log (void)
{
  seen.n = 0;
  g_clear_pointer (&seen.text, g_free);
  g_clear_pointer (&seen.domain, g_free);
  g_clear_pointer (&seen.nick, g_free);
  plum_log_set_level (PLUM_LOG_LEVEL_NONE);
}

static void
test_default_level (void)
{
  g_assert_cmpint (plum_log_get_level (), ==, PLUM_LOG_LEVEL_NONE);
}

static void
test_silent_by_default (void)
{
  plum_log ("Plum", PLUM_LOG_LEVEL_FATAL, "text");
  g_assert_cmpuint (seen.n, ==, 0);
  reset_log ();
}

static void
test_below_level (void)
{
  plum_log_set_level (PLUM_LOG_LEVEL_WARN);
  plum_info ("text");
  g_assert_cmpuint (seen.n, ==, 0);
  reset_log ();
}

static void
test_at_level (void)
{
  plum_log_set_level (PLUM_LOG_LEVEL_WARN);
  plum_warn ("%d of %s", 2, "three");
  g_assert_cmpuint (seen.n, ==, 1);
  g_assert_cmpstr (seen.text, ==, "warn: 2 of three");
  g_assert_cmpstr (seen.nick, ==, "warn");
  g_assert_cmpstr (seen.domain, ==, "Plum");
  reset_log ();
}

static void
test_fatal_is_a_message (void)
{
  plum_log_set_level (PLUM_LOG_LEVEL_VERBOSE);
  plum_log ("Plum-pcp", PLUM_LOG_LEVEL_FATAL, "text");
  g_assert_cmpint (seen.flags, ==, G_LOG_LEVEL_MESSAGE);
  g_assert_cmpstr (seen.domain, ==, "Plum-pcp");
  reset_log ();
}

/* Runs in a subprocess with the default log writer, which aborts on fatal messages. */
static void
test_never_aborts (void)
{
  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      g_test_trap_assert_stderr ("*fatal: text*");
      return;
    }

  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  plum_log_set_level (PLUM_LOG_LEVEL_VERBOSE);
  for (int level = PLUM_LOG_LEVEL_VERBOSE; level < PLUM_LOG_LEVEL_NONE; level++)
    plum_log ("Plum", (PlumLogLevel) level, "text");
}

static void
test_debug_domain (void)
{
  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      g_test_trap_assert_stderr ("*Plum-DEBUG*info: seen*");
      g_test_trap_assert_stderr_unmatched ("*unseen*");
      return;
    }

  g_setenv ("G_MESSAGES_DEBUG", "Plum", TRUE);
  g_log_writer_default_set_use_stderr (TRUE);
  plum_info ("seen");
  plum_log ("Plum-pcp", PLUM_LOG_LEVEL_INFO, "unseen");
}

/* --- The function of the program --- */

static void
on_message (PlumLogLevel level, const char *domain, const char *message, gpointer user_data)
{
  g_string_append_printf (user_data, "%d %s %s\n", level, domain, message);
}

static void
free_messages (gpointer user_data)
{
  g_string_append (user_data, "freed\n");
}

static void
test_func (void)
{
  g_autoptr (GString) messages = g_string_new (NULL);

  plum_log_set_level (PLUM_LOG_LEVEL_INFO);
  plum_log_set_func (on_message, messages, free_messages);
  plum_debug ("below the level");
  plum_info ("%s", "at the level");
  plum_log ("Plum-pcp", PLUM_LOG_LEVEL_FATAL, "above the level");
  g_assert_cmpstr (messages->str, ==, "2 Plum at the level\n5 Plum-pcp above the level\n");
  g_assert_cmpuint (seen.n, ==, 0);

  g_string_truncate (messages, 0);
  plum_log_set_func (NULL, NULL, NULL);
  g_assert_cmpstr (messages->str, ==, "freed\n");
  plum_info ("text");
  g_assert_cmpuint (seen.n, ==, 1);
  reset_log ();
}

static void
test_func_level_none (void)
{
  g_autoptr (GString) messages = g_string_new (NULL);

  plum_log_set_func (on_message, messages, NULL);
  plum_log ("Plum", PLUM_LOG_LEVEL_FATAL, "text");
  g_assert_cmpstr (messages->str, ==, "");
  plum_log_set_func (NULL, NULL, NULL);
  reset_log ();
}

static void
test_func_replaced (void)
{
  g_autoptr (GString) first = g_string_new (NULL);
  g_autoptr (GString) second = g_string_new (NULL);

  plum_log_set_level (PLUM_LOG_LEVEL_INFO);
  plum_log_set_func (on_message, first, free_messages);
  plum_log_set_func (on_message, second, free_messages);
  plum_info ("text");
  g_assert_cmpstr (first->str, ==, "freed\n");
  g_assert_cmpstr (second->str, ==, "2 Plum text\n");
  plum_log_set_func (NULL, NULL, NULL);
  reset_log ();
}

/* --- Threads --- */

static void
count_message (PlumLogLevel level, const char *domain, const char *message, gpointer user_data)
{
  g_atomic_int_inc ((int *) user_data);
}

static gpointer
log_many (gpointer user_data)
{
  for (int i = 0; i < 2000; i++)
    plum_info ("text");
  return NULL;
}

/* Each message reaches one of the functions, also while they are exchanged. */
static void
test_func_threads (void)
{
  GThread *threads[4];
  int counts[2] = { 0, 0 };

  plum_log_set_level (PLUM_LOG_LEVEL_INFO);
  plum_log_set_func (count_message, &counts[0], NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("log", log_many, NULL);
  for (int i = 0; i < 1000; i++)
    plum_log_set_func (count_message, &counts[i % 2], NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  plum_log_set_func (NULL, NULL, NULL);

  g_assert_cmpint (counts[0] + counts[1], ==, 4 * 2000);
  g_assert_cmpuint (seen.n, ==, 0);
  reset_log ();
}

int
main (int argc, char *argv[])
{
  g_unsetenv ("G_MESSAGES_DEBUG");
  g_test_init (&argc, &argv, NULL);

  if (!g_test_subprocess ())
    g_log_set_writer_func (write_log, NULL, NULL);

  g_test_add_func ("/log/default-level", test_default_level);
  g_test_add_func ("/log/silent-by-default", test_silent_by_default);
  g_test_add_func ("/log/below-level", test_below_level);
  g_test_add_func ("/log/at-level", test_at_level);
  g_test_add_func ("/log/fatal-is-a-message", test_fatal_is_a_message);
  g_test_add_func ("/log/never-aborts", test_never_aborts);
  g_test_add_func ("/log/debug-domain", test_debug_domain);
  g_test_add_func ("/log/func", test_func);
  g_test_add_func ("/log/func-level-none", test_func_level_none);
  g_test_add_func ("/log/func-replaced", test_func_replaced);
  g_test_add_func ("/log/func-threads", test_func_threads);

  return g_test_run ();
}
