/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-log-private.h"

/* Atomic: any thread may access it. */
static int log_level = PLUM_LOG_LEVEL_NONE;

typedef struct
{
  gatomicrefcount ref_count;
  PlumLogFunc func;
  gpointer user_data;
  GDestroyNotify destroy;
} LogSink;

/* The function of the program; (nullable). The lock is not held during a call of it. */
static LogSink *log_sink;
static GMutex log_lock;

static LogSink *
log_sink_acquire (void)
{
  LogSink *sink;

  g_mutex_lock (&log_lock);
  sink = log_sink;
  if (sink != NULL)
    g_atomic_ref_count_inc (&sink->ref_count);
  g_mutex_unlock (&log_lock);

  return sink;
}

/* sink: (nullable) */
static void
log_sink_unref (LogSink *sink)
{
  if (sink == NULL || !g_atomic_ref_count_dec (&sink->ref_count))
    return;

  if (sink->destroy != NULL)
    sink->destroy (sink->user_data);
  g_free (sink);
}

/**
 * plum_log_set_level:
 * @level: the lowest level of the messages to show
 *
 * Sets the lowest level of the log messages to show. The default is %PLUM_LOG_LEVEL_NONE.
 *
 * The library passes a message of this level or a higher one to [func@GLib.log_structured] with
 * %G_LOG_LEVEL_MESSAGE. It passes messages of lower levels with %G_LOG_LEVEL_DEBUG; GLib drops
 * these unless `G_MESSAGES_DEBUG` contains the log domain. The nick of the level precedes the text,
 * and the field `PLUM_LOG_LEVEL` contains it.
 *
 * If [func@Plum.log_set_func] is used, its function receives the messages instead.
 *
 * No message aborts the process, not even if `G_DEBUG` contains `fatal-warnings`. This function may
 * be called from any thread.
 *
 * Since: 1.0
 */
void
plum_log_set_level (PlumLogLevel level)
{
  g_return_if_fail (level >= PLUM_LOG_LEVEL_VERBOSE && level <= PLUM_LOG_LEVEL_NONE);

  g_atomic_int_set (&log_level, level);
}

/**
 * plum_log_get_level:
 *
 * Gets the lowest level of the log messages to show. See [func@Plum.log_set_level].
 *
 * Returns: the level
 *
 * Since: 1.0
 */
PlumLogLevel
plum_log_get_level (void)
{
  return (PlumLogLevel) g_atomic_int_get (&log_level);
}

/**
 * plum_log_set_func:
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): a function that
 * receives the messages, or %NULL for the log of GLib
 * @user_data: data for @func
 * @destroy: (nullable): frees @user_data when it is no longer used
 *
 * Sets a function that receives the log messages of the library instead of the log of GLib.
 *
 * The function receives the messages of the level of [func@Plum.log_set_level] and of higher
 * levels. It replaces the function that was set before.
 *
 * This function may be called from any thread. A thread that is about to log a message may still
 * call the previous function for a moment after this function has returned; @destroy is called
 * after that.
 *
 * Since: 1.0
 */
void
plum_log_set_func (PlumLogFunc func, gpointer user_data, GDestroyNotify destroy)
{
  LogSink *sink = NULL;
  LogSink *previous;

  if (func != NULL)
    {
      sink = g_new (LogSink, 1);
      g_atomic_ref_count_init (&sink->ref_count);
      sink->func = func;
      sink->user_data = user_data;
      sink->destroy = destroy;
    }

  g_mutex_lock (&log_lock);
  previous = g_steal_pointer (&log_sink);
  log_sink = sink;
  g_mutex_unlock (&log_lock);

  log_sink_unref (previous);
}

static gboolean
would_glib_drop (const char *domain, PlumLogLevel level)
{
  return level < plum_log_get_level () &&
         g_log_writer_default_would_drop (G_LOG_LEVEL_DEBUG, domain);
}

/* Formats the message for the log of GLib, unless GLib would drop it. */
G_GNUC_PRINTF (3, 0)
static void
log_to_glib (const char *domain, PlumLogLevel level, const char *format, va_list args)
{
  g_autoptr (GEnumClass) levels = NULL;
  g_autofree char *text = NULL;
  const char *nick;
  GLogLevelFlags flags;

  if (would_glib_drop (domain, level))
    return;

  flags = level >= plum_log_get_level () ? G_LOG_LEVEL_MESSAGE : G_LOG_LEVEL_DEBUG;
  text = g_strdup_vprintf (format, args);
  levels = g_type_class_ref (PLUM_TYPE_LOG_LEVEL);
  nick = g_enum_get_value (levels, level)->value_nick;
  g_log_structured (domain, flags, "PLUM_LOG_LEVEL", nick, "MESSAGE", "%s: %s", nick, text);
}

G_GNUC_PRINTF (4, 0)
static void
log_to_sink (
  LogSink *sink, const char *domain, PlumLogLevel level, const char *format, va_list args)
{
  g_autofree char *text = NULL;

  if (level < plum_log_get_level ())
    return;

  text = g_strdup_vprintf (format, args);
  sink->func (level, domain, text, sink->user_data);
}

gboolean
plum_log_is_wanted (const char *domain, PlumLogLevel level)
{
  gboolean has_sink;

  if (level >= plum_log_get_level ())
    return TRUE;

  g_mutex_lock (&log_lock);
  has_sink = log_sink != NULL;
  g_mutex_unlock (&log_lock);
  return !has_sink && !would_glib_drop (domain, level);
}

/**
 * plum_log: (skip)
 * @domain: the log domain: `Plum-`, followed by the name of the backend
 * @level: the level of the message; not %PLUM_LOG_LEVEL_NONE
 * @format: a `printf()` format string
 * @...: the arguments of the format string
 *
 * Logs a message. The backends of this library use this function; third-party backends may use it.
 *
 * The arguments are formatted only if the message is shown. A message of the level
 * %PLUM_LOG_LEVEL_FATAL does not abort the process. This function may be called from any thread.
 *
 * Since: 1.0
 */
void
plum_log (const char *domain, PlumLogLevel level, const char *format, ...)
{
  LogSink *sink;
  va_list args;

  g_return_if_fail (domain != NULL);
  g_return_if_fail (level >= PLUM_LOG_LEVEL_VERBOSE && level < PLUM_LOG_LEVEL_NONE);
  g_return_if_fail (format != NULL);

  sink = log_sink_acquire ();
  va_start (args, format);
  if (sink != NULL)
    log_to_sink (sink, domain, level, format, args);
  else
    log_to_glib (domain, level, format, args);
  va_end (args);
  log_sink_unref (sink);
}
