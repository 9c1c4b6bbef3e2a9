/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-main-context-private.h"

/* A context that no thread runs may be used by any thread: a program sets the manager up before it
 * runs the loop. */
gboolean
plum_main_context_check (GMainContext *context, const char *function)
{
  if (context == NULL || g_main_context_is_owner (context))
    return TRUE;

  if (g_main_context_acquire (context))
    {
      g_main_context_release (context);
      return TRUE;
    }

  g_critical ("%s() must be called in the thread that runs the main context of the PlumManager, "
              "and another thread runs it. Use g_main_context_invoke().",
              function);
  return FALSE;
}

GTask *
plum_main_context_new_task (GMainContext *context,
                            gpointer source_object,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  GTask *task;

  if (context != NULL)
    g_main_context_push_thread_default (context);
  task = g_task_new (source_object, cancellable, callback, user_data);
  if (context != NULL)
    g_main_context_pop_thread_default (context);

  return task;
}

GSource *
plum_main_context_watch_cancellable (GMainContext *context,
                                     GCancellable *cancellable,
                                     GCancellableSourceFunc func,
                                     gpointer user_data)
{
  GSource *source;

  if (cancellable == NULL)
    return NULL;

  source = g_cancellable_source_new (cancellable);
  g_source_set_callback (source, G_SOURCE_FUNC (func), user_data, NULL);
  g_source_attach (source, context);
  return source;
}

void
plum_main_context_clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}
