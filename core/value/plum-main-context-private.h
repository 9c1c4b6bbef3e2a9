/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Returns FALSE, with a critical message, if another thread runs the context. context: (nullable):
 * NULL means that any thread may call. */
gboolean plum_main_context_check (GMainContext *context, const char *function);

/* Creates a task that calls back in the context, whatever the thread-default context of the caller
 * is. context: (nullable): NULL means the thread-default context. (transfer full) */
GTask *plum_main_context_new_task (GMainContext *context,
                                   gpointer source_object,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);

/* Calls func in the context when cancellable is cancelled. cancellable: (nullable). (nullable)
 * (transfer full): pass it to plum_main_context_clear_source (). */
GSource *plum_main_context_watch_cancellable (GMainContext *context,
                                              GCancellable *cancellable,
                                              GCancellableSourceFunc func,
                                              gpointer user_data);
/* Destroys the source, if there is one, and sets it to NULL. */
void plum_main_context_clear_source (GSource **source);

/* For public methods, after the check of their instance. */
#define PLUM_RETURN_IF_OTHER_THREAD(context)                                                       \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (!plum_main_context_check ((context), G_STRFUNC))                                           \
      return;                                                                                      \
  }                                                                                                \
  G_STMT_END

#define PLUM_RETURN_VAL_IF_OTHER_THREAD(context, value)                                            \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (!plum_main_context_check ((context), G_STRFUNC))                                           \
      return (value);                                                                              \
  }                                                                                                \
  G_STMT_END

G_END_DECLS
