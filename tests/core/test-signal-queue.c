/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-signal-queue-private.h"

#include <gio/gio.h>

typedef struct
{
  GMainContext *context;
  PlumSignalQueue *queue;
  GString *log;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->context = g_main_context_new ();
  f->queue = plum_signal_queue_new (f->context);
  f->log = g_string_new (NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_pointer (&f->queue, plum_signal_queue_unref);
  g_assert_false (g_main_context_pending (f->context));
  g_main_context_unref (f->context);
  g_string_free (f->log, TRUE);
}

typedef struct
{
  Fixture *fixture;
  const char *word;
} Entry;

static void
write_word (gpointer object, gpointer data)
{
  const Entry *entry = data;

  g_string_append (entry->fixture->log, entry->word);
}

static void
add (Fixture *f, const char *word)
{
  Entry *entry = g_new (Entry, 1);

  *entry = (Entry){ f, word };
  plum_signal_queue_add (f->queue, NULL, write_word, entry, g_free);
}

static void
test_in_order_when_the_scope_ends (Fixture *f, gconstpointer data)
{
  {
    PLUM_SIGNAL_SCOPE (f->queue);

    add (f, "a");
    add (f, "b");
    g_assert_cmpstr (f->log->str, ==, "");
  }

  g_assert_cmpstr (f->log->str, ==, "ab");
}

static void
test_outermost_scope_decides (Fixture *f, gconstpointer data)
{
  {
    PLUM_SIGNAL_SCOPE (f->queue);

    add (f, "a");
    {
      PLUM_SIGNAL_SCOPE (f->queue);

      add (f, "b");
    }
    g_assert_cmpstr (f->log->str, ==, "");
  }

  g_assert_cmpstr (f->log->str, ==, "ab");
}

static gboolean
on_other_source (gpointer user_data)
{
  Fixture *f = user_data;

  g_string_append (f->log, "other");
  return G_SOURCE_REMOVE;
}

static void
test_next_turn_before_other_sources (Fixture *f, gconstpointer data)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_other_source, f, NULL);
  g_source_attach (source, f->context);

  add (f, "a");
  add (f, "b");
  g_assert_cmpstr (f->log->str, ==, "");
  while (g_main_context_iteration (f->context, FALSE))
    ;

  g_assert_cmpstr (f->log->str, ==, "abother");
}

static void
call_public_function (gpointer object, gpointer data)
{
  Fixture *f = data;

  {
    PLUM_SIGNAL_SCOPE (f->queue);

    add (f, "c");
  }
  g_string_append (f->log, "(returned)");
}

static void
test_handler_calls_public_function (Fixture *f, gconstpointer data)
{
  {
    PLUM_SIGNAL_SCOPE (f->queue);

    plum_signal_queue_add (f->queue, NULL, call_public_function, f, NULL);
    add (f, "b");
  }

  g_assert_cmpstr (f->log->str, ==, "bc(returned)");
}

static void
run_main_loop (gpointer object, gpointer data)
{
  Fixture *f = data;

  while (g_main_context_iteration (f->context, FALSE))
    ;
  g_string_append (f->log, "(looped)");
}

static void
test_handler_runs_the_main_loop (Fixture *f, gconstpointer data)
{
  plum_signal_queue_add (f->queue, NULL, run_main_loop, f, NULL);
  add (f, "b");
  while (g_main_context_iteration (f->context, FALSE))
    ;

  g_assert_cmpstr (f->log->str, ==, "b(looped)");
}

static void
on_notify (GObject *object, GParamSpec *pspec, Fixture *f)
{
  g_string_append (f->log, "n");
}

static void
test_freeze_until_drained (Fixture *f, gconstpointer data)
{
  g_autoptr (GSimpleAction) action = g_simple_action_new ("test", NULL);

  g_signal_connect (action, "notify::enabled", G_CALLBACK (on_notify), f);
  {
    PLUM_SIGNAL_SCOPE (f->queue);

    plum_signal_queue_freeze (f->queue, action);
    g_simple_action_set_enabled (action, FALSE);
    add (f, "a");
    g_assert_cmpstr (f->log->str, ==, "");
  }

  g_assert_cmpstr (f->log->str, ==, "na");
}

static void
test_object_lives_until_it_is_notified (Fixture *f, gconstpointer data)
{
  GObject *object = g_object_new (G_TYPE_OBJECT, NULL);
  GWeakRef weak;

  g_weak_ref_init (&weak, object);
  {
    PLUM_SIGNAL_SCOPE (f->queue);
    g_autoptr (GObject) strong = NULL;

    plum_signal_queue_add (f->queue, object, NULL, NULL, NULL);
    g_object_unref (object);
    strong = g_weak_ref_get (&weak);
    g_assert_nonnull (strong);
  }

  g_assert_null (g_weak_ref_get (&weak));
  g_weak_ref_clear (&weak);
}

static void
test_flush_within_a_scope (Fixture *f, gconstpointer data)
{
  PLUM_SIGNAL_SCOPE (f->queue);

  add (f, "a");
  plum_signal_queue_flush (f->queue);
  g_assert_cmpstr (f->log->str, ==, "a");
}

static void
unref_queue (gpointer object, gpointer data)
{
  Fixture *f = data;

  g_clear_pointer (&f->queue, plum_signal_queue_unref);
}

static void
test_last_reference_in_a_handler (Fixture *f, gconstpointer data)
{
  plum_signal_queue_add (f->queue, NULL, unref_queue, f, NULL);
  add (f, "b");
  while (g_main_context_iteration (f->context, FALSE))
    ;

  g_assert_cmpstr (f->log->str, ==, "b");
  g_assert_null (f->queue);
}

#define ADD(path, func) g_test_add ("/signal-queue/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("in-order-when-the-scope-ends", test_in_order_when_the_scope_ends);
  ADD ("outermost-scope-decides", test_outermost_scope_decides);
  ADD ("next-turn-before-other-sources", test_next_turn_before_other_sources);
  ADD ("handler-calls-public-function", test_handler_calls_public_function);
  ADD ("handler-runs-the-main-loop", test_handler_runs_the_main_loop);
  ADD ("freeze-until-drained", test_freeze_until_drained);
  ADD ("object-lives-until-it-is-notified", test_object_lives_until_it_is_notified);
  ADD ("flush-within-a-scope", test_flush_within_a_scope);
  ADD ("last-reference-in-a-handler", test_last_reference_in_a_handler);

  return g_test_run ();
}
